"""Imports that are killed, read from a bucket, and messages that could not be handled."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from farmy_assets.catalog.metadata import Source, image_id_for
from farmy_assets.lake import keys
from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

NAME = "bulk-import"


def _mine(platform: RunningPlatform) -> dict[str, str]:
    """Name to image id of everything in the raw zone that these tests brought in."""
    zone = platform.lake.ingestion
    found = {}
    for key in platform.lake.raw.keys(keys.RAW_IMAGES):
        image_id = keys.image_id_of_raw_key(key)
        metadata = zone.find_metadata(image_id) if image_id else None
        if image_id and metadata and metadata.campaign == NAME:
            found[metadata.original_name] = image_id
    return found


def test_a_killed_import_is_gone_on_with_and_every_photograph_is_there_once(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    for number in range(600):
        (tmp_path / f"{number:03d}.jpg").write_bytes(jpeg(number % 250, size=(64 + number, 48)))
    command = ["ingest", str(tmp_path), "--campaign", NAME]
    importing = subprocess.Popen(
        [str(Path(sys.executable).with_name("farmy")), *command],
        env=platform.environment,
        stderr=subprocess.DEVNULL,
    )
    twentieth = tmp_path / "020.jpg"  # to list them all would take as long as the import
    digest = hashlib.sha256(twentieth.read_bytes()).hexdigest()
    key = keys.raw_image(image_id_for(digest, Source.BULK, NAME, twentieth.name))
    while platform.lake.raw.size_bytes(key) is None and importing.poll() is None:
        time.sleep(0.02)
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    before = len(_mine(platform))
    assert 0 < before < 600

    answer = platform.farmy(*command, "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["stored"] + report["already_there"] == 600
    assert report["already_there"] >= before
    ids = _mine(platform)
    assert len(ids) == len(set(ids.values())) == 600
    platform.wait_until(
        "all entries", lambda: len(platform.lake.catalog.entries(list(ids.values()))) == 600
    )


def test_s3_keeps_the_sha256_and_the_metadata_with_the_bytes(platform: RunningPlatform) -> None:
    image_id = next(iter(_mine(platform).values()))
    found = platform.lake.raw.head(keys.raw_image(image_id))
    assert found is not None
    assert found.sha256 is not None
    assert found.sha256.startswith(image_id[:32])


def test_dead_letters_are_shown_and_moved_back(platform: RunningPlatform) -> None:
    settings = platform.lake.settings
    client = boto3.client(
        "sqs", endpoint_url=settings.endpoint_url, region_name=settings.region_name
    )
    dead = client.get_queue_url(QueueName="farmy-ingest-dead-letters")["QueueUrl"]
    client.send_message(QueueUrl=dead, MessageBody="poison of the bulk import")

    def told(*arguments: str) -> list[dict[str, str]]:
        answer = platform.farmy("redrive", "--json", *arguments)
        assert answer.returncode == 0, answer.stderr
        return [x for x in json.loads(answer.stdout) if "bulk import" in x["body"]]

    (letter,) = told("--dry-run")
    assert letter["reason"].startswith("not an S3 event")
    assert len(told()) == 1
    assert told("--dry-run") == []
