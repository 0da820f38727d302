"""From where on inboxes are read: what changed, and everything once a clock was set."""

from datetime import datetime, timedelta

import pytest

from farmy_assets.label_studio.connection import ServerClock
from farmy_assets.lake.votes import CopiedInboxes, InboxState
from farmy_assets.workflow.inbox_reading import EARLIEST, OVERLAP, ReadingPlan
from farmy_assets_tests.arrivals import NOON


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def state(seconds: float | None, *, answers: int = 3) -> InboxState:
    changed_at = None if seconds is None else at(seconds)
    return InboxState(
        changed_at=changed_at, tasks=5, annotations=answers, finished=answers, answers=answers
    )


def clock(there: float, *, ahead: float = 0) -> ServerClock:
    return ServerClock(there=at(there), here=at(there - ahead))


def plan(
    inboxes: dict[str, InboxState],
    *,
    now: ServerClock | None = None,
    read: float | None = None,
    begun: dict[str, datetime] | None = None,
) -> ReadingPlan:
    return ReadingPlan(
        CopiedInboxes(
            campaign="weeds", inboxes=inboxes, begun=begun or {},
            read_up_to={} if read is None else dict.fromkeys(inboxes, at(read)),
            clock_ahead_s=None if read is None else 0.0,
        ),
        now,
    )  # fmt: skip


LATER = OVERLAP.total_seconds()


@pytest.mark.parametrize(
    ("copied", "seen", "expected"),
    [
        ({}, {"anna": state(0)}, False),
        ({"anna": state(0)}, {"anna": state(1)}, False),
        ({"anna": state(0)}, {"anna": state(0, answers=4)}, False),
        ({"anna": state(0)}, {}, False),
        ({"anna": state(0), "ben": state(LATER - 1)}, {"anna": state(0)}, False),
        ({"anna": state(0), "ben": state(LATER)}, {"anna": state(0)}, True),
        ({"anna": state(None), "ben": state(0)}, {"anna": state(None)}, True),
    ],
    ids=["never copied", "changed", "more answers", "gone", "just quiet", "long quiet", "empty"],
)
def test_an_inbox_is_passed_over_once_it_was_quiet_when_it_was_copied(
    copied: dict[str, InboxState], seen: dict[str, InboxState], expected: bool
) -> None:
    assert plan(copied).is_quiet("anna", seen) is expected


def test_what_follows_the_last_look_is_read_and_a_little_before_it() -> None:
    before = {"anna": state(100)}
    assert plan(before).since("anna", state(120)) == at(100) - OVERLAP
    assert plan(before, read=200, now=clock(220)).since("anna", state(210)) == at(100) - OVERLAP
    assert plan({}).since("anna", state(0)) is None


def test_behind_a_change_that_is_dated_in_the_future_the_next_answers_are_read_all_the_same() -> (
    None
):
    before = {"anna": state(3600), "ben": state(10_000)}
    ahead = plan(before, read=60, now=clock(70))
    assert ahead.since("anna", state(3600)) == at(60) - OVERLAP
    assert not ahead.is_quiet("anna", {"anna": state(3600)})


@pytest.mark.parametrize(
    "now",
    [clock(-3600), clock(50, ahead=-3600), clock(3600, ahead=3500), clock(200, ahead=20)],
    ids=["behind the last look", "theirs was set back", "theirs was set forward", "a little"],
)
def test_after_a_clock_was_set_everything_is_read_once_and_no_recorded_time_is_believed(
    now: ServerClock,
) -> None:
    before = {"anna": state(0), "ben": state(60)}
    found = plan(before, read=100, now=now)
    assert found.is_clock_set
    assert found.since("anna", state(0)) is None
    assert not found.is_quiet("anna", before)
    assert found.trusted_until == EARLIEST
    after = ReadingPlan(found.noted(before, parts={}), now)
    assert not after.is_clock_set
    assert after.trusted_until == now.there + OVERLAP


def test_clocks_that_run_evenly_are_not_taken_for_set_ones() -> None:
    found = plan({"anna": state(0)}, read=100, now=clock(103, ahead=2))
    assert not found.is_clock_set


def test_an_inbox_whose_newest_change_is_gone_was_set_back_and_is_read_whole() -> None:
    found = plan({"anna": state(100)}, read=110, now=clock(300))
    assert found.since("anna", state(40)) is None
    assert found.since("anna", state(None)) is None


def test_what_was_read_in_part_goes_on_at_the_very_change_and_counts_as_not_copied() -> None:
    first = plan({"anna": state(100)}, read=110, now=clock(300))
    seen = {"anna": state(250), "ben": state(260)}
    noted = first.noted(seen, parts={"ben": at(90)})
    assert (set(noted.inboxes), noted.begun) == ({"anna"}, {"ben": at(90)})
    second = ReadingPlan(noted, clock(310))
    assert second.since("ben", seen["ben"]) == at(90)
    assert not second.is_quiet("ben", seen)
    assert second.noted(seen, parts={}).begun == {}


def test_a_state_that_was_noted_before_clocks_were_is_read() -> None:
    stored = plan({"anna": state(100)}).before.model_dump(mode="json")
    for later in ("read_up_to", "begun", "clock_ahead_s"):
        del stored[later]
    found = ReadingPlan(CopiedInboxes.model_validate(stored), clock(200))
    assert found.since("anna", None) == at(100) - OVERLAP


def test_what_is_looked_at_again_is_no_new_change() -> None:
    found = plan({"anna": state(100)}, begun={"ben": at(40)})
    assert found.read_before("anna", found.since("anna", state(120))) == at(100)
    assert found.read_before("ben", found.since("ben", state(120))) == at(40)
    assert found.read_before("cleo", found.since("cleo", state(120))) == EARLIEST
