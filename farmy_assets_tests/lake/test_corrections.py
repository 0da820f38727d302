"""A correction is kept beside what was said first, and is what everybody sees from then on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.catalog.corrections import AuthorKind, corrected_values
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.errors import InvalidInputError, UploadConflictError
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.corrections import MOST_OF_ONE_IMAGE, Corrections
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.table_sources import table_sources
from farmy_assets.workflow.reconcile import Reconciler
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event

EXACT = {"latitude_deg": 48.137154, "longitude_deg": 11.576124}


@pytest.fixture
def image_id(lake: Lake) -> str:
    """An image in the raw zone; its event has not come yet."""
    metadata = arrival("a.jpg", jpeg()).model_copy(update={"contributor": "c-4711"})
    lake.ingestion.store(metadata, jpeg())
    return metadata.image_id


def correct(lake: Lake, image_id: str, removed: tuple[str, ...] = (), **values: object) -> bool:
    _, is_new = lake.corrections.add(
        image_id, corrected_values(values), removed, author="anna@example.com",
        author_kind=AuthorKind.OPERATOR, now=lambda: NOON,
    )  # fmt: skip
    return is_new


def tell(lake: Lake, key: str, sequencer: str = "01", *, removed: bool = False) -> int:
    event = s3_event(key, sequencer, removed=removed)
    return EventIntake(lake.raw, lake.catalog).take(event, now=NOON)


def entry_of(lake: Lake, image_id: str) -> CatalogEntry:
    return lake.catalog.entries([image_id])[image_id]


def crop_of(lake: Lake, image_id: str) -> str | None:
    metadata = entry_of(lake, image_id).metadata
    return metadata.crop if metadata else None


def test_a_correction_of_a_sealed_image_is_in_its_entry_and_the_history_is_kept(
    lake: Lake, image_id: str
) -> None:
    tell(lake, keys.raw_image(image_id))
    lake.batches.seal_waiting(policy=SealingPolicy(quiet=timedelta(0)), now=NOON)
    before = entry_of(lake, image_id)
    assert correct(lake, image_id, crop="wheat", position=EXACT)
    assert correct(lake, image_id, ("licence",), crop="rye")
    for number in (2, 1, 2):
        tell(lake, keys.correction(image_id, number))
    entry = entry_of(lake, image_id)
    assert (entry.batch_id, entry.state, entry.corrections) == (before.batch_id, before.state, 2)
    assert entry.metadata is not None
    assert (entry.metadata.crop, entry.metadata.licence) == ("rye", None)
    assert entry.metadata.position is not None
    assert entry.metadata.position.latitude_deg == 48.14  # the exact one stays in the raw zone
    current = lake.corrections.current(image_id)
    assert current is not None
    assert current.first is not None
    assert current.first.crop == "maize"
    assert [(c.number, c.author, c.at) for c in current.corrections] == [
        (1, "anna@example.com", NOON), (2, "anna@example.com", NOON),
    ]  # fmt: skip


def test_a_correction_that_changes_nothing_writes_nothing(lake: Lake, image_id: str) -> None:
    assert not correct(lake, image_id, crop="maize")
    assert correct(lake, image_id, crop="wheat")
    assert not correct(lake, image_id, crop="wheat")
    assert not correct(lake, image_id, removed=("field",))
    assert len(list(lake.raw.keys(keys.CORRECTIONS))) == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_in_whatever_order_events_come_the_newest_correction_counts(
    lake: Lake, image_id: str, order: tuple[int, ...]
) -> None:
    told: list[Callable[[], object]] = [
        lambda: tell(lake, keys.raw_image(image_id), "05"),
        lambda: tell(lake, keys.correction(image_id, 1)),
        lambda: tell(lake, keys.correction(image_id, 2)),
    ]
    correct(lake, image_id, crop="wheat")
    correct(lake, image_id, crop="rye")
    for place in (*order, *order):
        told[place]()
    assert crop_of(lake, image_id) == "rye"
    assert entry_of(lake, image_id).sequencer.endswith("05")
    assert [image.image_id for image in lake.catalog.waiting()] == [image_id]


def test_a_later_event_of_the_image_does_not_undo_a_correction(lake: Lake, image_id: str) -> None:
    tell(lake, keys.raw_image(image_id), "01")
    correct(lake, image_id, crop="wheat")
    tell(lake, keys.correction(image_id, 1))
    lake.raw.delete(keys.raw_image(image_id))
    tell(lake, keys.raw_image(image_id), "02", removed=True)
    assert entry_of(lake, image_id).state is EntryState.DELETED
    lake.ingestion.store(arrival("a.jpg", jpeg()), jpeg())
    tell(lake, keys.raw_image(image_id), "03")
    assert entry_of(lake, image_id).state is EntryState.PRESENT
    assert crop_of(lake, image_id) == "wheat"
    assert [image.image_id for image in lake.catalog.waiting()] == [image_id]


def test_a_catalog_made_anew_from_s3_has_the_same_corrections(lake: Lake, image_id: str) -> None:
    tell(lake, keys.raw_image(image_id))
    correct(lake, image_id, crop="wheat")
    tell(lake, keys.correction(image_id, 1))
    before = entry_of(lake, image_id)
    lake.catalog.client.delete_item(TableName="catalog", Key={"image_id": {"S": image_id}})
    Reconciler.of(lake).reconcile(now=NOON)
    after = entry_of(lake, image_id)
    assert (after.metadata, after.corrections) == (before.metadata, 1)
    Reconciler.of(lake).reconcile(now=NOON, rebuild=True)
    assert entry_of(lake, image_id) == after


def test_a_correction_whose_event_was_lost_is_found(lake: Lake, image_id: str) -> None:
    tell(lake, keys.raw_image(image_id))
    correct(lake, image_id, crop="wheat")
    assert crop_of(lake, image_id) == "maize"
    drift = Reconciler.of(lake).reconcile(now=NOON)
    assert (drift.corrections_found, drift.is_none) == (1, False)
    assert crop_of(lake, image_id) == "wheat"
    assert Reconciler.of(lake).reconcile(now=NOON).is_none


def test_a_batch_that_lost_its_entries_has_them_back_with_corrections(
    lake: Lake, image_id: str
) -> None:
    tell(lake, keys.raw_image(image_id))
    (batch,) = lake.batches.seal_waiting(policy=SealingPolicy(quiet=timedelta(0)), now=NOON)
    correct(lake, image_id, crop="wheat")
    lake.catalog.client.delete_item(TableName="catalog", Key={"image_id": {"S": image_id}})
    assert Reconciler.of(lake).restore_batch(batch).rebuilt == 1
    assert (crop_of(lake, image_id), entry_of(lake, image_id).corrections) == ("wheat", 1)


def test_the_table_of_images_shows_the_current_metadata(
    lake: Lake, image_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    other = arrival("b.jpg", jpeg(7))
    lake.ingestion.store(other, jpeg(7))
    feed = table_sources(lake)["images"]

    def rows() -> list[tuple[str, int]]:
        QueryLayer(lake).refresh(feed)
        found = QueryLayer(lake).query("SELECT crop, corrections FROM images ORDER BY crop")
        return list(found.itertuples(index=False, name=None))

    for one in (image_id, other.image_id):
        tell(lake, keys.raw_image(one))
    assert rows() == [("maize", 0), ("maize", 0)]
    correct(lake, image_id, crop="wheat")
    tell(lake, keys.correction(image_id, 1))
    assert rows() == [("maize", 0), ("wheat", 1)]
    lake.batches.seal_waiting(policy=SealingPolicy(quiet=timedelta(0)), now=NOON)
    assert rows() == [("maize", 0), ("wheat", 1)]
    correct(lake, image_id, crop="rye")
    assert rows() == [("maize", 0), ("wheat", 1)]  # its event has not come yet
    tell(lake, keys.correction(image_id, 2))
    assert rows() == [("maize", 0), ("rye", 2)]
    assert QueryLayer(lake).refresh(feed).records_read == 0


def test_corrections_at_the_same_moment_are_all_kept(lake: Lake, image_id: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: correct(lake, image_id, field=f"field {n}"), range(6)))
    assert all(done)
    assert [c.number for c in Corrections(lake.raw).of(image_id)] == [1, 2, 3, 4, 5, 6]


def test_a_contributor_corrects_what_is_his_alone_and_not_without_end(
    lake: Lake, image_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by(contributor: str, crop: str) -> None:
        lake.corrections.add(
            image_id, corrected_values({"crop": crop}), author=contributor,
            author_kind=AuthorKind.CONTRIBUTOR, now=lambda: NOON,
        )  # fmt: skip

    with pytest.raises(UploadConflictError, match="not yours"):
        by("c-4712", "wheat")
    assert MOST_OF_ONE_IMAGE > 2
    monkeypatch.setattr("farmy_assets.lake.corrections.MOST_OF_ONE_IMAGE", 2)
    by("c-4711", "wheat")
    by("c-4711", "rye")
    with pytest.raises(UploadConflictError, match="ask who runs"):
        by("c-4711", "oat")


def test_what_is_not_in_the_lake_cannot_be_corrected(lake: Lake) -> None:
    with pytest.raises(InvalidInputError, match="not in the raw zone"):
        correct(lake, arrival("x.jpg", jpeg(9)).image_id, crop="rye")
    stranger = keys.correction(arrival("x.jpg", jpeg(9)).image_id, 1)
    lake.raw.put(stranger, b"{}")
    with pytest.raises(Exception, match="not a Correction"):
        tell(lake, stranger)
    assert list(lake.catalog.scan()) == []
