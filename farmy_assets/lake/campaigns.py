"""Campaigns: every version of their rules, numbered, never changed."""

from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from farmy_assets.annotation.campaign import Campaign, same_rules
from farmy_assets.annotation.campaign_changes import orphaned_classes
from farmy_assets.annotation.class_history import removed_classes, with_history
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.question_changes import may_orphan, orphaned_answers
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.votes import VoteRepository


@dataclass(frozen=True)
class CampaignRepository:
    """All campaigns that were ever applied."""

    records: RecordStore

    def named(self, name: str) -> Campaign:
        """The present version of a campaign.

        Raises:
            InvalidInputError: It was never applied.
        """
        campaign = self.current(name)
        if campaign is None:
            msg = f"there is no campaign {name}; apply one: farmy campaign apply FILE"
            raise InvalidInputError(msg)
        return campaign

    def names(self) -> list[str]:
        """The names of all campaigns."""
        found = [(key, key.split("/")[1]) for key in self.records.bucket.keys("campaigns/")]
        ours = (n for key, n in found if keys.numbers([key], partial(keys.campaign_version, n)))
        named = sorted(set(ours))
        read = in_threads(self.current, named)  # a foreign object may have a campaign's form of key
        return [name for name, campaign in zip(named, read, strict=True) if campaign]

    def current(self, name: str) -> Campaign | None:
        """The newest version of a campaign's rules, or None when there is no such campaign."""
        for number in reversed(self._numbers(name)):
            found = self.records.ours(keys.campaign_version(name, number), Campaign)
            if found:
                return found
        return None

    def versions(self, name: str) -> list[Campaign]:
        """Every version of a campaign's rules, the oldest first."""
        return self.records.read_all(keys.campaign_versions(name), Campaign)

    def _numbers(self, name: str) -> list[int]:
        found = self.records.bucket.keys(keys.campaign_versions(name))
        return keys.numbers(found, partial(keys.campaign_version, name))

    def members(self, name: str) -> Membership:
        """Who belongs to a campaign, and who once did."""
        return Membership(self.versions(name))

    def apply(self, campaign: Campaign) -> Campaign:
        """Store the rules as the campaign's next version, unless they are the present ones.

        The query for images is stored as it is: `workflow.campaigns.apply` checks it before.

        Returns the campaign as it now stands, with its version.

        Raises:
            InvalidInputError: A class that people used, or a kind of region, a question or a value
                of which there are votes, would be removed; or a name or an id would get another
                meaning.
        """
        while True:
            present = self.check(campaign)
            wanted = self._continued(present, campaign)
            if present and same_rules(present, wanted):
                return present
            version = max(self._numbers(campaign.name), default=0) + 1
            stored = wanted.model_copy(update={"version": version})
            if self.records.write_once(keys.campaign_version(campaign.name, version), stored):
                return stored

    def check(self, wanted: Campaign) -> Campaign | None:
        """Let new rules pass that can be applied; returns the present ones, if there are any.

        Votes are read only if something is taken away that they could hold.

        Raises:
            InvalidInputError: Votes would lose their class, or what they answer; or a name or an id
                would get another meaning.
        """
        present = self.current(wanted.name)
        if present is None:
            return None
        self._continued(present, wanted)
        orphaned = self._orphaned(present, wanted)
        if orphaned:
            problems = "\n".join(f"  {sentence}" for sentence in orphaned)
            msg = (
                f"campaign {wanted.name} is not changed: votes would lose what they say\n"
                f"{problems}\n"
                "keep these classes, kinds, questions and values (more can be added); or say what "
                "becomes of a class: `merges: [id]` at another one, `split_into: [ids]` or "
                "`retired: true` at this one, or its id with another name"
            )
            raise InvalidInputError(msg)
        return present

    def _continued(self, present: Campaign | None, wanted: Campaign) -> Campaign:
        try:
            return with_history(present, wanted)
        except ValidationError as error:
            problems = "\n".join(
                f"  {line.removeprefix('Value error, ')}"
                for detail in error.errors(include_url=False, include_context=False)
                for line in detail["msg"].split("; ")
            )
            msg = f"campaign {wanted.name} is not changed:\n{problems}"
            raise InvalidInputError(msg) from error

    def _orphaned(self, present: Campaign, wanted: Campaign) -> list[str]:
        if not removed_classes(present, wanted) and not may_orphan(present, wanted):
            return []
        votes = VoteRepository(self.records).all(wanted.name)
        classes = (item.sentence for item in orphaned_classes(present, wanted, votes))
        return [*classes, *orphaned_answers(present, wanted, votes)]
