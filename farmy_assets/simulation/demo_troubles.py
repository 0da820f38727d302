"""Why a demo does not get on: runs and sensors that fail, with their errors; servers that died."""

from dataclasses import dataclass
from typing import Any

import httpx

from farmy_assets.local import platform
from farmy_assets.local.settings import LocalSettings

_TIMEOUT_SECONDS = 10.0
_RUNS_LOOKED_AT = 50
_LONGEST_TEXT = 400
_RUNS = """
query Runs($limit: Int!, $since: Float!) {
  runsOrError(limit: $limit, filter: {updatedAfter: $since}) {
    ... on Runs { results {
      runId jobName status tags { key value }
      stats { ... on RunStatsSnapshot { stepsSucceeded } }
    } }
  }
}
"""
_ERRORS = """
query Errors($run: ID!) {
  runOrError(runId: $run) {
    ... on Run { eventConnection(limit: 1000) { events {
      __typename
      ... on ExecutionStepFailureEvent {
        stepKey failureMetadata { description } error { message cause { message } }
      }
      ... on RunFailureEvent { message error { message } }
    } } }
  }
}
"""
_SENSORS = """
query Sensors {
  workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    ... on PythonError { message }
    ... on RepositoryLocation { repositories { sensors {
      name sensorState { ticks(limit: 1) { status error { message cause { message } } } }
    } } }
  } } } }
}
"""


@dataclass(frozen=True)
class RunSeen:
    """One run as the web server shows it."""

    run_id: str
    job: str
    partition: str
    status: str
    steps_done: int

    @property
    def has_failed(self) -> bool:
        """Whether it ended without success."""
        return self.status in {"FAILURE", "CANCELED"}


@dataclass(frozen=True)
class DagsterWindow:
    """Dagster's state, read from its web server; nothing is changed.

    Attributes:
        address: Of the web server.
    """

    address: str

    def runs(self, *, since: float) -> tuple[RunSeen, ...]:
        """The runs that changed after a moment (seconds since 1970); none when nobody answers."""
        answer = self._ask(_RUNS, limit=_RUNS_LOOKED_AT, since=since)
        found = answer.get("runsOrError", {}).get("results", [])
        return tuple(
            RunSeen(
                run_id=run["runId"],
                job=run["jobName"],
                partition=next(
                    (t["value"] for t in run["tags"] if t["key"] == "dagster/partition"), ""
                ),
                status=run["status"],
                steps_done=(run["stats"] or {}).get("stepsSucceeded") or 0,
            )
            for run in found
        )

    def why(self, run_id: str) -> str:
        """What a failed run says of itself, in one line."""
        found = self._ask(_ERRORS, run=run_id).get("runOrError", {}).get("eventConnection", {})
        return error_text(found.get("events", []))

    def sensor_troubles(self) -> list[str]:
        """Each sensor whose last look ended with an error, and code that cannot be loaded."""
        return sensor_texts(self._ask(_SENSORS))

    def address_of(self, run_id: str) -> str:
        """Where a person opens a run."""
        return f"{self.address}/runs/{run_id}"

    def _ask(self, query: str, **variables: str | float) -> dict[str, Any]:
        try:
            answer = httpx.post(
                f"{self.address}/graphql",
                json={"query": query, "variables": variables},
                timeout=_TIMEOUT_SECONDS,
                trust_env=False,
            )
            return dict(answer.json().get("data") or {})
        except (httpx.HTTPError, ValueError):
            return {}


def error_text(events: list[dict[str, Any]]) -> str:
    """The first failed step's description if there is one, else the run's error."""
    for event in events:
        if event["__typename"] == "ExecutionStepFailureEvent":
            error = event.get("error") or {}
            cause = error.get("cause") or {}
            description = (event.get("failureMetadata") or {}).get("description")
            text = description or cause.get("message") or error.get("message") or "no error text"
            return f"{event['stepKey']}: {_one_line(text)}"
    for event in events:
        if event["__typename"] == "RunFailureEvent":
            return _one_line((event.get("error") or {}).get("message") or event["message"] or "")
    return "it says nothing of itself"


def sensor_texts(answer: dict[str, Any]) -> list[str]:
    """What an answer to `_SENSORS` tells of errors, one line each."""
    problems = []
    for entry in (answer.get("workspaceOrError") or {}).get("locationEntries") or []:
        location = entry["locationOrLoadError"] or {}
        if message := location.get("message"):
            problems.append(f"the code server cannot load the code: {_one_line(message)}")
        for sensor in (s for r in location.get("repositories") or [] for s in r["sensors"]):
            for tick in sensor["sensorState"]["ticks"]:
                if tick["status"] == "FAILURE":
                    error = tick["error"] or {}
                    text = (error.get("cause") or {}).get("message") or error.get("message")
                    problems.append(f"{sensor['name']} fails: {_one_line(text or 'no error text')}")
    return problems


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]} ..."


def servers_in_trouble(settings: LocalSettings) -> list[str]:
    """A sentence for each server that is not up, with its log."""
    return [
        f"{server.title} is {server.state}; its log: {server.log}"
        for server in platform.status(settings).servers
        if server.state != "up"
    ]


def failed_runs(window: DagsterWindow, runs: tuple[RunSeen, ...], *, most: int = 3) -> list[str]:
    """A sentence for each of the newest failed runs, with its error."""
    failed = [run for run in runs if run.has_failed][:most]
    return [
        f"{run.job} of {run.partition} failed: {window.why(run.run_id)} "
        f"({window.address_of(run.run_id)})"
        for run in failed
    ]


def hopeless_run(runs: tuple[RunSeen, ...], *, most: int = 3) -> RunSeen | None:
    """A run that failed so often in a row, for the same job and partition, that it will again."""
    failures: dict[tuple[str, str], list[RunSeen]] = {}
    over: set[tuple[str, str]] = set()
    for run in runs:  # the newest first
        work = (run.job, run.partition)
        if run.status == "SUCCESS":
            over.add(work)
        elif run.has_failed and work not in over:
            failures.setdefault(work, []).append(run)
    return next((found[0] for found in failures.values() if len(found) >= most), None)
