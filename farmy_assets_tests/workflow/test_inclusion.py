"""Photographs that are in the lake join another campaign: each once, and without a copy."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.catalog.entry import EntryState
from farmy_assets.catalog.metadata import Source
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.batches import BatchRepository
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.audit import phases, sealed_twice
from farmy_assets.workflow.inclusion import (
    Inclusion,
    LeftOutBecause,
    images_of_campaign,
    include,
    preview,
)
from farmy_assets.workflow.reconcile import Reconciler
from farmy_assets_tests.arrivals import NOON, ORIGIN, arrival, jpeg, s3_event

AT_ONCE = SealingPolicy(max_images=4, quiet=timedelta(0))
PESTS = DeliveryMetadata(source=Source.BULK, campaign="pests")


class KilledError(Exception):
    """The process ends here."""


def bring(lake: Lake, numbers: range, origin: DeliveryMetadata = ORIGIN) -> list[str]:
    intake = EventIntake(lake.raw, lake.catalog)
    found = []
    for number in numbers:
        metadata = arrival(f"{number}.jpg", jpeg(number), origin=origin)
        lake.ingestion.store(metadata, jpeg(number))
        intake.take(s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON)
        found.append(metadata.image_id)
    return found


def seal(lake: Lake, *, later: int = 0) -> None:
    lake.batches.seal_waiting(policy=AT_ONCE, now=NOON + timedelta(seconds=later))


def join(lake: Lake, image_ids: Collection[str], *, name: str = "pests") -> Inclusion:
    return include(
        lake, name, image_ids, max_images=4, clock=lambda: NOON + timedelta(minutes=1),
        on_looked_up=lambda _: None, on_sealed=lambda _: None,
    )  # fmt: skip


def images_of_batches(lake: Lake) -> list[tuple[str, tuple[str, ...]]]:
    return [(batch.campaign, batch.image_ids) for batch in lake.batches.all()]


@pytest.fixture
def weeds(lake: Lake) -> list[str]:
    """Six photographs in two batches of the campaign that they came for."""
    found = bring(lake, range(6))
    seal(lake)
    return sorted(found)


def test_photographs_join_in_batches_that_name_those_of_their_own(
    lake: Lake, weeds: list[str]
) -> None:
    before = lake.catalog.entries(weeds)
    found = join(lake, images_of_campaign(lake, "weeds"))
    assert (found.asked, found.joining, found.left_out) == (6, 6, {})
    first, second, *joined = lake.batches.all()
    assert [batch.batch_id for batch in joined] == list(found.batches)
    assert [len(batch.image_ids) for batch in joined] == [4, 2]
    assert [batch.from_batches for batch in joined] == [(first.batch_id,), (second.batch_id,)]
    assert {batch.campaign for batch in joined} == {"pests"}
    assert lake.catalog.entries(weeds) == before
    assert images_of_campaign(lake, "pests") == images_of_campaign(lake, "weeds")
    assert sealed_twice(lake) == set()


def test_the_same_again_adds_nothing_and_more_adds_what_is_missing(
    lake: Lake, weeds: list[str]
) -> None:
    assert join(lake, weeds[:3]).joining == 3
    again = join(lake, [*weeds[:3], *weeds[:3]])
    assert (again.asked, again.joining, again.batches) == (3, 0, ())
    assert again.left_out == {LeftOutBecause.ALREADY_IN: 3}
    assert join(lake, weeds).joining == 3
    assert join(lake, weeds, name="weeds").left_out == {LeftOutBecause.ALREADY_IN: 6}


def test_what_cannot_join_is_counted_with_its_reason(lake: Lake, weeds: list[str]) -> None:
    waiting = bring(lake, range(10, 12))
    deleted = weeds[0]
    lake.raw.delete(keys.raw_image(deleted))
    EventIntake(lake.raw, lake.catalog).take(
        s3_event(keys.raw_image(deleted), "02", removed=True), now=NOON
    )
    assert lake.catalog.entries([deleted])[deleted].state is EntryState.DELETED
    asked = [*weeds, *waiting, f"{'0' * 32}-{'0' * 12}", "no id at all"]
    expected = {
        LeftOutBecause.NOT_SEALED: 2, LeftOutBecause.DELETED: 1, LeftOutBecause.UNKNOWN: 2,
    }  # fmt: skip
    batches = images_of_batches(lake)
    told = preview(lake, "pests", asked, on_looked_up=lambda _: None)
    assert (told.joining, told.left_out, told.batches) == (5, expected, ())
    assert images_of_batches(lake) == batches
    assert join(lake, asked) == told.model_copy(
        update={"batches": tuple(b.batch_id for b in lake.batches.all()[len(batches) :])}
    )


def test_a_command_killed_between_two_batches_ends_the_same_when_it_is_said_again(
    lake: Lake, weeds: list[str]
) -> None:
    def die(_: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        include(
            lake, "pests", weeds, max_images=4, clock=lambda: NOON,
            on_looked_up=lambda _: None, on_sealed=die,
        )  # fmt: skip
    assert join(lake, weeds[::-1]).joining == 2
    joined = [batch for batch in lake.batches.all() if batch.is_inclusion]
    first, second = (b for b in lake.batches.all() if not b.is_inclusion)
    assert [batch.image_ids for batch in joined] == [
        tuple(sorted(first.image_ids)), tuple(sorted(second.image_ids)),
    ]  # fmt: skip


def test_two_commands_at_once_let_each_photograph_join_once(
    lake: Lake, weeds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_including = BatchRepository.seal_including

    def slow(repository: BatchRepository, *args: object, **given: object) -> object:
        monkeypatch.undo()
        assert join(lake, weeds[:3]).joining == 3  # the other command is quicker
        bring(lake, range(20, 22), PESTS)
        seal(lake, later=70)  # and so is the sensor
        return seal_including(repository, *args, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchRepository, "seal_including", slow)
    found = join(lake, weeds)
    assert (found.joining, found.left_out) == (3, {LeftOutBecause.ALREADY_IN: 3})
    assert sealed_twice(lake) == set()
    assert sorted(images_of_campaign(lake, "pests")[:3]) == weeds[:3]
    assert lake.catalog.waiting() == []


@pytest.mark.parametrize("first", ["include", "seal"])
def test_what_a_killed_sealer_left_is_made_good_also_where_a_campaign_includes_images(
    lake: Lake, weeds: list[str], monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Whoever comes next: nothing is sealed twice, and entries keep the batch of their own."""

    def die(_: CatalogTable, image_ids: Collection[str], __: str) -> None:
        if image_ids:
            raise KilledError

    new = bring(lake, range(30, 32))
    with monkeypatch.context() as patch:
        patch.setattr(CatalogTable, "mark_sealed", die)
        with pytest.raises(KilledError):
            seal(lake)
    home = lake.batches.all()[-1]
    assert len(lake.catalog.waiting()) == 2
    if first == "include":
        assert join(lake, [*weeds, *new]).joining == 8
    for later in range(3):
        seal(lake, later=100 + later)
    assert join(lake, [*weeds, *new]).joining == (0 if first == "include" else 8)
    seal(lake, later=200)
    assert lake.catalog.waiting() == []
    assert sealed_twice(lake) == set()
    assert {entry.batch_id for entry in lake.catalog.entries(new).values()} == {home.batch_id}


def test_a_lost_catalog_comes_back_with_the_batches_of_images_own(
    lake: Lake, weeds: list[str]
) -> None:
    join(lake, weeds)
    before = lake.catalog.entries(weeds)

    def forget(image_ids: Collection[str]) -> None:
        for image_id in image_ids:
            key = {"image_id": {"S": image_id}}
            lake.catalog.client.delete_item(TableName="catalog", Key=key)

    forget(weeds)
    assert Reconciler.of(lake).reconcile(now=NOON).entries_added == 6
    assert Reconciler.of(lake).reconcile(now=NOON).is_none
    forget(weeds[:2])
    for batch in lake.batches.all():  # as the run of each batch does
        Reconciler.of(lake).restore_batch(batch)
    after = lake.catalog.entries(weeds)
    assert {i: (e.batch_id, e.metadata) for i, e in after.items()} == {
        i: (e.batch_id, e.metadata) for i, e in before.items()
    }
    assert lake.catalog.waiting() == []


def test_a_batch_of_included_images_heals_their_entries_before_their_own_batch_does(
    lake: Lake, weeds: list[str]
) -> None:
    join(lake, weeds)
    before = lake.catalog.entries(weeds)
    for image_id in weeds:
        key = {"image_id": {"S": image_id}}
        lake.catalog.client.delete_item(TableName="catalog", Key=key)
    for batch in lake.batches.all():
        if batch.is_inclusion:
            Reconciler.of(lake).restore_batch(batch)
    after = lake.catalog.entries(weeds)
    assert {i: e.batch_id for i, e in after.items()} == {i: e.batch_id for i, e in before.items()}
    assert lake.catalog.waiting() == []


def test_every_image_has_one_phase_in_each_campaign_that_has_it(
    lake: Lake, weeds: list[str]
) -> None:
    join(lake, weeds[:1])
    found = [(p.image_id, p.campaign, p.phase) for p in phases(lake)]
    assert found == sorted(
        [
            *((image_id, "weeds", ImagePhase.SEALED) for image_id in weeds),
            (weeds[0], "pests", ImagePhase.SEALED),
        ],
        key=lambda each: (each[0], each[1] != "weeds"),
    )
