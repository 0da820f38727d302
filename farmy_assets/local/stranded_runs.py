"""Runs that Dagster still believes to be at work although their processes are gone.

Runs are processes of the code server. When that was killed, nobody is left to report how they
ended, and Dagster would wait for them until they reach their longest allowed time.
"""

from pathlib import Path


def fail_stranded_runs(dagster_home: Path) -> int:
    """Report every run at work as failed; call only while no code server lives.

    Returns:
        How many runs that were.
    """
    # Loading Dagster takes a second, and most starts have no need of it.
    from dagster import DagsterInstance, DagsterRunStatus, RunsFilter  # noqa: PLC0415

    at_work = RunsFilter(
        statuses=[DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    )
    with DagsterInstance.from_config(str(dagster_home)) as instance:
        runs = instance.get_runs(at_work)
        for run in runs:
            instance.report_run_failed(run, "The platform was stopped while this run was at work.")
        return len(runs)
