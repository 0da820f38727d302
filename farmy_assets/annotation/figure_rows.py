"""The figures of a campaign as rows: of tables for SQL, of CSV files and of Dagster's metadata."""

from collections import Counter
from collections.abc import Iterator

from farmy_assets.annotation.campaign_figures import CampaignFigures
from farmy_assets.annotation.inboxes import Phase

Row = dict[str, str | int | float]


def annotator_days(figures: CampaignFigures) -> Iterator[Row]:
    """One row for each phase, person and day with an answer."""
    for row in figures.days:
        yield {"campaign": figures.campaign, **row.model_dump()}


def annotator_classes(figures: CampaignFigures) -> Iterator[Row]:
    """One row for each person and class, over settled images that two or more answered."""
    for name, person in figures.people.items():
        for label, found in person.classes.items():
            yield {
                "campaign": figures.campaign,
                "person": name,
                "label": label,
                **found.model_dump(),
            }


def campaign_progress(figures: CampaignFigures) -> Iterator[Row]:
    """One row a day on which something was answered or settled.

    `settled_so_far` counts the images that are settled as of now by the day of their last vote.
    """
    answers: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    times: Counter[str] = Counter()
    by_phase = {Phase.ANNOTATION.value: answers, Phase.ADJUDICATION.value: decisions}
    for row in figures.days:
        if row.phase in by_phase:
            by_phase[row.phase][row.day] += row.answers
        times[row.day] += round(row.lead_time_s)
    settled_so_far = 0
    for day in sorted({*answers, *decisions, *figures.settled_on}):
        settled = figures.settled_on.get(day, 0)
        settled_so_far += settled
        yield {
            "campaign": figures.campaign,
            "day": day,
            "answers": answers[day],
            "decisions": decisions[day],
            "images_settled": settled,
            "settled_so_far": settled_so_far,
            "lead_time_s": times[day],
        }


ROWS = {
    "annotator_days": annotator_days,
    "annotator_classes": annotator_classes,
    "campaign_progress": campaign_progress,
}
"""The rows of each table by its name."""
