"""Reassignment: what somebody has not answered in time, or will not answer, is given to others.

That is what people have open who left the campaign or are paused, and what is older than the
campaign's lease. Decided from the assignments and votes alone, so that a repeated run decides the
same, and decides nothing more once it is done. What somebody is at work on stays until he or she
has not touched it for as long as a lease.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from farmy_assets.annotation.assignments import Assignment, chance_of, least_busy
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.image_facts import NOTHING_KNOWN, Eligibility, ImageFacts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.votes import Vote, current_votes

USUAL_LEASE_DAYS = 1
"""For how long a task in work is left to somebody where the campaign has no lease."""


class Moves(NamedTuple):
    """What is taken from people, and what others are given for it."""

    taken_back: tuple[Assignment, ...]
    given: tuple[Assignment, ...]


def lease_of(campaign: Campaign) -> timedelta:
    """For how long a task in work is left to the person who works on it."""
    return timedelta(days=campaign.lease_days or USUAL_LEASE_DAYS)


def is_overdue(assignment: Assignment, campaign: Campaign, today: date) -> bool:
    """Whether a task, were it unanswered, is older than the campaign's lease.

    One that was given out before the campaign had a lease is as old as nobody knows, and stays.
    """
    lease, since = campaign.lease_days, assignment.from_day
    return lease is not None and since is not None and today - since > timedelta(days=lease)


def to_be_moved(
    assignments: Sequence[Assignment],
    *,
    campaign: Campaign,
    votes: Iterable[Vote],
    today: date,
) -> tuple[Assignment, ...]:
    """The unanswered assignments of people who left or are paused, and those that are overdue.

    Whoever was replaced after a skip is asked nothing more, also when the skip is taken back.

    Args:
        assignments: Of the annotation phase.
        campaign: The campaign at its present version.
        votes: All votes of the campaign. A skip is an answer, a withdrawn one is none.
        today: The day, for the lease.
    """
    active = {person.name for person in campaign.active_annotators}
    answered = {
        (vote.task_key, vote.inbox_person)
        for vote in current_votes(votes)
        if vote.phase is Phase.ANNOTATION and vote.person == vote.inbox_person
    }
    done = answered | {(a.task_key, a.replaces) for a in assignments if a.replaces}
    return tuple(
        a
        for a in assignments
        if (a.person not in active or is_overdue(a, campaign, today))
        and (a.task_key, a.person) not in done
    )


def reassign(
    former: Sequence[Assignment],
    *,
    campaign: Campaign,
    staying: Sequence[Assignment],
    members: Membership,
    facts: Mapping[str, ImageFacts] = NOTHING_KNOWN,
    taken_before: Iterable[Assignment] = (),
) -> Moves:
    """Who gets what is to be moved, each with its batch; days are booked by who writes it down.

    An image never comes to somebody who has it already, under whatever name: blind work stays
    blind. It comes back to somebody from whom it was taken only where nobody else is left. Of those
    who may be asked the least busy one is taken, by capacity, over everything that stays. Where
    there is nobody, the image loses the annotator who left, if somebody else has it; else the task
    stays where it is.

    Args:
        former: What is to be moved.
        campaign: The campaign at its present version.
        staying: All other assignments of the campaign's annotation phase.
        members: Tells under which addresses people were known.
        facts: What is known of the images, by id.
        taken_before: What was taken back from people earlier.
    """
    load = Counter(assignment.person for assignment in staying)
    holders: dict[str, set[str]] = defaultdict(set)
    for assignment in (*staying, *former):
        holders[assignment.image_id].add(assignment.person)
    had: dict[str, set[str]] = defaultdict(set)
    for assignment in taken_before:
        had[assignment.image_id].add(assignment.person)
    present = {person.name for person in campaign.annotators}
    eligibility = Eligibility(campaign, campaign.active_annotators)
    taken: list[Assignment] = []
    given: list[Assignment] = []
    for left in sorted(
        former, key=lambda a: (chance_of(campaign.name, a.image_id), a.image_id, a.person)
    ):
        have = holders[left.image_id] - {left.person}
        able = [
            p for p in eligibility.people_for(facts.get(left.image_id)) if p.name != left.person
        ]
        free = members.others(able, have)
        free = members.others(free, had[left.image_id]) or free
        if free:
            person = least_busy(free, load, chance=chance_of(campaign.name, left.image_id))
            have.add(person)
            load[person] += 1
            given.append(left.model_copy(update={"person": person, "from_day": None}))
        elif left.person in present or not have:
            load[left.person] += 1
            continue
        holders[left.image_id] = have
        taken.append(left)
    return Moves(tuple(taken), tuple(sorted(given, key=lambda a: (a.person, a.image_id))))
