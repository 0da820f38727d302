"""Reassignment: what somebody who left the campaign did not answer is given to others.

Decided from the assignments and votes alone, so that a repeated run decides the same, and decides
nothing more once it is done.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from farmy_assets.annotation.assignments import Assignment, chance_of, least_busy
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.votes import Vote, current_votes


def unanswered_by_former(
    assignments: Iterable[Assignment], *, people: Collection[str], votes: Iterable[Vote]
) -> tuple[Assignment, ...]:
    """The assignments of people who are no longer asked, without an answer of their own.

    Args:
        assignments: Of the annotation phase.
        people: The names of those who are asked now.
        votes: All votes of the campaign. A skip is an answer, a withdrawn one is none.
    """
    answered = {
        (vote.task_key, vote.inbox_person)
        for vote in current_votes(votes)
        if vote.phase is Phase.ANNOTATION and vote.person == vote.inbox_person
    }
    return tuple(
        a for a in assignments if a.person not in people and (a.task_key, a.person) not in answered
    )


def reassign(
    former: Sequence[Assignment],
    *,
    campaign: Campaign,
    staying: Iterable[Assignment],
    members: Membership,
) -> tuple[Assignment, ...]:
    """New assignments in place of those that people left behind, each with its batch.

    An image never comes to somebody who has it already, under whatever name: blind work stays
    blind. Where nobody else is left, the image loses its second annotator. Of the others the least
    busy one is taken, by capacity, over everything that stays.

    Args:
        former: What is taken from people who left.
        campaign: The campaign at its present version.
        staying: All other assignments of the campaign's annotation phase.
        members: Tells under which addresses people were known.
    """
    load: Counter[str] = Counter()
    holders: dict[str, set[str]] = defaultdict(set)
    for assignment in staying:
        load[assignment.person] += 1
        holders[assignment.image_id].add(assignment.person)
    new: list[Assignment] = []
    for left in sorted(
        former, key=lambda a: (chance_of(campaign.name, a.image_id), a.image_id, a.person)
    ):
        have = holders[left.image_id]
        free = [p for p in campaign.active_annotators if not members.is_same_person(p.name, have)]
        if not free:
            continue
        person = least_busy(free, load, chance=chance_of(campaign.name, left.image_id))
        load[person] += 1
        have.add(person)
        new.append(left.model_copy(update={"person": person}))
    return tuple(sorted(new, key=lambda a: (a.person, a.image_id)))
