"""Events come twice, late, out of order, and after deletions; the catalog stays right."""

import contextlib
import json
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.sequencers import comparable_sequencer
from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.reconcile import Reconciler
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
    story = [("09", False), ("0a", True), ("0A0001", False), ("0b", True)]
    for number, order in enumerate(permutations(story)):
        image_id = stored(lake, f"{number}.jpg")
        for sequencer, removed in order:
            intake.take(s3_event(keys.raw_image(image_id), sequencer, removed=removed), now=NOON)
        entry = lake.catalog.entries([image_id])[image_id]
        assert entry.state is EntryState.DELETED
        assert entry.sequencer == comparable_sequencer("0b")
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
def test_a_message_that_is_no_event_is_distinguished_from_a_fault(
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


def with_records(*records: object) -> str:
    return json.dumps({"Records": records})


def record_of(key: str, sequencer: str, *, removed: bool = False) -> dict[str, object]:
    found: dict[str, object] = json.loads(s3_event(key, sequencer, removed=removed))["Records"][0]
    return found


def older_form(lake: Lake, image_id: str, sequencer: str, state: str = "present") -> None:
    """An entry as it was written when sequencers were padded on the left."""
    lake.catalog.client.put_item(
        TableName="catalog",
        Item={"image_id": {"S": image_id}, "state": {"S": state},
              "sequencer": {"S": sequencer.upper().rjust(32, "0")}},
    )  # fmt: skip


EARLY, LATE = "0062E99A88DC407460", "0062E99A88DC4075"  # the later one is the shorter one


@pytest.mark.parametrize("together", [True, False], ids=["in one delivery", "in two"])
def test_a_later_event_with_a_shorter_sequencer_wins(
    lake: Lake, intake: EventIntake, together: bool
) -> None:
    image_id = stored(lake)
    put = s3_event(keys.raw_image(image_id), EARLY)
    delete = s3_event(keys.raw_image(image_id), LATE, removed=True)
    for order in ((put, delete), (delete, put)):
        for delivery in [order] if together else [[body] for body in order]:
            assert intake.take_all(list(delivery), now=NOON).failed == {}
        assert lake.catalog.entries([image_id])[image_id].state is EntryState.DELETED
        assert lake.catalog.waiting() == []
        lake.catalog.client.delete_item(TableName="catalog", Key={"image_id": {"S": image_id}})


@pytest.mark.parametrize(
    ("before", "event", "wins"),
    [
        (EARLY, LATE, True),
        (LATE, EARLY, False),
        (LATE, LATE, True),
        (LATE, f"{LATE}0", True),
        ("005B", "005A12345678901234", False),
        ("005A12345678901234", "005b", True),
        ("0", "01", True),
    ],
)
def test_an_entry_of_the_older_form_is_compared_rightly(
    lake: Lake, intake: EventIntake, before: str, event: str, wins: bool
) -> None:
    image_id = stored(lake)
    older_form(lake, image_id, before)
    body = s3_event(keys.raw_image(image_id), event, removed=True)
    assert intake.take(body, now=NOON) == wins
    entry = lake.catalog.entries([image_id])[image_id]
    assert entry.state is (EntryState.DELETED if wins else EntryState.PRESENT)
    if wins:
        assert entry.sequencer == comparable_sequencer(event)
        assert intake.take(body, now=NOON) == 1  # the same event again


def test_an_entry_of_the_older_form_keeps_its_batch(lake: Lake, intake: EventIntake) -> None:
    image_id = stored(lake)
    older_form(lake, image_id, EARLY)
    lake.catalog.mark_sealed([image_id], "some-batch")
    intake.take(s3_event(keys.raw_image(image_id), LATE), now=NOON)
    assert lake.catalog.entries([image_id])[image_id].batch_id == "some-batch"
    assert lake.catalog.waiting() == []


def test_an_entry_that_was_read_in_the_older_form_overwrites_no_later_event(
    lake: Lake, intake: EventIntake
) -> None:
    image_id = stored(lake)
    older_form(lake, image_id, EARLY)
    read = lake.catalog.entries([image_id])[image_id]
    assert lake.catalog.apply(read, now=NOON)
    intake.take(s3_event(keys.raw_image(image_id), LATE, removed=True), now=NOON)
    assert not lake.catalog.apply(read, now=NOON)
    assert lake.catalog.entries([image_id])[image_id].state is EntryState.DELETED


def test_reconcile_heals_what_the_older_order_decided_wrongly(
    lake: Lake, intake: EventIntake
) -> None:
    there, gone = stored(lake), arrival("gone.jpg", jpeg(7)).image_id
    older_form(lake, there, LATE, state="deleted")
    older_form(lake, gone, EARLY)
    drift = Reconciler.of(lake).reconcile(now=NOON)
    assert (drift.entries_added, drift.entries_marked_deleted) == (1, 1)
    found = lake.catalog.entries([there, gone])
    assert {i: e.state for i, e in found.items()} == {
        there: EntryState.PRESENT, gone: EntryState.DELETED,
    }  # fmt: skip
    assert intake.take(s3_event(keys.raw_image(there), EARLY, removed=True), now=NOON) == 0
    assert intake.take(s3_event(keys.raw_image(gone), LATE, removed=True), now=NOON) == 1


@pytest.mark.parametrize(
    "bad",
    [
        None, 7, "text", {}, {"eventName": 3}, {"eventName": "ObjectCreated:Put"},
        record_of("images/a", "0055AED6DCD9", removed=True) | {"s3": {"object": {}}},
        record_of("images/a", "not hexadecimal"), record_of("images/a", ""),
        {"eventName": "ObjectRemoved:Delete", "s3": {"bucket": {"name": "raw"}, "object": {
            "key": "images/a"}}},
    ],
)  # fmt: skip
def test_a_malformed_record_fails_its_message_but_not_its_neighbours(
    lake: Lake, intake: EventIntake, bad: object
) -> None:
    ids = [stored(lake, f"{number}.jpg") for number in range(3)]
    first, second, other = (record_of(keys.raw_image(image_id), "01") for image_id in ids)
    delivery = intake.take_all([with_records(first, bad, second), with_records(other)], now=NOON)
    assert delivery.changed == 3
    assert delivery.malformed_records == 1
    assert {w.image_id for w in lake.catalog.waiting()} == set(ids)
    assert list(delivery.failed) == [0]
    assert isinstance(delivery.failed[0], InvalidInputError)
    assert "record 2 of 3" in str(delivery.failed[0])


def versions_kept(lake: Lake, *, removed_at: str) -> tuple[str, str]:
    """An image that was deleted and brought back, and the event of its mark's removal."""
    lake.raw.client.put_bucket_versioning(
        Bucket="raw", VersioningConfiguration={"Status": "Enabled"}
    )
    image_id = stored(lake)
    key = keys.raw_image(image_id)
    mark = lake.raw.client.delete_object(Bucket="raw", Key=key)["VersionId"]
    lake.raw.client.delete_object(Bucket="raw", Key=key, VersionId=mark)
    event = record_of(key, removed_at, removed=True) | {"eventName": "ObjectRemoved:Delete"}
    return image_id, with_records(event)


@pytest.mark.parametrize("packing", ["one by one", "together"])
def test_an_image_whose_deletion_was_taken_back_is_there_again(
    lake: Lake, intake: EventIntake, packing: str
) -> None:
    image_id, taken_back = versions_kept(lake, removed_at="0A03")
    key = keys.raw_image(image_id)
    bodies = [s3_event(key, "0A01"), s3_event(key, "0A02", removed=True), taken_back]
    for bunch in [bodies] if packing == "together" else [[body] for body in bodies]:
        intake.take_all(bunch, now=NOON)
    assert lake.catalog.entries([image_id])[image_id].state is EntryState.PRESENT
    assert [waiting.image_id for waiting in lake.catalog.waiting()] == [image_id]


def test_an_image_whose_last_version_was_removed_is_gone(lake: Lake, intake: EventIntake) -> None:
    image_id, removed = versions_kept(lake, removed_at="0A03")
    lake.raw.client.delete_object(Bucket="raw", Key=keys.raw_image(image_id))
    intake.take_all([s3_event(keys.raw_image(image_id), "0A01"), removed], now=NOON)
    assert lake.catalog.entries([image_id])[image_id].state is EntryState.DELETED


def test_events_of_other_kinds_are_counted_and_fail_nothing(
    lake: Lake, intake: EventIntake, caplog: pytest.LogCaptureFixture
) -> None:
    image_id = stored(lake)
    others = [
        "ObjectRestore:Completed", "ObjectTagging:Put", "ObjectTagging:Put", "LifecycleTransition",
        "Replication:OperationFailedReplication", "SomethingNew:\n[FORGED]",
    ]  # fmt: skip
    records = [{"eventName": name, "s3": {"object": {"key": "images/x"}}} for name in others]
    body = with_records(*records, record_of(keys.raw_image(image_id), "01"))
    delivery = intake.take_all([body], now=NOON)
    assert (delivery.changed, delivery.failed, delivery.malformed_records) == (1, {}, 0)
    assert delivery.other_events["ObjectTagging:Put"] == 2
    assert sum(delivery.other_events.values()) == len(others)
    assert "'ObjectRestore:Completed'" in caplog.text
    assert "\n[FORGED]" not in caplog.text


def test_one_entry_that_the_catalog_refuses_fails_by_itself(
    lake: Lake, intake: EventIntake
) -> None:
    ids, bodies = events_of(lake, 3)
    dynamodb_error(lake.catalog.client, "TransactWriteItems", "ValidationException", times=1)
    delivery = intake.take_all(bodies, now=NOON)
    assert (delivery.changed, delivery.failed) == (3, {})
    assert {w.image_id for w in lake.catalog.waiting()} == set(ids)


HEX_TEXT = st.text("0123456789abcdefABCDEF", min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None,
          max_examples=40)  # fmt: skip
@given(first=HEX_TEXT, second=HEX_TEXT)
def test_of_two_events_the_one_that_s3_calls_later_decides(
    lake: Lake, intake: EventIntake, first: str, second: str
) -> None:
    image_id = stored(lake)
    lake.catalog.client.delete_item(TableName="catalog", Key={"image_id": {"S": image_id}})
    for sequencer, removed in ((first, False), (second, True)):
        intake.take(s3_event(keys.raw_image(image_id), sequencer, removed=removed), now=NOON)
    width = max(len(first), len(second))
    later = second.upper().ljust(width, "0") >= first.upper().ljust(width, "0")
    entry: CatalogEntry = lake.catalog.entries([image_id])[image_id]
    assert (entry.state is EntryState.DELETED) == later
