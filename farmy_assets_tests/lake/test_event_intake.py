"""Events come twice, late, out of order, and after deletions; the catalog stays right."""

import contextlib
import json
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farmy_assets.catalog.entry import EntryState, padded_sequencer
from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.event_intake import EventIntake
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event
from farmy_assets_tests.faults import THROTTLED, Fault, dynamodb_error, slow_down


@pytest.fixture
def intake(lake: Lake) -> EventIntake:
    return EventIntake(lake.raw, lake.catalog)


def stored(lake: Lake, name: str = "a.jpg") -> str:
    metadata = arrival(name, jpeg())
    lake.ingestion.store(metadata, jpeg())
    return metadata.image_id


def test_an_event_makes_a_waiting_entry_with_its_metadata(lake: Lake, intake: EventIntake) -> None:
    image_id = stored(lake)
    assert intake.take(s3_event(keys.raw_image(image_id), "0055AED6DCD9"), now=NOON) == 1
    entry = lake.catalog.entries([image_id])[image_id]
    assert entry.metadata is not None
    assert entry.metadata.original_name == "a.jpg"
    assert [w.image_id for w in lake.catalog.waiting()] == [image_id]


def test_the_same_event_twice_leaves_one_unchanged_entry(lake: Lake, intake: EventIntake) -> None:
    image_id = stored(lake)
    event = s3_event(keys.raw_image(image_id), "01")
    intake.take(event, now=NOON)
    before = lake.catalog.entries([image_id]), lake.catalog.waiting()
    intake.take(event, now=NOON.replace(hour=13))
    assert (lake.catalog.entries([image_id]), lake.catalog.waiting()) == before


def test_in_whatever_order_events_come_the_last_one_wins(lake: Lake, intake: EventIntake) -> None:
    story = [("9", False), ("a", True), ("10", False), ("11", True)]
    for number, order in enumerate(permutations(story)):
        image_id = stored(lake, f"{number}.jpg")
        for sequencer, removed in order:
            intake.take(s3_event(keys.raw_image(image_id), sequencer, removed=removed), now=NOON)
        entry = lake.catalog.entries([image_id])[image_id]
        assert entry.state is EntryState.DELETED
        assert entry.sequencer == padded_sequencer("11")
    assert lake.catalog.waiting() == []


def test_a_late_event_does_not_put_a_sealed_image_back_into_waiting(
    lake: Lake, intake: EventIntake
) -> None:
    image_id = stored(lake)
    intake.take(s3_event(keys.raw_image(image_id), "01"), now=NOON)
    lake.catalog.mark_sealed([image_id], "000001-20260514T120000Z")
    intake.take(s3_event(keys.raw_image(image_id), "02"), now=NOON)
    assert lake.catalog.waiting() == []
    assert lake.catalog.entries([image_id])[image_id].batch_id == "000001-20260514T120000Z"


def test_the_test_event_of_s3_is_no_image(intake: EventIntake) -> None:
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "raw"})
    assert intake.take(body, now=NOON) == 0


def test_a_key_with_spaces_and_umlauts_that_is_not_ours_is_left_alone(
    lake: Lake, intake: EventIntake
) -> None:
    assert intake.take(s3_event("images/my+photo+%C3%BC.jpg", "01"), now=NOON) == 0
    assert list(lake.catalog.scan()) == []


def test_an_image_without_metadata_is_catalogued_but_never_sealed(
    lake: Lake, intake: EventIntake
) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.raw.put(keys.raw_image(metadata.image_id), jpeg())
    intake.take(s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON)
    assert lake.catalog.entries([metadata.image_id])[metadata.image_id].metadata is None
    assert lake.catalog.waiting() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.text(max_size=50), st.recursive(
    st.none() | st.booleans() | st.text(max_size=9), lambda kids: st.lists(kids, max_size=3)
    | st.dictionaries(st.sampled_from(["Records", "s3", "eventName", "Event", "object"]), kids),
    max_leaves=9).map(json.dumps)))  # fmt: skip
def test_a_message_that_is_no_event_is_told_apart_from_a_fault(
    intake: EventIntake, body: str
) -> None:
    with contextlib.suppress(InvalidInputError):
        assert intake.take(body, now=NOON) == 0


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between the SDK's retries."""
    monkeypatch.setattr("time.sleep", lambda _: None)


STORIES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=12
)  # image, place in its story
STORY = {1: False, 2: True, 3: False, 4: True}  # whether the event is a removal


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None,
          max_examples=8)  # fmt: skip
@given(story=STORIES, sealed=st.booleans(), data=st.data())
def test_any_order_repetition_and_packing_of_events_ends_in_the_same_entries(
    lake: Lake, intake: EventIntake, story: list[tuple[int, int]], sealed: bool, data: st.DataObject
) -> None:
    ids = [stored(lake, f"{n}.jpg") for n in range(3)]
    played = [(ids[image], place) for image, place in story]
    ended = []
    for order in (sorted(set(played)), data.draw(st.permutations(played + played))):
        for image_id in ids:
            lake.catalog.client.delete_item(TableName="catalog", Key={"image_id": {"S": image_id}})
            if sealed:
                lake.catalog.client.put_item(
                    TableName="catalog",
                    Item={"image_id": {"S": image_id}, "state": {"S": "present"},
                          "sequencer": {"S": "0" * 32}, "batch_id": {"S": "some-batch"}},
                )  # fmt: skip
        bodies = [
            s3_event(keys.raw_image(image_id), f"{place:x}", removed=STORY[place])
            for image_id, place in order
        ]
        while bodies:
            size = data.draw(st.integers(1, 10))
            assert intake.take_all(bodies[:size], now=NOON).failed == {}
            bodies = bodies[size:]
        waiting = sorted(lake.catalog.waiting(), key=lambda w: w.image_id)
        ended.append((lake.catalog.entries(ids), waiting))
    in_order, shuffled = ended
    assert {i: e.state for i, e in in_order[0].items()} == {
        i: e.state for i, e in shuffled[0].items()
    }
    assert in_order[1] == shuffled[1]
    # Metadata come with whichever event finds the image; they never differ, only may lack.
    for image_id, entry in shuffled[0].items():
        assert entry.sequencer == in_order[0][image_id].sequencer
        assert entry.batch_id == in_order[0][image_id].batch_id
        assert entry.metadata == in_order[0][image_id].metadata


def events_of(lake: Lake, count: int) -> tuple[list[str], list[str]]:
    ids = [stored(lake, f"{number}.jpg") for number in range(count)]
    return ids, [s3_event(keys.raw_image(image_id), "01") for image_id in ids]


def test_a_delivery_is_written_in_one_transaction(lake: Lake, intake: EventIntake) -> None:
    ids, bodies = events_of(lake, 10)
    together = dynamodb_error(lake.catalog.client, "TransactWriteItems", THROTTLED, times=0)
    alone = dynamodb_error(lake.catalog.client, "UpdateItem", THROTTLED, times=0)
    assert intake.take_all([*bodies, *bodies], now=NOON).changed == 10
    assert (len(together.requests), len(alone.requests)) == (1, 0)
    assert {w.image_id for w in lake.catalog.waiting()} == set(ids)


def test_one_image_that_spoils_the_transaction_is_written_by_itself(
    lake: Lake, intake: EventIntake
) -> None:
    ids, bodies = events_of(lake, 4)
    intake.take(s3_event(keys.raw_image(ids[0]), "99", removed=True), now=NOON)
    intake.take(bodies[1], now=NOON)
    lake.catalog.mark_sealed([ids[1]], "some-batch")
    assert intake.take_all(bodies, now=NOON).failed == {}
    found = lake.catalog.entries(ids)
    assert found[ids[0]].state is EntryState.DELETED
    assert found[ids[1]].batch_id == "some-batch"
    assert {w.image_id for w in lake.catalog.waiting()} == set(ids[2:])


@pytest.mark.usefixtures("hasty")
def test_a_short_throttle_passes_and_a_long_one_has_just_its_messages_delivered_again(
    lake: Lake, intake: EventIntake
) -> None:
    ids, bodies = events_of(lake, 3)
    dynamodb_error(lake.catalog.client, "TransactWriteItems", THROTTLED, times=2)
    assert intake.take_all(bodies, now=NOON).failed == {}

    late = [s3_event(keys.raw_image(i), "02", removed=True) for i in ids]
    dynamodb_error(lake.catalog.client, "TransactWriteItems", THROTTLED, times=5)
    failed = intake.take_all(["poison", *late], now=NOON).failed
    assert sorted(failed) == [0, 1, 2, 3]
    assert isinstance(failed[0], InvalidInputError)
    assert isinstance(failed[1], LakeUnavailableError)
    assert intake.take_all(late, now=NOON).changed == 3


@pytest.mark.usefixtures("hasty")
def test_a_slow_s3_fails_only_the_message_of_its_image(lake: Lake, intake: EventIntake) -> None:
    ids, bodies = events_of(lake, 1)
    removal = s3_event(keys.raw_image(stored(lake, "other.jpg")), "05", removed=True)
    slow_down(lake.raw.client, "HeadObject", times=5, of=ids[0])
    delivery = intake.take_all([bodies[0], removal, bodies[0]], now=NOON)
    assert sorted(delivery.failed) == [0, 2]
    assert delivery.changed == 1
    assert ids[0] not in lake.catalog.entries(ids)


def test_an_answer_in_part_is_asked_for_again(lake: Lake, intake: EventIntake) -> None:
    ids, bodies = events_of(lake, 3)
    intake.take_all(bodies, now=NOON)
    rest = {"catalog": {"Keys": [{"image_id": {"S": image_id}} for image_id in ids]}}
    body = json.dumps({"Responses": {}, "UnprocessedKeys": rest}).encode()
    fault = Fault(lake.catalog.client, "BatchGetItem", times=2, status=200, body=body)
    assert lake.catalog.entries(ids).keys() == set(ids)
    assert len(fault.requests) == 3


@pytest.mark.parametrize("poison", ["[" * 100_000, '{"Records": ' * 50_000, "\ud800", "null", "7"])
def test_a_poisoned_message_holds_up_no_other_of_its_delivery(
    lake: Lake, intake: EventIntake, poison: str
) -> None:
    image_id = stored(lake)
    event = s3_event(keys.raw_image(image_id), "01")
    delivery = intake.take_all([poison, event], now=NOON)
    assert (delivery.changed, list(delivery.failed)) == (1, [0])
    assert isinstance(delivery.failed[0], InvalidInputError)


def test_a_key_that_only_looks_like_an_image_is_left_alone(lake: Lake, intake: EventIntake) -> None:
    image_id = stored(lake)
    assert intake.take(s3_event(f"images/{image_id}%0A", "01"), now=NOON) == 0
    assert lake.catalog.entries([f"{image_id}\n"]) == {}
