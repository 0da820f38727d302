"""The platform under test: real servers in a folder of their own, and eyes to look at them with."""

import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import boto3
import dagster as dg
import httpx
import psutil
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorTick, TickStatus

from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import Source
from farmy_assets.catalog.phases import PhaseOfImage
from farmy_assets.ingestion.importing import import_folder
from farmy_assets.ingestion.reports import IngestReport
from farmy_assets.label_studio import Studio
from farmy_assets.lake import connection
from farmy_assets.lake.lake import Lake
from farmy_assets.local import platform as local_platform
from farmy_assets.local.settings import HOST, PORT_SETTINGS, LocalSettings, load_secrets
from farmy_assets.workflow.audit import phases
from farmy_assets.workflow.reconcile import Reconciler

Found = TypeVar("Found")

POLL_SECONDS = 0.25
LOG_LINES = 15
# Below the ports that the system gives to outgoing connections: nobody else takes ours while a
# killed server is on its way back.
PORTS = range(20_000, 32_000)
FAILURES = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
STARTED_PROCESS = re.compile(r"Started process for run \(pid: (\d+)\)")
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""


def free_ports() -> dict[str, int]:
    """A free port for each server, by its name."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((HOST, port)) != 0:
                found.append(port)
        if len(found) == len(PORT_SETTINGS):
            break
    return dict(zip(PORT_SETTINGS, found, strict=True))


def forget_keys() -> None:
    """Have the next client read the environment's keys: each platform has its own."""
    connection._session.cache_clear()
    boto3.DEFAULT_SESSION = None


def scraper_folder(settings: LocalSettings) -> Path:
    """Where the platform under test looks for scraper files."""
    return settings.home / "scrapers"


@dataclass(frozen=True)
class RunningPlatform:
    """A platform with all its servers.

    Attributes:
        settings: Its folders and ports.
        environment: What the shell of a person who works with it holds.
        lake: Its lake.
        studio: Its Label Studio, as the platform itself sees it.
        instance: Its Dagster.
    """

    settings: LocalSettings
    environment: Mapping[str, str]
    lake: Lake
    studio: Studio
    instance: dg.DagsterInstance

    @property
    def label_studio_url(self) -> str:
        """Where Label Studio is."""
        return self.settings.address("label-studio")

    @property
    def label_studio_token(self) -> str:
        """The administrator's token."""
        return load_secrets(self.settings).label_studio_token

    @property
    def cleansed_bucket(self) -> str:
        """The bucket that tasks show images of."""
        return self.lake.cleansed.name

    # ------------------------------------------------------------------ servers

    def up(self) -> list[str]:
        """Bring up whatever is down; the lines of progress."""
        told: list[str] = []
        local_platform.up(
            self.settings,
            say=told.append,
            repair_catalog=lambda: told.append(
                Reconciler.of(self.lake).reconcile(now=datetime.now(UTC)).model_dump_json()
            ),
        )
        return told

    def pid(self, server: str) -> int:
        """The process of a server, by the server's name."""
        found = {s.name: s.pid for s in local_platform.status(self.settings).servers}[server]
        assert found is not None, f"{server} is down"
        return found

    def kill(self, server: str) -> None:
        """End a server and its children as the kernel does; they are gone when this returns."""
        process = psutil.Process(self.pid(server))
        members = [process, *process.children(recursive=True)]
        for member in members:
            member.kill()
        for member in members:
            with suppress(psutil.NoSuchProcess):
                while member.status() != psutil.STATUS_ZOMBIE:
                    time.sleep(0.02)

    def run_worker(self, run_id: str) -> psutil.Process:
        """The process in which a run is at work: a child of the code server."""
        messages = (entry.message for entry in self.instance.all_logs(run_id))
        pid = next(int(found[1]) for m in messages if (found := STARTED_PROCESS.search(m)))
        children = psutil.Process(self.pid("code-server")).children(recursive=True)
        return next(child for child in children if child.pid == pid)

    def farmy(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The `farmy` command as a person calls it."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("farmy")), *arguments],
            env={**self.environment, "COLUMNS": "200", **variables},
            cwd=self.settings.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    # ------------------------------------------------------------------ the lake

    def ingest(self, campaign: str, folder: Path) -> IngestReport:
        """Bring a folder into the lake."""
        return import_folder(
            self.lake.ingestion,
            folder,
            origin=DeliveryMetadata(
                source=Source.MOBILE, campaign=campaign, crop="maize", licence="CC0-1.0"
            ),
            clock=lambda: datetime.now(UTC),
        )

    def phases(self, campaign: str) -> list[PhaseOfImage]:
        """Where the images of one campaign stand."""
        return [image for image in phases(self.lake) if image.campaign == campaign]

    # ------------------------------------------------------------------ Dagster

    def runs(self, partitions: Iterable[str]) -> list[dg.DagsterRun]:
        """The runs of these partitions, the newest first."""
        wanted = set(partitions)
        runs = self.instance.get_runs()
        return [run for run in runs if run.tags.get("dagster/partition") in wanted]

    def batch_ids(self, campaign: str) -> list[str]:
        """The batches of one campaign."""
        return [b.batch_id for b in self.lake.batches.all() if b.campaign == campaign]

    def failure(self, run_id: str) -> str:
        """What people read about a failed run."""
        texts = []
        for entry in self.instance.all_logs(run_id, of_type=FAILURES):
            data = entry.get_dagster_event().event_specific_data
            error = getattr(data, "error", None)
            texts.append(error.to_string() if error else entry.message)
        return "\n".join(texts)

    def materialize(self, asset: str, partition: str) -> str:
        """Press "Materialize" for one partition of an asset; the run's id."""
        selector = {
            "repositoryLocationName": "farmy_assets",
            "repositoryName": "__repository__",
            "jobName": "__ASSET_JOB",
            "assetSelection": [{"path": [asset]}],
        }
        tags = [{"key": "dagster/partition", "value": partition}]
        params = {
            "mode": "default",
            "selector": selector,
            "runConfigData": {},
            "executionMetadata": {"tags": tags},
        }
        answer = self.graphql(LAUNCH, params=params)["launchRun"]
        assert "run" in answer, answer
        return str(answer["run"]["runId"])

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The answer of Dagster's web server."""
        answer = httpx.post(
            f"{self.settings.address('dagster')}/graphql",
            json={"query": query, "variables": variables},
            timeout=30,
            trust_env=False,
        )
        answer.raise_for_status()
        return dict(answer.json()["data"])

    def wait_for_run(self, run_id: str) -> dg.DagsterRun:
        """The run, once it is over."""

        def over() -> dg.DagsterRun | None:
            run = self.instance.get_run_by_id(run_id)
            return run if run and run.is_finished else None

        return self.wait_until(f"the end of run {run_id}", over)

    def wait_for_looks(self, sensor: str, *, count: int = 2) -> list[str]:
        """Wait until a sensor has looked so often, all of it from now on; what it said each time.

        Two looks: the first may have begun before what the caller has just done.
        """
        began = time.time()
        (state,) = [s for s in self.instance.all_instigator_state() if s.instigator_name == sensor]

        def looks() -> list[InstigatorTick]:
            ticks = self.instance.get_ticks(
                state.instigator_origin_id, state.selector_id, after=began, limit=20
            )
            over = [tick for tick in ticks if tick.status is not TickStatus.STARTED]
            return over if len(over) >= count else []

        ticks = self.wait_until(f"{count} looks of {sensor}", looks)
        return [tick.error.to_string() if tick.error else tick.skip_reason or "" for tick in ticks]

    def wait_until_idle(self) -> None:
        """Wait until both sensors have looked after the last run and found nothing to ask for."""

        def idle() -> bool:
            runs = self.instance.get_run_records()
            if any(not record.dagster_run.is_finished for record in runs):
                return False
            ended = max((record.end_time or 0 for record in runs), default=0)
            return all(
                tick.status is TickStatus.SKIPPED and tick.timestamp > ended
                for state in self.instance.all_instigator_state(
                    instigator_type=InstigatorType.SENSOR
                )
                for tick in self.instance.get_ticks(
                    state.instigator_origin_id, state.selector_id, limit=1
                )
            )

        self.wait_until("the platform to have nothing to do", idle, seconds=180)

    def wait_for_tasks(self, campaign: str, *, images: int, seconds: float = 120) -> None:
        """Wait until so many images are in sealed batches, and all of these with the annotators."""

        def placed() -> bool:
            batches = [b for b in self.lake.batches.all() if b.campaign == campaign]
            return sum(len(b.image_ids) for b in batches) == images and all(
                self.lake.assignments.placement(campaign, batch.batch_id) for batch in batches
            )

        self.wait_until(f"the tasks of {campaign} in Label Studio", placed, seconds=seconds)

    # ------------------------------------------------------------------ waiting

    def wait_until(
        self, what: str, found: Callable[[], Found | None], *, seconds: float = 180
    ) -> Found:
        """Look again and again until there is something; what was found.

        Raises:
            AssertionError: Time is over; the text says what was waited for and how things are.
        """
        deadline = time.monotonic() + seconds
        while True:
            if answer := found():
                return answer
            if time.monotonic() > deadline:
                msg = f"waited {seconds:.0f} s in vain for {what}\n{self.situation()}"
                raise AssertionError(msg)
            time.sleep(POLL_SECONDS)

    def situation(self) -> str:
        """How everything is: servers, unfinished and failed runs, sensors, ends of logs."""
        servers = local_platform.status(self.settings).servers
        told = [f"{server.title}: {server.state}" for server in servers]
        for run in self.instance.get_runs(limit=30):
            if not run.is_success:
                partition = run.tags.get("dagster/partition", "")
                told.append(f"run {run.run_id} {run.job_name} {partition}: {run.status.value}")
                told.append(self.failure(run.run_id))
        for state in self.instance.all_instigator_state():
            for tick in self.instance.get_ticks(
                state.instigator_origin_id, state.selector_id, limit=1
            ):
                error = tick.error.to_string() if tick.error else tick.skip_reason
                told.append(f"{state.instigator_name}: {tick.status.value} {error or ''}")
        for log in sorted(self.settings.logs.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            told += [f"--- the end of {log}", *lines]
        return "\n".join(told)


def shell_environment(settings: LocalSettings) -> dict[str, str]:
    """The environment of a shell that works with this platform, and knows no other."""
    foreign = ("FARMY_", "AWS_", "DAGSTER_", "LABEL_STUDIO_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    ports = {PORT_SETTINGS[name][0]: str(port) for name, port in settings.ports.items()}
    places = {
        "FARMY_HOME": str(settings.home),
        "FARMY_SETUP_DIR": str(settings.setup),
        "FARMY_LABEL_STUDIO_TEMPLATE": str(settings.template),
    }
    return {**kept, **ports, **places}
