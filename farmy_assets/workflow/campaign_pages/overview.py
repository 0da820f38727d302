"""The page of one campaign, for its lead: progress, stuck tasks, cost, hard classes and images."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup

from farmy_assets.annotation.campaign import PALETTE, Campaign
from farmy_assets.annotation.campaign_figures import (
    PACE_DAYS,
    CampaignFigures,
    PersonFigures,
    age_in_days,
)
from farmy_assets.annotation.figure_rows import ROWS
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.summed_figures import MEDIANS_AT_MOST
from farmy_assets.execution.page_templates import page_template
from farmy_assets.workflow.campaign_pages.charts import (
    AGE_COLOURS,
    AGES,
    Series,
    bars_by_day,
    by_age,
    days_until,
)
from farmy_assets.workflow.campaign_pages.drawn_images import DrawnImage, Shown, disputed_image

PHASE_COLOURS = {
    "held": "warn", "rejected": "quiet", "discarded": "quiet", "duplicate": "quiet",
    "cleansed": "tint", "annotation": "twin", "adjudication": "fail", "unlabellable": "quiet",
    "settled": "pass",
}  # fmt: skip
CONFLICT_MEANINGS = {
    "other_class": "the same object, another class",
    "missed": "few of those asked did not draw it",
    "extra": "few of those asked drew it",
    "loose": "the same object, drawn differently",
    "skipped": "somebody could not tell",
    "invalid": "an answer that cannot be read",
}
_SEVERAL = 100
_DAYS_FORESEEN = 3650
_HOUR_S = 3600


class Share(NamedTuple):
    """A part of a bar: its name, how many it stands for, and a class of the style sheet."""

    name: str
    number: int
    colour: str


class PersonRow(NamedTuple):
    """One annotator as the page shows him or her."""

    name: str
    colour: str
    card: str
    note: str
    answers: int
    open: int
    oldest_days: int | None
    holding: int
    holding_days: int | None
    a_day: float
    hours: float
    median_s: float | None
    ages: tuple[Share, ...]


class ClassRow(NamedTuple):
    """One class: settled objects of images that two or more answered, and conflicts by kind."""

    name: str
    settled: int
    conflicts: int
    by_kind: Mapping[str, int]
    per_hundred: float | None


def overview(
    campaign: Campaign,
    figures: CampaignFigures,
    shown: Shown,
    *,
    cards: Mapping[str, str],
    now: datetime,
) -> bytes:
    """The page, as UTF-8.

    Args:
        campaign: The campaign at its present version.
        figures: Its figures.
        shown: The images that it shows, with their pictures.
        cards: Person to the path of his or her scorecard.
        now: The time; ages and days left are counted from its day in UTC.
    """
    today = now.date()
    colours = colours_of(campaign, figures)
    left = figures.days_left(today=today)
    page = page_template(__package__, "campaign.html.jinja").render(
        title=f"Campaign {campaign.name}",
        campaign=campaign,
        figures=figures,
        made_at=f"{now:%Y-%m-%d %H:%M}",
        pace=figures.pace(today=today),
        pace_days=PACE_DAYS,
        days_left=left,
        expected_end=_end(today, left),
        phases=_phases(figures),
        chart=_chart(figures, today),
        people=[_person(name, campaign, figures, colours, cards, today) for name in colours],
        ages=[
            Share(text, 0, colour) for (_, _, text), colour in zip(AGES, AGE_COLOURS, strict=True)
        ],
        conflicts_open_days=_oldest(figures.in_conflict_since, today),
        conflict_kinds=_shares(figures.counts.conflicts),
        meanings=CONFLICT_MEANINGS,
        classes=class_rows(figures),
        drawn=_drawn(figures, shown, colours),
        colours=colours,
        medians=MEDIANS_AT_MOST,
        tables=list(ROWS),
    )
    return page.encode("utf-8", "replace")


def colours_of(campaign: Campaign, figures: CampaignFigures) -> dict[str, str]:
    """A colour for each person: the present annotators first, then those who left."""
    present = [person.name for person in campaign.annotators]
    names = [*present, *sorted(figures.people.keys() - set(present))]
    return {name: PALETTE[number % len(PALETTE)] for number, name in enumerate(names)}


def class_rows(figures: CampaignFigures) -> list[ClassRow]:
    """The classes with most conflicts for 100 settled objects first."""
    rows = []
    for name, found in figures.classes.items():
        conflicts = sum(found.conflicts.values())
        per_hundred = _SEVERAL * conflicts / found.settled if found.settled else None
        rows.append(ClassRow(name, found.settled, conflicts, found.conflicts, per_hundred))
    worst = float("inf")
    return sorted(
        rows,
        key=lambda r: (-(worst if r.per_hundred is None else r.per_hundred), -r.conflicts, r.name),
    )


def throughput(figures: CampaignFigures, *, today: date) -> Markup:
    """The chart of answers and decisions by day."""
    return _chart(figures, today)


def _chart(figures: CampaignFigures, today: date) -> Markup:
    series = (
        Series("answers", "twin", figures.answers_by_day(phase=Phase.ANNOTATION)),
        Series("decisions", "fail", figures.answers_by_day(phase=Phase.ADJUDICATION)),
    )
    return bars_by_day(days_until(today, *series), series, label="answers and decisions by day")


def _phases(figures: CampaignFigures) -> list[Share]:
    return [
        Share(name, count, PHASE_COLOURS[name]) for name, count in figures.phases().items() if count
    ]


def _shares(counts: Mapping[str, int]) -> list[tuple[str, int, float]]:
    """Name, count, and the count as a share of the largest; the most frequent first."""
    largest = max(counts.values(), default=0) or 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, count, count / largest) for name, count in ordered if count]


def _person(
    name: str,
    campaign: Campaign,
    figures: CampaignFigures,
    colours: Mapping[str, str],
    cards: Mapping[str, str],
    today: date,
) -> PersonRow:
    found = figures.people.get(name, PersonFigures())
    mine = [row for row in figures.days if row.person == name and row.phase == Phase.ANNOTATION]
    ages = zip(AGES, AGE_COLOURS, by_age(found.open_tasks, today=today), strict=True)
    return PersonRow(
        name=name,
        colour=colours[name],
        card=cards.get(name, ""),
        note="" if name in {person.name for person in campaign.annotators} else "left",
        answers=sum(row.answers for row in mine),
        open=sum(found.open_tasks.values()),
        oldest_days=_oldest(found.open_tasks, today),
        holding=sum(found.holding.values()),
        holding_days=_oldest(found.holding, today),
        a_day=figures.pace(today=today, person=name),
        hours=sum(row.lead_time_s for row in mine) / _HOUR_S,
        median_s=found.median_s,
        ages=tuple(Share(text, count, colour) for (_, _, text), colour, count in ages),
    )


def _oldest(by_day: Mapping[str, int], today: date) -> int | None:
    return age_in_days(min(by_day), today=today) if by_day else None


def _end(today: date, days_left: float | None) -> str:
    if days_left is None or days_left > _DAYS_FORESEEN:
        return ""
    return f"{today + timedelta(days=round(days_left)):%Y-%m-%d}"


def _drawn(
    figures: CampaignFigures, shown: Shown, colours: Mapping[str, str]
) -> Sequence[DrawnImage]:
    found = (disputed_image(shown, image.image_id, colours) for image in figures.worst)
    return [image for image in found if image]
