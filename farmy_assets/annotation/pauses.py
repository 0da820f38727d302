"""Pauses: people who are asked nothing more until somebody says otherwise, and why.

A pause is a record beside the campaign's file, which a rule may write. It has the effect of a
person who left: open tasks go to others, answers stay.
"""

from collections.abc import Collection, Mapping

from pydantic import AwareDatetime

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.catalog.records import Record


class PauseChange(Record):
    """Somebody is paused, or works again.

    Attributes:
        campaign: The campaign.
        person: The name in it.
        is_paused: Whether it is a pause, or the end of one.
        reason: Why, in words that can be shown to the person.
        told: Who is to be told, by name or role.
        by: Who or what said so: a person's name or address, or `gold rule`.
        at: When.
        votes_up_to: The number in the log of votes up to which answers were known then. After a
            pause has ended, only later answers count.
    """

    campaign: str
    person: str
    is_paused: bool
    reason: str
    told: tuple[str, ...]
    by: str
    at: AwareDatetime
    votes_up_to: int


def current_changes(changes: Mapping[int, PauseChange]) -> dict[str, PauseChange]:
    """Of each person the newest change, from all of them by their numbers."""
    return {changes[number].person: changes[number] for number in sorted(changes)}


def paused_people(changes: Mapping[str, PauseChange]) -> frozenset[str]:
    """Who is paused now, from the newest change of each person."""
    return frozenset(name for name, change in changes.items() if change.is_paused)


def with_active_people(campaign: Campaign, paused: Collection[str]) -> Campaign:
    """The campaign as if its file said of these people that they are paused.

    Pauses that would leave nobody are not followed: images would wait for ever.

    Args:
        campaign: Its present rules.
        paused: The names of people whom a record has paused.
    """
    people = tuple(
        person.model_copy(update={"paused": True}) if person.name in paused else person
        for person in campaign.annotators
    )
    followed = campaign.model_copy(update={"annotators": people})
    return followed if followed.active_annotators else campaign
