"""All files of a campaign's page, made anew from its figures, and kept for those who look at them.

Beside what `refresh_figures` reads: the pages of the evaluation and the copies of the few images
that are shown, at most twelve of the campaign and six of each person.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_figures import CampaignFigures
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.lake.campaign_pages import INDEX, MadePage
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_figures import refresh_figures
from farmy_assets.workflow.campaign_pages.csv_files import csv_files
from farmy_assets.workflow.campaign_pages.drawn_images import fetch
from farmy_assets.workflow.campaign_pages.overview import colours_of, overview
from farmy_assets.workflow.campaign_pages.scorecards import scorecard

AT_MOST_EVERY = timedelta(minutes=10)
SMALL_AT_MOST_EVERY = timedelta(minutes=2)
SMALL_IMAGES = 1_000
MORNING_HOUR = 5
"""From this hour of a day, in UTC, on a page of the day before is out of date."""


class CampaignPage(NamedTuple):
    """The files of a campaign's page by their paths, what they were made of, and a record of it."""

    files: dict[str, bytes]
    figures: CampaignFigures
    made: MadePage


def is_due(made: MadePage | None, made_of: str, *, now: datetime) -> bool:
    """Whether a campaign's page is to be made anew.

    A page that is there is left for ten minutes, however many votes come; that of a small campaign,
    which takes a second or two, for two minutes. Ages and days left change without a vote, so where
    something is open the page is remade each morning as well.

    Args:
        made: The page as it was last made.
        made_of: What it would be made of now; empty before the first evaluation.
        now: The time, in UTC.
    """
    if not made_of:
        return False
    if made is None:
        return True
    if made.made_of != made_of:
        pause = SMALL_AT_MOST_EVERY if made.images <= SMALL_IMAGES else AT_MOST_EVERY
        return now - made.made_at >= pause
    is_of_before = made.made_at.date() < now.date() and now.hour >= MORNING_HOUR
    return is_of_before and bool(made.open_tasks or made.open_conflicts)


def make_page(lake: Lake, campaign: Campaign, *, now: datetime, anew: bool = False) -> CampaignPage:
    """Make a campaign's page, its scorecards and its CSV files.

    Args:
        lake: Where everything is.
        campaign: The campaign at its present version.
        now: The time, in UTC.
        anew: Whether the figures are counted from every record again.

    Raises:
        LakeUnavailableError: The evaluation was laid out anew meanwhile; try again.
    """
    made_of = lake.campaign_pages.made_of(campaign.name, campaign.version)  # before it is read
    figures = refresh_figures(lake, campaign, anew=anew)
    people = list(colours_of(campaign, figures))
    cards = {person: f"scorecards/{person}.html" for person in people}
    wanted = [*figures.worst, *(i for p in figures.people.values() for i in p.examples)]
    shown = fetch(lake, campaign.name, dict.fromkeys(image.image_id for image in wanted))
    files = {INDEX: overview(campaign, figures, shown, cards=cards, now=now)}
    files |= {cards[person]: scorecard(figures, person, shown, now=now) for person in people}
    files |= csv_files(figures)
    return CampaignPage(files, figures, _made(figures, tuple(files), made_of, now))


def publish_page(
    lake: Lake, campaign: Campaign, *, now: datetime, anew: bool = False
) -> CampaignPage:
    """Make a campaign's page and keep it in the records, in place of the former one."""
    page = make_page(lake, campaign, now=now, anew=anew)
    lake.campaign_pages.publish(page.made, page.files)
    return page


def _made(
    figures: CampaignFigures, files: tuple[str, ...], made_of: str, now: datetime
) -> MadePage:
    left = figures.days_left(today=now.date())
    return MadePage(
        campaign=figures.campaign,
        made_at=now,
        made_of=made_of,
        files=files,
        images=figures.counts.judged,
        settled_share=round(figures.settled_share, 4),
        answered_twice=figures.answered_twice,
        disputed_twice=figures.disputed_twice,
        open_conflicts=figures.counts.count_of(ConsensusStatus.IN_CONFLICT),
        open_tasks={
            name: person.open_tasks for name, person in figures.people.items() if person.open_tasks
        },
        days_left=None if left is None else round(left, 2),
    )
