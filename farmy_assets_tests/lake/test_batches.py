from collections.abc import Callable
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event

AT_ONCE = SealingPolicy(max_images=100, quiet=timedelta(0))


@pytest.fixture
def images(lake: Lake) -> list[str]:
    intake = EventIntake(lake.raw, lake.catalog)
    found = []
    for number in range(5):
        metadata = arrival(f"{number}.jpg", jpeg(number))
        lake.ingestion.store(metadata, jpeg(number))
        intake.take(s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON)
        found.append(metadata.image_id)
    return sorted(found)


def test_waiting_images_become_one_manifest_and_wait_no_more(lake: Lake, images: list[str]) -> None:
    (batch,) = lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    assert list(batch.image_ids) == images
    assert lake.batches.read(batch.batch_id) == batch
    assert lake.batches.seal_waiting(policy=AT_ONCE, now=NOON) == []


def test_a_sealer_killed_before_it_marked_the_catalog_is_made_good(
    lake: Lake, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("farmy_assets.lake.catalog_table.CatalogTable.mark_sealed", die)
        with pytest.raises(KilledError):
            lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    assert lake.batches.seal_waiting(policy=AT_ONCE, now=NOON + timedelta(seconds=9)) == []
    assert lake.batches.numbers() == [1]
    assert lake.catalog.waiting() == []
    assert {e.batch_id for e in lake.catalog.entries(images).values()} == {
        lake.batches.all()[0].batch_id
    }


def test_a_sealer_that_comes_second_writes_nothing(
    lake: Lake, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quicker = lake.batches.seal_waiting(policy=AT_ONCE, now=NOON)
    slow_view: list[int] = []
    monkeypatch.setattr(
        "farmy_assets.lake.batches.BatchRepository.numbers", lambda self, after=0: slow_view
    )
    for image_id in images:  # as the slower one still sees the index
        lake.catalog.client.update_item(
            TableName="catalog",
            Key={"image_id": {"S": image_id}},
            UpdateExpression="SET waiting_shard = :s, waiting_since = :n",
            ExpressionAttributeValues={":s": {"S": "1"}, ":n": {"S": NOON.isoformat()}},
        )
    assert lake.batches.seal_waiting(policy=AT_ONCE, now=NOON + timedelta(seconds=1)) == []
    monkeypatch.undo()
    assert lake.batches.all() == quicker


def test_numbers_go_on_behind_a_known_one_and_past_a_page_of_keys(lake: Lake) -> None:
    for number in range(1, 1003):
        lake.records.bucket.put(keys.batch(number), b"{}")
    assert lake.batches.numbers()[-1] == 1002
    assert lake.batches.numbers(after=1000) == [1001, 1002]


def test_a_transaction_that_is_cancelled_is_made_good_one_by_one(
    lake: Lake, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def cancelled(**request: object) -> None:
        asked.append(request)
        raise ClientError({"Error": {"Code": "TransactionCanceledException"}}, "Transact")

    monkeypatch.setattr(lake.catalog.client, "transact_write_items", cancelled)
    lake.catalog.mark_sealed([*images, *images], "some-batch")

    assert len(asked) == 1
    assert {entry.batch_id for entry in lake.catalog.scan()} == {"some-batch"}
    assert lake.catalog.waiting() == []


def test_a_conflict_with_another_transaction_passes_and_is_no_refusal(
    lake: Lake, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(code: str) -> Callable[..., None]:
        def refuse(**_request: object) -> None:
            raise ClientError({"Error": {"Code": code}}, "Write")

        return refuse

    client = lake.catalog.client
    monkeypatch.setattr(client, "transact_write_items", refused("TransactionCanceledException"))
    monkeypatch.setattr(client, "update_item", refused("TransactionConflictException"))

    with pytest.raises(LakeUnavailableError):
        lake.catalog.mark_sealed(images, "some-batch")
