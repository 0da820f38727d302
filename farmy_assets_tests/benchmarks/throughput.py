"""Photographs a second: through the whole loop, and through each stage when it works alone."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import dagster as dg

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.definitions import defs
from farmy_assets.ingestion.importing import import_folder
from farmy_assets.lake import keys
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.workflow.progress import Progress
from farmy_assets_tests.arrivals import s3_event
from farmy_assets_tests.benchmarks.platforms import ORIGIN, Measured, fresh_platform

LONGEST_S = 900
POLL_S = 0.5
Say = Callable[[str], None]


def _now() -> datetime:
    return datetime.now(UTC)


def through_the_loop(folder: Path, say: Say) -> tuple[int, float]:
    """Photographs and seconds, from the start of the import to the last visible task."""
    with fresh_platform() as platform:
        began = time.perf_counter()
        report = import_folder(platform.lake.ingestion, folder, origin=ORIGIN, clock=_now)
        say(f"imported after {time.perf_counter() - began:.1f} s")
        while not _all_visible(platform, report.stored):
            if time.perf_counter() - began > LONGEST_S:
                msg = f"not all tasks were visible after {LONGEST_S} s"
                raise TimeoutError(msg)
            time.sleep(POLL_S)
        elapsed = time.perf_counter() - began
        say(f"{report.stored} photographs through the loop in {elapsed:.1f} s")
        return report.stored, elapsed


def _all_visible(platform: Measured, stored: int) -> bool:
    batches = platform.lake.batches.all()
    if sum(len(batch.image_ids) for batch in batches) < stored:
        return False
    return all(batch.is_done for batch in Progress.of(platform.lake).of_batches())


def each_stage_alone(folder: Path, say: Say) -> dict[str, float]:
    """Stage to seconds for the same photographs, nothing else at work."""
    seconds: dict[str, float] = {}
    with fresh_platform(parts={"ministack", "label-studio"}) as platform:
        lake = platform.lake
        # Into a bucket whose events nobody handles: the ingestion layer by itself.
        began = time.perf_counter()
        import_folder(RawZone(lake.exports), folder, origin=ORIGIN, clock=_now)
        seconds["ingestion"] = time.perf_counter() - began
        say(f"ingestion alone: {seconds['ingestion']:.1f} s")

        stored = import_folder(lake.ingestion, folder, origin=ORIGIN, clock=_now).stored
        _wait_for_catalog(platform, stored)
        seconds["cataloguing"] = _cataloguing(platform, stored)
        say(f"cataloguing alone: {seconds['cataloguing']:.1f} s")

        began = time.perf_counter()
        policy = SealingPolicy(max_images=stored, quiet=timedelta(0))
        (batch,) = lake.batches.seal_waiting(policy=policy, now=_now() + timedelta(minutes=1))
        seconds["sealing"] = time.perf_counter() - began
        seconds |= _assets(batch.batch_id)
        for stage, taken in seconds.items():
            say(f"{stage} alone: {taken:.2f} s")
    return seconds


def _wait_for_catalog(platform: Measured, stored: int) -> None:
    while len(platform.lake.catalog.waiting()) < stored:
        time.sleep(POLL_S)


def _cataloguing(platform: Measured, stored: int) -> float:
    """The catalog emptied, and filled again by the same events, through queue and Lambda."""
    lake = platform.lake
    images = [image.image_id for image in lake.catalog.waiting()]
    for image_id in images:
        lake.catalog.client.delete_item(
            TableName=lake.catalog.name, Key={"image_id": {"S": image_id}}
        )
    queue = boto3.client("sqs", endpoint_url=lake.settings.endpoint_url)
    url = os.environ["FARMY_INGEST_QUEUE_URL"]
    bodies = [s3_event(keys.raw_image(i), "FF", bucket=lake.raw.name) for i in images]
    began = time.perf_counter()
    for start in range(0, len(bodies), 10):
        entries = [
            {"Id": str(number), "MessageBody": json.dumps(json.loads(body))}
            for number, body in enumerate(bodies[start : start + 10])
        ]
        queue.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
    _wait_for_catalog(platform, stored)
    return time.perf_counter() - began


def _assets(batch_id: str) -> dict[str, float]:
    """Seconds of each asset's step for one batch, one after the other in this process."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("batches", [batch_id])
        job = defs.resolve_job_def("batch_job")
        result = job.execute_in_process(instance=instance, partition_key=batch_id)
        times: dict[str, float] = {}
        for event in result.all_events:
            if event.event_type is dg.DagsterEventType.STEP_SUCCESS and event.step_key:
                times[event.step_key] = event.step_success_data.duration_ms / 1000
    return times
