"""A small campaign for the tests of the repositories."""

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_file import parse_campaign

RULES = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
"""


def campaign(**changes: object) -> Campaign:
    return parse_campaign(RULES).model_copy(update=changes)
