"""Alerts: of each trouble people hear once, and a message that fails hurts no run.

One sensor notes runs that failed; the other one looks for everything else, and alone sends.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from farmy_assets.catalog.wording import counted
from farmy_assets.defs.resources import AlertEnvironment
from farmy_assets.errors import FarmyError
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.alerts.channels import channels_of
from farmy_assets.workflow.alerts.sending import note_trouble, observe, send_due
from farmy_assets.workflow.alerts.troubles import failed_run

SECONDS = 30
PARTITION_TAG = "dagster/partition"
FORGOTTEN_AFTER = timedelta(days=7)


@dg.run_failure_sensor(
    name="run_failures_sensor",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=SECONDS,
    description="Notes each job that failed, until it succeeds; the alerts sensor tells of it.",
)
def run_failures_sensor(
    context: dg.RunFailureSensorContext, lake: dg.ResourceParam[Lake]
) -> dg.SkipReason | None:
    """A job that fails again for the same partition is the same trouble."""
    run = context.dagster_run
    error = context.failure_event.message or ""
    step_errors = [
        event.step_failure_data.error.message
        for event in context.get_step_failure_events()
        if event.step_failure_data.error
    ]
    partition = run.tags.get(PARTITION_TAG, "")
    trouble = failed_run(run.job_name, partition, run.run_id, "\n".join([*step_errors, error]))
    try:
        note_trouble(lake, trouble, now=datetime.now(UTC))
    except FarmyError as reason:
        return dg.SkipReason(f"the failure of {run.run_id} could not be noted: {reason}")
    return None


@dg.sensor(
    name="alerts_sensor",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=SECONDS,
    description="Tells of troubles by webhook and e-mail, as FARMY_ALERT_... say: once each, again "
    "after some hours, and once when they have passed.",
)
def alerts_sensor(
    context: dg.SensorEvaluationContext,
    lake: dg.ResourceParam[Lake],
    alerting: dg.ResourceParam[AlertEnvironment],
) -> dg.SkipReason:
    """It asks for no run: the reason says what was told."""
    now = datetime.now(UTC)

    def has_passed(job: str, partition: str) -> bool:
        return _has_passed(context.instance, job, partition, now)

    try:
        settings = alerting.settings()
        observe(lake, limits=settings.limits, has_passed=has_passed, now=now)
        channels = channels_of(settings)
        result = send_due(lake, channels, repeat_after=settings.repeat_after, now=now)
    except FarmyError as error:
        return dg.SkipReason(str(error))
    there = f"{counted(result.open_troubles, 'trouble')} open"
    if not channels:
        return dg.SkipReason(f"{there}; nobody is told: FARMY_ALERT_WEBHOOK and _SMTP are not set")
    problems = "".join(f"; {problem}" for problem in result.problems)
    return dg.SkipReason(f"{there}, {counted(result.sent, 'message')} sent{problems}")


def _has_passed(instance: dg.DagsterInstance, job: str, partition: str, now: datetime) -> bool:
    """Whether a job succeeded when it was last run, or nobody has run it for a week."""
    tags = {PARTITION_TAG: partition} if partition else {}
    newest = instance.get_run_records(dg.RunsFilter(job_name=job, tags=tags), limit=1)
    if not newest:
        return True
    ended = newest[0].end_time
    is_old = ended is not None and now - datetime.fromtimestamp(ended, UTC) > FORGOTTEN_AFTER
    return newest[0].dagster_run.is_success or is_old
