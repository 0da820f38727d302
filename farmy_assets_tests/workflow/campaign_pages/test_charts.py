"""Charts: the days that they show, and bars of the right height."""

import re
from datetime import date

from farmy_assets.workflow.campaign_pages.charts import (
    AGES,
    Series,
    bars_by_day,
    by_age,
    days_until,
)

TODAY = date(2026, 6, 30)


def days(**by_day: int) -> Series:
    return Series("answers", "twin", {f"2026-{k[1:3]}-{k[3:]}": n for k, n in by_day.items()})


def test_days_without_a_count_are_there_and_the_first_one_begins_the_chart() -> None:
    assert days_until(TODAY, days(d0628=1)) == ["2026-06-28", "2026-06-29", "2026-06-30"]
    assert days_until(TODAY, days()) == ["2026-06-30"]


def test_a_long_campaign_shows_its_last_sixty_days() -> None:
    shown = days_until(TODAY, days(d0101=1, d0629=1))
    assert (len(shown), shown[-1]) == (60, "2026-06-30")


def test_a_campaign_that_rests_shows_the_days_when_it_was_worked_on() -> None:
    shown = days_until(TODAY, days(d0301=1, d0305=2))
    assert (shown[0], shown[-1]) == ("2026-03-01", "2026-03-05")


def test_the_highest_pile_reaches_the_line_that_its_count_stands_at() -> None:
    answers, decisions = days(d0629=3, d0630=1), Series("decisions", "fail", {"2026-06-29": 1})
    shown = days_until(TODAY, answers)
    chart = bars_by_day(shown, [answers, decisions], label="x")
    heights = [float(h) for h in re.findall(r'height="([0-9.]+)"', chart)]
    assert heights == [66.0, 22.0, 22.0]
    assert ">4</text>" in chart


def test_names_in_a_chart_are_texts() -> None:
    chart = bars_by_day(["2026-06-29"], [days(d0629=1)._replace(name="<b>")], label='"><b>')
    assert "<b>" not in chart


def test_every_age_has_its_group() -> None:
    counts = {f"2026-06-{day:02}": 1 for day in range(1, 31)}
    assert by_age(counts, today=TODAY) == [2, 2, 4, 7, 15]
    assert by_age({"2026-07-01": 1}, today=TODAY)[0] == 1
    assert len(AGES) == 5
