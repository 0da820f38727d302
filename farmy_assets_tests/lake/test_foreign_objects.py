"""Somebody else's objects among the records: passed over and reported, never a traceback."""

import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys, record_store
from farmy_assets.lake.lake import Lake
from farmy_assets.query.table_sources import table_sources
from farmy_assets.workflow.progress import Progress
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event

CAMPAIGN = """
name: weeds
crop: maize
classes: [{id: 1, name: weed}]
annotators: [{name: anna, email: anna@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 0
"""


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), buffer)
    return buffer.getvalue()


FOREIGN = {
    "empty": b"",
    "an export": b'{"id": 1, "annotations": []}',
    "no text": b"\xff\xfe\x00",
    "not an object": b"[1, 2]",
    "deep": b"[" * 100_000,
    "a table": _parquet(),
}
PREFIXES = (
    "batches/", "campaigns/", "campaigns/weeds/", "contributors/", "assignments/weeds/",
    "adjudication/", "reviews/weeds/", "votes/weeds/", "triage/weeds/", "rulings/weeds/",
    "cleansed/", "cleansed/weeds/", "dataset-versions/weeds/", "scrapes/site/jobs/", "judgements/",
    "choices/weeds/", "quality/",
)  # fmt: skip
READERS: dict[str, Callable[[Lake], object]] = {
    "contributors": lambda lake: [c.contributor for c in lake.contributors.all()],
    "batches": lambda lake: lake.batches.all(),
    "batch numbers": lambda lake: lake.batches.numbers(),
    "campaigns": lambda lake: lake.campaigns.names(),
    "campaign": lambda lake: lake.campaigns.named("weeds").version,
    "versions": lambda lake: [c.version for c in lake.campaigns.versions("weeds")],
    "assignments": lambda lake: lake.assignments.all("weeds"),
    "votes": lambda lake: lake.votes.all("weeds"),
    "questions": lambda lake: lake.triage.questions("weeds"),
    "rulings": lambda lake: lake.triage.rulings("weeds"),
    "kept": lambda lake: lake.kept_images("weeds"),
    "data set": lambda lake: lake.datasets.newest("weeds"),
    "progress": lambda lake: Progress.of(lake).of_batches(),
}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    record_store._reported.clear()
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    lake.contributors.give_token("c-1", now=NOON)
    return lake


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_every_reading_gives_the_same_beside_foreign_objects_and_says_so(
    lake: Lake, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = {name: read(lake) for name, read in READERS.items()}
    for prefix in PREFIXES:
        for name in ("1.json", "task-17", "0009.json.bak", "evil/0001.json", "x.jsonl"):
            lake.records.bucket.put(f"{prefix}{name}", content)
    assert {name: read(lake) for name, read in READERS.items()} == before
    assert "contributors/task-17 is not a Contributor of ours" in caplog.text


def test_each_foreign_object_is_reported_once_and_not_at_each_look(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.records.bucket.put("contributors/evil.json", b"{}")
    for _ in range(3):
        lake.contributors.all()
    assert caplog.text.count("contributors/evil.json") == 1


def test_tables_are_made_beside_foreign_objects(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    for prefix in PREFIXES:
        lake.records.bucket.put(f"{prefix}evil.json", b'{"id": 1}')
    for table_source in table_sources(lake).values():
        assert [row for source in table_source.sources() for row in table_source.rows(source)] == []
    assert "votes/weeds/evil.json" in caplog.text


def test_a_number_that_a_foreign_object_has_taken_is_passed_over(lake: Lake) -> None:
    for version in (2, 3):
        lake.records.bucket.put(keys.campaign_version("weeds", version), b"{}")
    assert lake.campaigns.named("weeds").version == 1
    changed = parse_campaign(CAMPAIGN + "instructions: Draw.\n")
    assert lake.campaigns.apply(changed).version == 4
    assert lake.campaigns.named("weeds").instructions == "Draw."


def test_batches_are_sealed_beside_a_foreign_object_with_a_batchs_number(lake: Lake) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.ingestion.store(metadata, jpeg())
    event = s3_event(keys.raw_image(metadata.image_id), "01")
    EventIntake(lake.raw, lake.catalog).take(event, now=NOON)
    lake.records.bucket.put(keys.batch(1), b"not a batch")
    policy = SealingPolicy(max_images=1)
    (sealed,) = lake.batches.seal_waiting(policy=policy, now=NOON)
    assert (sealed.number, sealed.image_ids) == (2, (metadata.image_id,))
    assert lake.batches.all() == [sealed]
    assert lake.batches.seal_waiting(policy=policy, now=NOON) == []
