from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.defs.requests import LONGEST_PAUSE, EarlierRun, may_request_run, pause_after
from farmy_assets_tests.arrivals import NOON


def failed(seconds_ago: float) -> EarlierRun:
    ended_at = NOON - timedelta(seconds=seconds_ago)
    return EarlierRun(is_over=True, succeeded=False, ended_at=ended_at)


def test_undone_work_that_was_never_tried_is_asked_for() -> None:
    assert may_request_run([], now=NOON)


def test_nothing_is_asked_for_while_a_run_is_under_way() -> None:
    running = EarlierRun(is_over=False, succeeded=False, ended_at=None)
    assert not may_request_run([failed(999), running], now=NOON)


def test_failed_work_is_asked_for_again_after_a_pause() -> None:
    assert not may_request_run([failed(9)], now=NOON)
    assert may_request_run([failed(10)], now=NOON)


def test_the_pause_grows_with_failures_in_a_row() -> None:
    assert not may_request_run([failed(30), failed(60), failed(90)], now=NOON)
    assert may_request_run([failed(40), failed(60), failed(90)], now=NOON)


def test_a_success_in_between_ends_the_row_of_failures() -> None:
    success = EarlierRun(is_over=True, succeeded=True, ended_at=NOON)
    assert may_request_run([failed(10), success, failed(60), failed(90)], now=NOON)
    assert may_request_run([success], now=NOON)


@given(st.integers(0, 10_000))
def test_however_often_work_failed_it_is_tried_again_within_minutes(failures: int) -> None:
    assert pause_after(failures) <= pause_after(failures + 1) <= LONGEST_PAUSE
