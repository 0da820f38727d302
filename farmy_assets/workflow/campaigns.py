"""A campaign's new rules: checked, and stored as its next version.

The repository of campaigns compares rules with the votes that are there. Whether a campaign's query
for images can be answered, and which export formats there are, is known to rooms that it does not
import; so commands and programs apply rules by these functions.
"""

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.regions import ensure_kinds, ensure_names_are_no_kinds
from farmy_assets.datasets.formats import format_named
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.own_configs import ensure_own_config
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.selection import checked_selection


def check(lake: Lake, wanted: Campaign) -> Campaign | None:
    """Let new rules pass that can be applied; returns the present ones, if there are any.

    Raises:
        InvalidInputError: The query for images is not allowed, or does not fit the tables; there
            is no such export format or kind of region; its label config asks something else; or
            votes would lose what they say.
    """
    _check(wanted)
    _check_review(lake, wanted)
    return lake.campaigns.check(wanted)


def apply(lake: Lake, campaign: Campaign) -> Campaign:
    """Store the rules as the campaign's next version, unless they are the present ones.

    Returns the campaign as it now stands, with its version.

    Raises:
        InvalidInputError: Its query for images is not allowed, or does not fit the tables; there
            is no such export format or kind of region; or a class that people used would be renamed
            or removed, or a kind, a question or a value that votes hold.
    """
    _check(campaign)
    _check_review(lake, campaign)
    return lake.campaigns.apply(campaign)


def _check_review(lake: Lake, wanted: Campaign) -> None:
    """Refuse to leave out rules of review: Label Studio keeps controls that were used."""
    before = lake.campaigns.current(wanted.name)
    if before and before.review and not wanted.review:
        msg = (
            "review: it cannot be left out any more, because answers may have been sent back; "
            "write review: {rounds: 0, share: 0} to have nothing sent back and reviewed"
        )
        raise InvalidInputError(msg)


def _check(campaign: Campaign) -> None:
    for name in campaign.exports:
        format_named(name)
    ensure_kinds(campaign.regions)
    ensure_names_are_no_kinds(campaign.question_names)
    ensure_own_config(campaign)
    if campaign.image_query:
        checked_selection(campaign.image_query)
