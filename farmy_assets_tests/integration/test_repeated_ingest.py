"""The same files once more: nothing happens twice."""

from pathlib import Path

import pytest

from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.lake.objects import Bucket
from farmy_assets_tests.integration.evidence import tasks_seen
from farmy_assets_tests.integration.people import open_campaign
from farmy_assets_tests.integration.photographs import photograph, write_photographs
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "sent-again"


def _objects(bucket: Bucket) -> set[tuple[str, str]]:
    """Every version of every object: written again, even with equal bytes, is another one."""
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
    return {
        (item["Key"], str(item["LastModified"]))
        for page in pages
        for item in page.get("Contents", [])
    }


def test_a_folder_ingested_twice_changes_nothing_at_all(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    write_photographs(tmp_path, of=NAME, count=4)
    (tmp_path / "another name.jpg").write_bytes(photograph(f"{NAME}-00.jpg"))
    open_campaign(platform, NAME, overlap=0.5)
    first = platform.ingest(NAME, tmp_path)
    assert (first.stored, first.already_there) == (5, 0)
    platform.wait_for_tasks(NAME, images=5)
    lake = platform.lake

    def everything() -> tuple[object, ...]:
        buckets = [_objects(b) for b in (lake.raw, lake.cleansed, lake.records.bucket)]
        tasks = {(task.inbox, task.task_id) for task in tasks_seen(platform, NAME)}
        runs = {run.run_id for run in platform.runs(platform.batch_ids(NAME))}
        return (*buckets, tasks, runs, list(lake.catalog.scan()))

    platform.wait_until_idle()
    before = everything()
    second = platform.ingest(NAME, tmp_path)
    assert (second.stored, second.already_there) == (0, 5)
    platform.wait_for_looks("new_images_sensor")
    platform.wait_for_looks("annotation_completion_sensor")
    assert everything() == before


def test_the_same_image_under_two_names_is_kept_once_and_the_other_says_of_what_it_is_a_copy(
    platform: RunningPlatform,
) -> None:
    twins = [
        image
        for image in platform.phases(NAME)
        if image.name in {"another name.jpg", f"{NAME}-00.jpg"}
    ]
    kept, excluded = sorted(twins, key=lambda image: image.phase is ImagePhase.DUPLICATE)
    assert (kept.phase, excluded.phase) == (ImagePhase.ANNOTATION, ImagePhase.DUPLICATE)
    assert excluded.reason == "exact_duplicate"
    (cleansed,) = platform.lake.cleansed_sets.all(NAME)
    (exclusion,) = cleansed.excluded
    assert (exclusion.image_id, exclusion.duplicate_of) == (excluded.image_id, kept.image_id)
