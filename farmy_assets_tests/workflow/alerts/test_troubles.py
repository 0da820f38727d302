"""What is a trouble: stale tasks, a high share of conflicts, a paused person; and what is none."""

from datetime import UTC, date, datetime

import pytest

from farmy_assets.lake.alerts import Trouble
from farmy_assets.lake.campaign_pages import MadePage
from farmy_assets.workflow.alerts.troubles import (
    TroubleLimits,
    campaign_troubles,
    failed_job_of,
    failed_run,
)

TODAY = date(2026, 6, 10)


def made(**changes: object) -> MadePage:
    fields = {
        "campaign": "weeds", "made_at": datetime(2026, 6, 10, tzinfo=UTC), "made_of": "1",
        "files": (), "images": 100, "settled_share": 0.5, "answered_twice": 0,
        "disputed_twice": 0, "open_conflicts": 0, "open_tasks": {}, "days_left": 1.0,
    }  # fmt: skip
    return MadePage.model_validate(fields | changes)


def troubles(page: MadePage | None, paused: dict[str, str] | None = None) -> list[Trouble]:
    found = campaign_troubles(
        "weeds", page, paused=paused or {}, limits=TroubleLimits(), today=TODAY
    )
    return list(found)


@pytest.mark.parametrize(("day", "is_stale"), [("2026-06-03", False), ("2026-06-02", True)])
def test_a_task_is_stale_once_its_batch_is_older_than_the_limit(day: str, is_stale: bool) -> None:
    found = troubles(made(open_tasks={"anna": {day: 2, "2026-06-09": 50}}))
    assert [t.title for t in found] == (["2 tasks of weeds are stale"] if is_stale else [])
    if is_stale:
        assert "anna (2)" in found[0].text


def test_the_people_with_most_stale_tasks_are_named_and_the_others_counted() -> None:
    days = {f"p{n}": {"2026-01-01": n} for n in range(1, 9)}
    (found,) = troubles(made(open_tasks=days))
    assert found.title == "36 tasks of weeds are stale"
    assert "p8 (8), p7 (7), p6 (6), p5 (5), p4 (4) and 3 more" in found.text


@pytest.mark.parametrize(
    ("answered", "disputed", "is_trouble"), [(29, 29, False), (30, 12, False), (30, 13, True)]
)
def test_conflicts_are_a_trouble_beyond_the_share_and_over_enough_images(
    answered: int, disputed: int, is_trouble: bool
) -> None:
    found = troubles(made(answered_twice=answered, disputed_twice=disputed))
    assert bool(found) == is_trouble


def test_a_paused_person_is_told_with_the_reason_also_before_there_is_a_page() -> None:
    (found,) = troubles(None, {"ben": "Gold answers were below 80 %."})
    assert found.title == "ben is paused in weeds"
    assert found.text.startswith("Gold answers were below 80 %.")


def test_a_failed_run_is_known_by_job_and_partition_and_tells_one_line() -> None:
    found = failed_run("votes_job", "weeds", "r1", "first\nsecond")
    again = failed_run("votes_job", "weeds", "r2", "another")
    assert found.key == again.key
    assert found.text == "Run r1: first"
    assert failed_job_of(found.key) == ("votes_job", "weeds")
    assert failed_job_of(failed_run("reconcile_job", "", "r", "").key) == ("reconcile_job", "")
    assert failed_job_of("stale-tasks:weeds") is None
