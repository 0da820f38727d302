"""From drawn photographs to a released data set, with real servers and simulated people."""

import hashlib
import json
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from PIL import Image
from pycocotools.coco import COCO

from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.region import Region
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.datasets.formats.coco import picture_path
from farmy_assets.datasets.splits import SPLITS
from farmy_assets.definitions import defs
from farmy_assets.defs.jobs import BATCH_ASSETS
from farmy_assets.lake import keys
from farmy_assets.query.tables import TABLES
from farmy_assets.simulation.defects import Defect
from farmy_assets.simulation.truth import Truth
from farmy_assets.workflow.audit import sealed_twice
from farmy_assets_tests.integration.evidence import (
    assert_every_image_is_accounted_for,
    assert_no_task_is_there_twice,
    assert_no_vote_is_lost,
)
from farmy_assets_tests.integration.people import open_campaign
from farmy_assets_tests.integration.small_loop import FILES, NAME, OVERLAP, Loop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

REJECTED = {Defect.TRUNCATED, Defect.NOT_AN_IMAGE}
DUPLICATES = {Defect.EXACT_DUPLICATE, Defect.NEAR_DUPLICATE}
BY_THE_CLOCK = {
    "raw_zone",
    "reconciled_catalog",
    "reconciled_inboxes",
    "scraped_images",
    "agreement",
    "campaign_page",  # some time after the rest
    *(f"{name}_table" for name in TABLES),
}
CAMPAIGN_ASSETS = (
    "triage_answers", "annotations", "gold_scores", "prediction_use", "reassigned_tasks",
    "annotation_conflicts", "adjudication_tasks", "consensus", "dataset_version", "coco_dataset",
    "yolo_dataset",
)  # fmt: skip


def test_every_image_ends_in_exactly_one_phase(loop: Loop) -> None:
    assert len(loop.image_ids) == FILES
    assert_every_image_is_accounted_for(loop.platform, NAME, loop.image_ids.values())


def test_every_planted_defect_is_excluded_for_its_reason_and_nothing_else_is(loop: Loop) -> None:
    expected = {
        item.file_name: ImagePhase.RELEASED
        if item.defect is None
        else ImagePhase.REJECTED
        if item.defect in REJECTED
        else ImagePhase.DUPLICATE
        if item.defect in DUPLICATES
        else ImagePhase.DISCARDED
        for item in loop.truth.items
    }
    found = {image.name: image.phase for image in loop.platform.phases(NAME)}
    for original, copy in _pairs(loop.truth):  # of two equal ones either may stay
        if found[original] is ImagePhase.DUPLICATE:
            expected[original], expected[copy] = expected[copy], expected[original]
    assert found == expected
    assert all(p.reason for p in loop.platform.phases(NAME))


def _pairs(truth: Truth) -> list[tuple[str, str]]:
    return [(item.duplicate_of, item.file_name) for item in truth.items if item.duplicate_of]


def test_the_share_of_images_given_to_two_people_is_exact(loop: Loop) -> None:
    given = [a for a in loop.platform.lake.assignments.all(NAME) if a.phase is Phase.ANNOTATION]
    people: dict[str, set[str]] = {}
    for assignment in given:
        people.setdefault(assignment.image_id, set()).add(assignment.person)
    sound = loop.truth.with_defect(None)
    assert len(people) == len(sound)
    assert sum(len(who) == 2 for who in people.values()) == round(OVERLAP * len(sound))
    assert sum(map(len, people.values())) == len(given)


def test_no_task_is_in_label_studio_twice(loop: Loop) -> None:
    assert_no_task_is_there_twice(loop.platform, NAME)


def test_the_votes_in_the_lake_are_the_annotations_in_label_studio(loop: Loop) -> None:
    assert_no_vote_is_lost(loop.platform, NAME)


def test_disagreements_went_to_the_adjudicator_whose_word_was_released(loop: Loop) -> None:
    adjudicated = [image for image in loop.version.images if image.settled_by == "adjudicated"]
    assert adjudicated
    names = {image_id: name for name, image_id in loop.image_ids.items()}
    for image in adjudicated:
        true = loop.truth.item(names[image.image_id]).boxes
        assert sorted(_rounded(b) for b in image.regions) == sorted(_rounded(b) for b in true)


def _rounded(region: Region) -> tuple[object, ...]:
    return region.label, *map(round, region.bounds_px)


def test_no_copy_holds_a_position_or_any_other_exif(loop: Loop) -> None:
    lake = loop.platform.lake
    kept = lake.kept_images(NAME)
    with_gps = 0
    for image_id, image in kept.items():
        raw = Image.open(BytesIO(lake.raw.get(keys.raw_image(image_id))))
        with_gps += bool(raw.getexif().get_ifd(0x8825))
        content = lake.cleansed.get(keys.cleansed_image(image_id))
        copy = Image.open(BytesIO(content))
        assert (copy.width, copy.height) == (image.width_px, image.height_px)
        assert not copy.getexif()
        assert not {"exif", "comment", "xmp", "photoshop"} & copy.info.keys()
        assert b"Exif" not in content
    assert with_gps, "no photograph held a position: nothing was proven"


@pytest.mark.parametrize("name", ["coco", "yolo"])
def test_an_export_is_whole_and_its_digests_are_true(loop: Loop, name: str) -> None:
    files = loop.export(name)
    manifest = json.loads(files.pop("MANIFEST.json"))
    assert manifest["version_id"] == loop.version.version_id
    found = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    assert found == manifest["files"]
    pictures = {path for path in files if path.endswith(".jpg")}
    assert len(pictures) == loop.version.image_count == len(loop.truth.with_defect(None))


def test_cocos_own_reader_finds_every_released_box(loop: Loop, tmp_path: Path) -> None:
    files = loop.export("coco")
    boxes: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    images: set[str] = set()
    for split in SPLITS:
        path = tmp_path / f"{split}.json"
        path.write_bytes(files[f"annotations/instances_{split}.json"])
        coco = COCO(str(path))
        for image in coco.loadImgs(coco.getImgIds()):
            picture = Image.open(BytesIO(files[image["file_name"]]))
            assert picture.size == (image["width"], image["height"])
            images.add(image["file_name"])
            for item in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
                (category,) = coco.loadCats([item["category_id"]])
                x, y, width, height = item["bbox"]
                boxes[image["file_name"]].append((category["name"], x, y, x + width, y + height))
    assert images == {picture_path(image) for image in loop.version.images}
    for released in loop.version.images:
        expected = [(region.label, *region.bounds_px) for region in released.regions]
        found = sorted(boxes[picture_path(released)])
        assert len(found) == len(expected)
        for one, other in zip(found, sorted(expected), strict=True):
            assert one[0] == other[0]
            assert one[1:] == pytest.approx(other[1:], abs=0.03)


def test_every_asset_was_materialized_with_a_row_count(loop: Loop) -> None:
    instance = loop.platform.instance
    partitions = dict.fromkeys(BATCH_ASSETS, loop.platform.batch_ids(NAME))
    partitions |= {asset: [NAME] for asset in CAMPAIGN_ASSETS}
    everything = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert everything - BY_THE_CLOCK == partitions.keys()
    for asset, asset_partitions in partitions.items():
        counts = []
        for partition in asset_partitions:
            wanted = dg.AssetRecordsFilter(
                asset_key=dg.AssetKey(asset), asset_partitions=[partition]
            )
            (record,) = instance.fetch_materializations(wanted, limit=1).records
            event = record.asset_materialization
            assert event is not None
            count = event.metadata["dagster/partition_row_count"].value
            assert isinstance(count, int)
            counts.append(count)
        # Nobody left this campaign, and it has neither gold nor predictions.
        may_be_none = {"reassigned_tasks", "gold_scores", "prediction_use"}
        assert sum(counts) > 0 or asset in may_be_none, asset


def test_every_check_was_made_and_passed(loop: Loop) -> None:
    graph = defs.resolve_asset_graph()
    checks = set(graph.asset_check_keys)
    assert len({key for key in checks if graph.get(key).blocking}) == 5
    wanted = {*loop.platform.batch_ids(NAME), NAME}
    passed: dict[dg.AssetCheckKey, set[bool]] = {}
    for run in loop.platform.runs(wanted):
        for record in loop.platform.instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records:
            event = record.event_log_entry.get_dagster_event()
            check = event.asset_check_evaluation_data
            passed.setdefault(check.asset_check_key, set()).add(check.passed)
    assert passed == {check: {True} for check in checks}


def test_another_campaign_includes_the_photographs_and_nothing_is_copied(loop: Loop) -> None:
    """The command, the sensor and its run; Label Studio has the tasks, the first campaign stays."""
    platform, other = loop.platform, "small-again"
    lake = platform.lake
    open_campaign(platform, other, overlap=0)
    copies, raw = list(lake.cleansed.listing("")), list(lake.raw.listing(keys.RAW_IMAGES))
    done = platform.farmy("campaign", "include", other, "--from", NAME)
    assert f"{FILES} photographs join {other}" in done.stdout, done.stderr
    again = platform.farmy("campaign", "include", other, "--from", NAME)
    assert f"left out, already in the campaign: {FILES}" in again.stdout, again.stderr
    batch_ids = platform.batch_ids(other)
    platform.wait_until(
        "its tasks", lambda: all(lake.assignments.placement(other, b) for b in batch_ids)
    )
    kept = lake.kept_images(other)
    assert {a.image_id for a in lake.assignments.all(other)} == kept.keys()
    assert_no_task_is_there_twice(platform, other)
    in_both = kept.keys() & lake.kept_images(NAME).keys()
    assert {i: kept[i] for i in in_both} == {i: lake.kept_images(NAME)[i] for i in in_both}
    assert list(lake.cleansed.listing("")) == copies
    assert list(lake.raw.listing(keys.RAW_IMAGES)) == raw

    released = {i.image_id for i in platform.phases(NAME) if i.phase is ImagePhase.RELEASED}
    found = {image.image_id: image.phase for image in platform.phases(other)}
    assert sorted(found) == sorted(loop.image_ids.values())
    assert {found[image_id] for image_id in released & kept.keys()} == {ImagePhase.ANNOTATION}
    assert_every_image_is_accounted_for(platform, NAME, loop.image_ids.values())
    assert sealed_twice(lake) == set()
