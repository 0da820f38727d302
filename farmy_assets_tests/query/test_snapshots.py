"""Snapshots: complete, incremental, and switched at one moment."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.snapshots import GRACE, SnapshotRepository
from farmy_assets.query.table_sources import table_sources
from farmy_assets.query.tables import TABLES
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def bring(lake: Lake, name: str, shade: int) -> str:
    content = jpeg(shade)
    metadata = arrival(name, content)
    lake.ingestion.store(metadata, content)
    event = s3_event(keys.raw_image(metadata.image_id), "01")
    EventIntake(lake.raw, lake.catalog).take(event, now=NOON)
    return metadata.image_id


def seal(lake: Lake) -> None:
    policy = SealingPolicy(quiet=timedelta(0))
    assert lake.batches.seal_waiting(policy=policy, now=NOON + timedelta(hours=1))


def vote(number: int, boxes: tuple[object, ...] = ()) -> Vote:
    return Vote.model_validate(
        {
            "vote_id": f"vote-{number}", "campaign": "weeds", "campaign_version": 1,
            "phase": Phase.ANNOTATION, "task_key": "t", "image_id": "i", "inbox_person": "anna",
            "person": "anna", "email": "anna@example.com", "lead_time_s": 3.0,
            "submitted_at": NOON + timedelta(days=number), "outcome": Outcome.SUBMITTED,
            "boxes": boxes,
        }
    )  # fmt: skip


def test_an_image_stands_in_the_table_once_before_and_after_it_is_sealed(lake: Lake) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["images"]
    image_id = bring(lake, "a.jpg", 10)
    snapshots.take(table_source)
    waiting = QueryLayer(lake).query("SELECT image_id, batch_id, dt FROM images")
    assert waiting["image_id"].tolist() == [image_id]
    assert waiting["batch_id"].isna().all()
    assert waiting["dt"].tolist() == ["2026-05-14"]
    seal(lake)
    snapshots.take(table_source)
    sealed = QueryLayer(lake).query("SELECT image_id, batch_id FROM images")
    assert sealed["image_id"].tolist() == [image_id]
    assert sealed["batch_id"].str.startswith("000001-").all()


def test_a_second_snapshot_reads_only_what_is_new(lake: Lake) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["votes"]
    lake.votes.add("weeds", [vote(1)])
    assert snapshots.take(table_source).records_read == 1
    assert snapshots.take(table_source).records_read == 0
    lake.votes.add("weeds", [vote(2)])
    taken = snapshots.take(table_source)
    assert (taken.records_read, taken.manifest.rows) == (1, 2)
    assert [file.dt for file in taken.manifest.files] == ["2026-05-15", "2026-05-16"]


def test_rows_of_a_record_that_is_gone_or_changed_go_with_it(lake: Lake) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["votes"]
    for number in (1, 2):
        lake.votes.add("weeds", [vote(number)])
    snapshots.take(table_source)
    first, second = lake.records.bucket.keys("votes/")
    lake.records.bucket.delete(first)
    lake.records.bucket.put(second, vote(3).model_dump_json().encode())
    assert snapshots.take(table_source).manifest.rows == 1
    assert QueryLayer(lake).query("SELECT vote_id FROM votes")["vote_id"].tolist() == ["vote-3"]


def test_many_small_files_of_one_day_become_one_and_lose_nothing(lake: Lake) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["votes"]
    for number in range(12):
        one = vote(0).model_copy(update={"vote_id": f"vote-{number}"})
        lake.votes.add("weeds", [one])
        manifest = snapshots.take(table_source).manifest
    assert (manifest.rows, len(manifest.files) <= 8) == (12, True)
    assert QueryLayer(lake).query("SELECT DISTINCT vote_id FROM votes").shape == (12, 1)


def test_until_the_manifest_is_switched_readers_see_the_table_as_it_was(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["votes"]
    lake.votes.add("weeds", [vote(1)])
    snapshots.take(table_source)
    lake.votes.add("weeds", [vote(2)])
    with monkeypatch.context() as patched:
        patched.setattr(type(lake.records.bucket), "put_if", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            snapshots.take(table_source)
    assert len(QueryLayer(lake).query("SELECT * FROM votes")) == 1
    snapshots.take(table_source)
    assert len(QueryLayer(lake).query("SELECT * FROM votes")) == 2


def test_each_box_of_a_vote_is_a_region(lake: Lake) -> None:
    box = {"label": "weed", "x_min": 1, "y_min": 2, "x_max": 3, "y_max": 4}
    lake.votes.add("weeds", [vote(1, (box, box))])
    SnapshotRepository(lake.records).take(table_sources(lake)["regions"])
    told = QueryLayer(lake).query("SELECT label, x_max - x_min AS width FROM regions")
    assert told.to_dict("list") == {"label": ["weed", "weed"], "width": [2.0, 2.0]}


def test_every_table_can_be_asked_before_its_first_snapshot(lake: Lake) -> None:
    for name in TABLES:
        assert QueryLayer(lake).query(f"SELECT * FROM {name}").empty


def test_images_are_found_by_their_columns_and_a_wrong_one_is_named(lake: Lake) -> None:
    snapshots, made = SnapshotRepository(lake.records), table_sources(lake)
    image_id = bring(lake, "it's.jpg", 10)
    snapshots.take(made["images"])
    found = QueryLayer(lake).images(crop="maize", original_name="it's.jpg")
    assert found["image_id"].tolist() == [image_id]
    assert QueryLayer(lake).images(crop="' OR 1=1 --").empty
    with pytest.raises(InvalidInputError, match="colour"):
        QueryLayer(lake).images(colour="red")


def test_files_that_no_table_consists_of_are_swept_out_after_the_days_of_grace(lake: Lake) -> None:
    snapshots, table_source = SnapshotRepository(lake.records), table_sources(lake)["images"]
    bring(lake, "a.jpg", 10)
    snapshots.take(table_source)
    (old,) = snapshots.manifest("images").files
    bring(lake, "b.jpg", 20)
    snapshots.take(table_source)
    (new,) = snapshots.manifest("images").files
    assert old.key != new.key
    written_on = next(iter(lake.records.bucket.listing(old.key))).modified_on
    today = date.fromisoformat(written_on)
    assert snapshots.sweep(TABLES["images"], today=today + GRACE) == 0
    assert snapshots.sweep(TABLES["images"], today=today + GRACE + timedelta(days=1)) == 1
    left = list(lake.records.bucket.keys(keys.snapshot("images")))
    assert left == [keys.snapshot_manifest("images"), new.key]
    assert len(QueryLayer(lake).query("SELECT image_id FROM images")) == 2
