"""After a loss of the catalog, of events, or of objects, the catalog is as S3 says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.errors import LakeError
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.ingestion.ingest_queue import IngestQueue
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.reconcile import LATE, Reconciler
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event

AT_ONCE = SealingPolicy(max_images=3, quiet=timedelta(hours=9))


def fill(lake: Lake, count: int, *, events: bool = True) -> list[str]:
    intake = EventIntake(lake.raw, lake.catalog)
    ids = []
    for number in range(count):
        metadata = arrival(f"{number}.jpg", jpeg(number))
        lake.ingestion.store(metadata, jpeg(number))
        if events:
            intake.take(s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON)
        ids.append(metadata.image_id)
    return ids


def forget(lake: Lake, image_ids: list[str]) -> None:
    for image_id in image_ids:
        lake.catalog.client.delete_item(TableName="catalog", Key={"image_id": {"S": image_id}})


def test_a_lost_catalog_comes_back_with_batches_and_waiting_images(lake: Lake) -> None:
    ids = fill(lake, 4)
    assert len(lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)) == 1
    before = lake.catalog.entries(ids)
    forget(lake, ids)
    drift = Reconciler.of(lake).reconcile(now=NOON)
    assert drift.entries_added == 4
    after = lake.catalog.entries(ids)
    assert {i: (e.metadata, e.batch_id) for i, e in after.items()} == {
        i: (e.metadata, e.batch_id) for i, e in before.items()
    }
    assert len(lake.catalog.waiting()) == 1
    assert Reconciler.of(lake).reconcile(now=NOON).is_none


def test_lost_events_are_made_up_for_in_both_directions(lake: Lake) -> None:
    ids = fill(lake, 2)
    fill(lake, 3, events=False)
    lake.raw.delete(keys.raw_image(ids[0]))
    drift = Reconciler.of(lake).reconcile(now=NOON)
    assert (drift.entries_added, drift.entries_marked_deleted) == (1, 1)
    assert lake.catalog.entries(ids)[ids[0]].state is EntryState.DELETED


def test_an_event_that_comes_after_the_repair_changes_nothing(lake: Lake) -> None:
    (image_id,) = fill(lake, 1, events=False)
    Reconciler.of(lake).reconcile(now=NOON)
    waiting = lake.catalog.waiting()
    EventIntake(lake.raw, lake.catalog).take(
        s3_event(keys.raw_image(image_id), "0055"), now=NOON.replace(hour=20)
    )
    assert lake.catalog.waiting() == waiting


def test_a_deleted_image_of_a_batch_has_its_entry_back_as_deleted(lake: Lake) -> None:
    ids = fill(lake, 3)
    (batch,) = lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    lake.raw.delete(keys.raw_image(ids[0]))
    forget(lake, ids)
    assert Reconciler.of(lake).reconcile(now=NOON).entries_added == 3
    entry = lake.catalog.entries(ids)[ids[0]]
    assert (entry.state, entry.batch_id) == (EntryState.DELETED, batch.batch_id)
    assert Reconciler.of(lake).reconcile(now=NOON).is_none


def test_an_empty_table_is_rebuilt_whole_with_batches_and_without_a_moment_of_waiting(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(lake, 7)
    lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    before = {entry.image_id: entry for entry in lake.catalog.scan()}
    forget(lake, ids)
    seen: set[str] = set()
    apply_all = CatalogTable.apply_all

    def watched(
        table: CatalogTable, entries: Sequence[CatalogEntry], *, now: datetime
    ) -> list[bool | LakeError]:
        try:
            return apply_all(table, entries, now=now)
        finally:
            seen.update(image.image_id for image in table.waiting())

    monkeypatch.setattr(CatalogTable, "apply_all", watched)
    assert Reconciler.of(lake).reconcile(now=NOON, rebuild=True).entries_added == 7
    after = {entry.image_id: entry for entry in lake.catalog.scan()}
    assert {i: (e.state, e.metadata, e.batch_id) for i, e in after.items()} == {
        i: (e.state, e.metadata, e.batch_id) for i, e in before.items()
    }
    assert seen == {i for i, e in before.items() if not e.batch_id}
    assert len(seen) == 1


def test_a_rebuild_writes_wrong_entries_anew_and_changes_no_right_one(lake: Lake) -> None:
    ids = fill(lake, 4)
    lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    before = {entry.image_id: entry for entry in lake.catalog.scan()}, lake.catalog.waiting()
    lake.catalog.client.update_item(
        TableName="catalog", Key={"image_id": {"S": ids[0]}},
        UpdateExpression="SET metadata = :m",
        ExpressionAttributeValues={":m": {"S": arrival("x.jpg", jpeg()).model_dump_json()}},
    )  # fmt: skip
    assert Reconciler.of(lake).reconcile(now=NOON, rebuild=True).entries_rewritten == 4
    assert ({e.image_id: e for e in lake.catalog.scan()}, lake.catalog.waiting()) == before


def test_metadata_that_come_late_are_found(lake: Lake) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.raw.put(keys.raw_image(metadata.image_id), jpeg())
    EventIntake(lake.raw, lake.catalog).take(
        s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON
    )
    assert Reconciler.of(lake).reconcile(now=NOON).is_none  # there is nothing to be found yet
    lake.raw.put(keys.raw_metadata(metadata.image_id), metadata.to_json())
    assert Reconciler.of(lake).reconcile(now=NOON).metadata_found == 1
    assert [w.image_id for w in lake.catalog.waiting()] == [metadata.image_id]


def test_more_drift_than_is_healed_together_is_healed_all(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farmy_assets.workflow.reconcile.HEALED_TOGETHER", 2)
    ids = fill(lake, 3)
    fill(lake, 8, events=False)
    for image_id in ids:
        lake.raw.delete(keys.raw_image(image_id))
    drift = Reconciler.of(lake).reconcile(now=NOON)
    assert (drift.entries_added, drift.entries_marked_deleted) == (5, 3)
    assert Reconciler.of(lake).reconcile(now=NOON).is_none


def test_an_image_that_was_written_over_is_reported_and_one_that_came_back_is_not(
    lake: Lake,
) -> None:
    lake.raw.client.put_bucket_versioning(
        Bucket="raw", VersioningConfiguration={"Status": "Enabled"}
    )
    ids = fill(lake, 4)
    lake.raw.delete(keys.raw_image(ids[0]))
    lake.ingestion.store(arrival("0.jpg", jpeg(0)), jpeg(0))
    lake.raw.delete(keys.raw_image(ids[3]))
    Reconciler.of(lake).reconcile(now=NOON)
    assert Reconciler.of(lake).reconcile(now=NOON).images_written_over == 0
    lake.raw.put(keys.raw_image(ids[1]), b"other bytes")
    lake.raw.put(keys.raw_image(ids[2]), jpeg(2))  # the same bytes, and other metadata
    drift = Reconciler.of(lake).reconcile(now=NOON)
    assert (drift.images, drift.images_written_over) == (3, 2)
    assert set(drift.written_over) == {ids[1], ids[2]}


def test_incoming_bytes_whose_event_was_lost_are_sent_to_the_queue_again(lake: Lake) -> None:
    lake.raw.put(keys.incoming("c-4711", "client-0001"), jpeg())
    now = datetime.now(UTC)
    assert Reconciler.of(lake).reconcile(now=now).is_none  # it may just be looked at
    late = now + LATE + timedelta(minutes=1)
    assert Reconciler.of(lake).reconcile(now=late).incoming_left == 1  # no queue is told
    sqs = boto3.client("sqs", region_name="eu-central-1")
    queue = IngestQueue(sqs, sqs.create_queue(QueueName="ingest")["QueueUrl"])
    reconciler = Reconciler(lake.raw, lake.catalog, lake.batches, queue)
    drift = reconciler.reconcile(now=late)
    assert (drift.events_sent_again, drift.incoming_left, drift.is_none) == (1, 0, False)
    (message,) = sqs.receive_message(QueueUrl=queue.url)["Messages"]
    delivery = EventIntake(lake.raw, lake.catalog).take_all([message["Body"]], now=NOON)
    assert delivery.failed == {}
    assert reconciler.reconcile(now=late).is_none


def test_bytes_that_are_not_what_their_metadata_say_stay_without_metadata(lake: Lake) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.raw.put(keys.raw_metadata(metadata.image_id), metadata.to_json())
    lake.raw.put(keys.raw_image(metadata.image_id), bytes(len(jpeg())))  # S3 was told no sha256
    EventIntake(lake.raw, lake.catalog).take(
        s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON
    )
    for rebuild in (False, True):
        Reconciler.of(lake).reconcile(now=NOON, rebuild=rebuild)
        assert lake.catalog.entries([metadata.image_id])[metadata.image_id].metadata is None
        assert lake.catalog.waiting() == []
