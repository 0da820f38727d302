"""A small campaign for the tests of the repositories."""

from collections.abc import Sequence

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.sharing_counters import SharingCounters

RULES = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
"""


def campaign(**changes: object) -> Campaign:
    return parse_campaign(RULES).model_copy(update=changes)


def as_given(_counters: SharingCounters, new: Sequence[Assignment]) -> Sequence[Assignment]:
    """No days for assignments that are moved: in these campaigns days do not count."""
    return new
