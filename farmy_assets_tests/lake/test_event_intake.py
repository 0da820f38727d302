"""Events come twice, late, out of order, and after deletions; the catalog stays right."""

import contextlib
import json
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farmy_assets.catalog.entry import EntryState, padded_sequencer
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.event_intake import EventIntake
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, arrival, jpeg, s3_event


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
