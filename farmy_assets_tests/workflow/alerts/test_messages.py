"""One message a trouble and channel: when it begins, after some hours, and when it has passed."""

from datetime import UTC, datetime, timedelta

from farmy_assets.lake.alerts import AlertState, Trouble
from farmy_assets.workflow.alerts.messages import due, reachable, seen, with_sent

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
TROUBLE = Trouble(key="stale-tasks:weeds", title="3 tasks are stale", text="anna (3).")


def look(state: AlertState, *troubles: Trouble, hours: float = 0) -> AlertState:
    gone = state.troubles.keys() - {trouble.key for trouble in troubles}
    return seen(state, troubles, passed=gone, now=NOON + timedelta(hours=hours))


def sent(
    state: AlertState, *, hours: float = 0, channels: tuple[str, ...] = ("webhook",)
) -> tuple[AlertState, list[str]]:
    """The state after everything that is due was taken, and the titles of that."""
    now = NOON + timedelta(hours=hours)
    messages = list(due(state, channels, repeat_after=DAY, now=now))
    for message in messages:
        state = with_sent(state, message, now=now)
    return state, [message.title for message in messages]


def test_a_trouble_is_told_once_however_often_it_is_seen() -> None:
    state, titles = sent(look(AlertState(), TROUBLE))
    assert titles == ["3 tasks are stale"]
    for hours in (0.1, 5, 23):
        state, titles = sent(look(state, TROUBLE, hours=hours), hours=hours)
        assert titles == []


def test_a_trouble_that_stays_is_told_again_after_a_day_with_its_beginning() -> None:
    state, _ = sent(look(AlertState(), TROUBLE))
    messages = list(
        due(look(state, TROUBLE), ["webhook"], repeat_after=DAY, now=NOON + timedelta(hours=25))
    )
    assert [m.title for m in messages] == ["Still: 3 tasks are stale"]
    assert "Since 2026-06-01 12:00 UTC" in messages[0].text


def test_the_end_is_told_once_and_then_the_trouble_is_forgotten() -> None:
    state, _ = sent(look(AlertState(), TROUBLE))
    state, titles = sent(look(state, hours=1), hours=1)
    assert titles == ["Passed: 3 tasks are stale"]
    assert state.troubles == {}


def test_what_passed_before_anybody_heard_of_it_is_forgotten() -> None:
    assert look(look(AlertState(), TROUBLE)).troubles == {}


def test_each_channel_hears_of_it_by_itself() -> None:
    state, titles = sent(look(AlertState(), TROUBLE), channels=("webhook",))
    assert len(titles) == 1
    state, titles = sent(state, channels=("webhook", "e-mail"))
    assert titles == ["3 tasks are stale"]
    state, titles = sent(look(state, hours=1), channels=("e-mail",))
    assert titles == ["Passed: 3 tasks are stale"]
    assert list(state.troubles) == [TROUBLE.key]  # the webhook has not heard of its end yet
    assert reachable(state, {"e-mail"}).troubles == {}


def test_a_trouble_that_comes_back_before_its_end_was_told_is_the_same_one() -> None:
    state, _ = sent(look(AlertState(), TROUBLE))
    state, titles = sent(look(look(state, hours=1), TROUBLE, hours=2), hours=2)
    assert titles == []
    assert state.troubles[TROUBLE.key].ended_at is None


def test_a_trouble_of_which_nothing_is_known_at_a_look_stays() -> None:
    state, _ = sent(look(AlertState(), TROUBLE))
    assert seen(state, [], passed=(), now=NOON) == state
