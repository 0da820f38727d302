"""A scorecard that one annotator can be shown: own figures alone, and nobody else's name."""

from datetime import date, datetime
from typing import NamedTuple

from markupsafe import Markup

from farmy_assets.annotation.campaign_figures import (
    PACE_DAYS,
    CampaignFigures,
    PersonFigures,
    age_in_days,
)
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.page_figures import PersonClass
from farmy_assets.annotation.summed_figures import MEDIANS_AT_MOST
from farmy_assets.execution.page_templates import page_template
from farmy_assets.workflow.campaign_pages.charts import Series, bars_by_day, days_until
from farmy_assets.workflow.campaign_pages.drawn_images import (
    OWN,
    SETTLED,
    Shown,
    corrected_image,
)


class ClassRow(NamedTuple):
    """One class of one person.

    Attributes:
        found: Of the settled regions of this class, the share that was drawn with it; None where
            there is none.
        drawn_right: Of the regions that were drawn with this class, the share that was settled so;
            None where none was drawn.
    """

    name: str
    figures: PersonClass
    found: float | None
    drawn_right: float | None


def scorecard(figures: CampaignFigures, person: str, shown: Shown, *, now: datetime) -> bytes:
    """The page, as UTF-8.

    Args:
        figures: Those of the campaign.
        person: The annotator.
        shown: The images that it shows, with their pictures.
        now: The time.
    """
    today = now.date()
    mine = figures.people.get(person, PersonFigures())
    days = [d for d in figures.days if d.person == person and d.phase == Phase.ANNOTATION]
    examples = (corrected_image(shown, image.image_id, person) for image in mine.examples)
    page = page_template(__package__, "scorecard.html.jinja").render(
        title=f"{person} in {figures.campaign}",
        person=person,
        made_at=f"{now:%Y-%m-%d %H:%M}",
        answers=sum(day.answers for day in days),
        skipped=sum(day.skipped for day in days),
        hours=sum(day.lead_time_s for day in days) / 3600,
        cut_off=sum(day.cut_off for day in days),
        medians=MEDIANS_AT_MOST,
        open_tasks=sum(mine.open_tasks.values()),
        oldest=age_in_days(min(mine.open_tasks), today=today) if mine.open_tasks else None,
        pace=figures.pace(today=today, person=person),
        pace_days=PACE_DAYS,
        median_s=mine.median_s,
        chart=_chart(figures, person, today),
        classes=[_class_row(name, found) for name, found in mine.classes.items()],
        everything=_together(mine),
        drawn=[image for image in examples if image],
        own_colour=OWN,
        settled_colour=SETTLED,
    )
    return page.encode("utf-8", "replace")


def _chart(figures: CampaignFigures, person: str, today: date) -> Markup:
    by_day = figures.answers_by_day(phase=Phase.ANNOTATION, person=person)
    series = (Series("answers", "twin", by_day),)
    return bars_by_day(days_until(today, *series), series, label="answers by day")


def _class_row(name: str, found: PersonClass) -> ClassRow:
    there = found.agreed + found.missed + found.other_class
    # Which class was drawn in place of another one is not counted, so these stand on neither side.
    drawn = found.agreed + found.extra
    return ClassRow(
        name, found,
        found=found.agreed / there if there else None,
        drawn_right=found.agreed / drawn if drawn else None,
    )  # fmt: skip


def _together(mine: PersonFigures) -> ClassRow:
    found = PersonClass(
        agreed=sum(c.agreed for c in mine.classes.values()),
        missed=sum(c.missed for c in mine.classes.values()),
        other_class=sum(c.other_class for c in mine.classes.values()),
        extra=sum(c.extra for c in mine.classes.values()),
    )
    return _class_row("all classes", found)
