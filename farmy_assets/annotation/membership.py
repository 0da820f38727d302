"""Who belongs to a campaign, and who once did: people come, leave, and come back.

What somebody answered stays his or hers after leaving; what was not answered goes to others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from farmy_assets.annotation.assignments import chance_of
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.inboxes import Inbox, Phase, inboxes_of, triage_inboxes_of


@dataclass(frozen=True)
class Membership:
    """All versions of one campaign's rules, the oldest first."""

    versions: Sequence[Campaign]

    def addresses_of(self, person: str) -> frozenset[str]:
        """Every address that a name ever stood for in this campaign."""
        return self._addresses.get(person, frozenset())

    def inboxes(self, *phases: Phase) -> list[Inbox]:
        """The inboxes of these phases that anybody of the campaign ever had, by key."""
        found = {
            inbox.key: inbox
            for version in self.versions
            for inbox in (*inboxes_of(version), *triage_inboxes_of(version))
            if inbox.phase in phases
        }
        return [found[key] for key in sorted(found)]

    def is_same_person(self, person: str, others: Iterable[str]) -> bool:
        """Whether a name, or an address that it ever had, is also one of the others'."""
        known = self._addresses
        mine = known.get(person, frozenset())
        return any(person == other or mine & known.get(other, frozenset()) for other in others)

    def others(self, people: Iterable[Person], names: Collection[str]) -> list[Person]:
        """Those of the people who are none of the named ones, under whatever name."""
        return [person for person in people if not self.is_same_person(person.name, names)]

    @cached_property
    def _addresses(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for version in self.versions:
            for person in (
                *version.annotators, version.adjudicator, *version.triagers, *version.reviewers
            ):  # fmt: skip
                found[person.name].add(person.email)
        return {name: frozenset(emails) for name, emails in found.items()}


def can_decide(campaign: Campaign, judgement: ImageConsensus, members: Membership) -> bool:
    """Whether the campaign's adjudicator may decide on an image: nobody adjudicates own work."""
    return not members.is_same_person(campaign.adjudicator.name, judgement.people)


def reviewer_for(
    image_id: str, drawn_by: Iterable[str], *, campaign: Campaign, members: Membership
) -> Person | None:
    """Who reviews an image: chance takes one of the reviewers; nobody reviews own work.

    Where all reviewers have drawn it, the adjudicator does; None when he or she has drawn it too.
    """
    people = list(drawn_by)
    free = [p for p in campaign.people_for_review if not members.is_same_person(p.name, people)]
    if free:
        return free[chance_of(campaign.name, image_id) % len(free)]
    adjudicator = campaign.adjudicator
    return None if members.is_same_person(adjudicator.name, people) else adjudicator
