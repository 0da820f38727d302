"""A campaign's new rules: checked, and stored as its next version.

The repository of campaigns compares rules with the votes that are there. Whether a campaign's query
for images can be answered is known to the query layer, which the repository does not import; so
commands and programs apply rules by these functions.
"""

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.selection import checked_selection


def check(lake: Lake, wanted: Campaign) -> Campaign | None:
    """Let new rules pass that can be applied; returns the present ones, if there are any.

    Raises:
        InvalidInputError: The query for images is not allowed, or does not fit the tables; or
            votes would lose their class.
    """
    if wanted.image_query:
        checked_selection(wanted.image_query)
    return lake.campaigns.check(wanted)


def apply(lake: Lake, campaign: Campaign) -> Campaign:
    """Store the rules as the campaign's next version, unless they are the present ones.

    Returns the campaign as it now stands, with its version.

    Raises:
        InvalidInputError: Its query for images is not allowed, or does not fit the tables; or a
            class that people used would be renamed or removed.
    """
    if campaign.image_query:
        checked_selection(campaign.image_query)
    return lake.campaigns.apply(campaign)
