"""All files of a campaign's page, made anew from its figures, and kept for those who look at them.

Beside what `refresh_figures` reads: the pages of the evaluation and the copies of the few images
that are shown, at most twelve of the campaign and six of each person.
"""

from datetime import datetime
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


class CampaignPage(NamedTuple):
    """The files of a campaign's page by their paths, what they were made of, and a record of it."""

    files: dict[str, bytes]
    figures: CampaignFigures
    made: MadePage


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
    figures = refresh_figures(lake, campaign, anew=anew)
    people = list(colours_of(campaign, figures))
    cards = {person: f"scorecards/{person}.html" for person in people}
    wanted = [*figures.worst, *(i for p in figures.people.values() for i in p.examples)]
    shown = fetch(lake, campaign.name, dict.fromkeys(image.image_id for image in wanted))
    files = {INDEX: overview(campaign, figures, shown, cards=cards, now=now)}
    files |= {cards[person]: scorecard(figures, person, shown, now=now) for person in people}
    files |= csv_files(figures)
    return CampaignPage(files, figures, _made(figures, tuple(files), now))


def publish_page(
    lake: Lake, campaign: Campaign, *, now: datetime, anew: bool = False
) -> CampaignPage:
    """Make a campaign's page and keep it in the records, in place of the former one."""
    page = make_page(lake, campaign, now=now, anew=anew)
    lake.campaign_pages.publish(page.made, page.files)
    return page


def _made(figures: CampaignFigures, files: tuple[str, ...], now: datetime) -> MadePage:
    left = figures.days_left(today=now.date())
    return MadePage(
        campaign=figures.campaign,
        made_at=now,
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
