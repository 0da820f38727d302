"""The catalog against S3: deletions are noticed, and what events have lost is healed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.lake import keys
from farmy_assets_tests.integration.evidence import assert_no_task_is_there_twice
from farmy_assets_tests.integration.people import open_campaign
from farmy_assets_tests.integration.photographs import write_photographs
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "lost-events"


@contextmanager
def _deaf(platform: RunningPlatform) -> Iterator[None]:
    """Meanwhile the raw zone tells nobody what happens in it."""
    raw = platform.lake.raw
    told = raw.client.get_bucket_notification_configuration(Bucket=raw.name)
    queues = told["QueueConfigurations"]
    raw.client.put_bucket_notification_configuration(Bucket=raw.name, NotificationConfiguration={})
    try:
        yield
    finally:
        raw.client.put_bucket_notification_configuration(
            Bucket=raw.name, NotificationConfiguration={"QueueConfigurations": queues}
        )


def _phase(platform: RunningPlatform, image_id: str) -> ImagePhase:
    (found,) = [image for image in platform.phases(NAME) if image.image_id == image_id]
    return found.phase


def _reconcile(platform: RunningPlatform) -> dict[str, int]:
    answer = platform.farmy("reconcile")
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def test_a_deletion_is_noticed_and_reconcile_heals_what_events_have_lost(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    lake = platform.lake
    write_photographs(tmp_path, of=NAME, count=4)
    open_campaign(platform, NAME, overlap=0)
    platform.ingest(NAME, tmp_path)
    platform.wait_for_tasks(NAME, images=4)
    deleted, deleted_unheard, forgotten, _ = sorted(i.image_id for i in platform.phases(NAME))

    lake.raw.delete(keys.raw_image(deleted))
    platform.wait_until(
        "the deletion in the catalog", lambda: _phase(platform, deleted) is ImagePhase.DELETED
    )
    with _deaf(platform):
        write_photographs(tmp_path, of=f"{NAME}-later", count=2)
        assert platform.ingest(NAME, tmp_path).stored == 3  # the deleted one is sent again
        lake.raw.delete(keys.raw_image(deleted))
        lake.raw.delete(keys.raw_image(deleted_unheard))
    for image_id in (deleted, forgotten):
        lake.catalog.client.delete_item(
            TableName=lake.catalog.name, Key={"image_id": {"S": image_id}}
        )
    assert _phase(platform, deleted_unheard) is ImagePhase.ANNOTATION
    assert len(platform.phases(NAME)) == 3  # of six: one without an entry is in a batch

    drift = _reconcile(platform)
    assert (drift["entries_added"], drift["entries_marked_deleted"]) == (4, 1)
    platform.wait_for_tasks(NAME, images=6)
    found = {image.image_id: image.phase for image in platform.phases(NAME)}
    gone = dict.fromkeys((deleted, deleted_unheard), ImagePhase.DELETED)
    assert found == {**dict.fromkeys(found, ImagePhase.ANNOTATION), **gone}
    assert len(found) == 6
    assert_no_task_is_there_twice(platform, NAME)
    drift = _reconcile(platform)
    assert not drift["entries_added"]
    assert not drift["entries_marked_deleted"]
    assert not drift["batches_restored"]
