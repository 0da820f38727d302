from datetime import timedelta

import pytest

from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.pace import Pace, paces
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import NOON, vote

NOW = NOON + timedelta(days=3)


def answer(number: int, *, hours_ago: float, name: str = "anna", **changes: object) -> Vote:
    told = {"task_key": f"t{number}", "submitted_at": NOW - timedelta(hours=hours_ago)}
    return vote(name, vote_id=f"{name} {number} {hours_ago}", **told | changes)


def test_answers_are_counted_by_person_and_in_all() -> None:
    votes = [answer(n, hours_ago=0.5) for n in range(3)]
    votes += [answer(n, hours_ago=20, name="ben") for n in range(12)]
    votes += [answer(n + 50, hours_ago=60, name="ben") for n in range(100)]
    each, together = paces(votes, now=NOW)
    assert (each["anna"].last_hour, each["anna"].last_day) == (3, 3)
    assert (each["ben"].last_hour, each["ben"].last_day) == (0, 12)
    assert each["ben"].per_hour == pytest.approx(12 / 24)
    assert (together.last_hour, together.last_day) == (3, 15)
    assert together.hours_for(30) == pytest.approx(48)


def test_the_speed_of_a_first_morning_is_computed_from_that_morning() -> None:
    each, _ = paces([answer(n, hours_ago=2) for n in range(10)], now=NOW)
    assert each["anna"].per_hour == pytest.approx(5)


def test_an_edit_is_no_second_answer_and_only_own_drawing_counts() -> None:
    votes = [
        answer(1, hours_ago=3), answer(1, hours_ago=1),
        answer(2, hours_ago=1, outcome=Outcome.WITHDRAWN),
        answer(3, hours_ago=1, phase=Phase.ADJUDICATION),
        answer(4, hours_ago=1, person="ben"),
    ]  # fmt: skip
    each, together = paces(votes, now=NOW)
    assert each.keys() == {"anna"}
    assert together.last_day == 1


def test_while_nobody_answers_no_end_is_foreseen() -> None:
    each, together = paces([], now=NOW)
    assert (each, together) == ({}, Pace())
    assert together.hours_for(5) is None
    assert together.hours_for(0) == 0
