"""Gold: images with a known answer, who was given them, and what came of it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.gold import (
    GoldChange,
    GoldGiven,
    GoldImage,
    KnownAnswer,
    known_answers,
)
from farmy_assets.annotation.gold_counts import GoldAnswer, GoldSums
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_log import RecordLog
from farmy_assets.lake.record_store import RecordStore


class PersonsAnswers(Record):
    """The gold answers of one person, of each image the latest, by image id."""

    campaign: str
    person: str
    answers: tuple[GoldAnswer, ...] = ()


class GoldScores(Record):
    """What is counted over all gold answers of a campaign, and what it takes into account.

    Attributes:
        campaign: The campaign.
        campaign_version: The version of the rules that pauses were decided by.
        votes_up_to: All votes up to this number of the log are in it.
        changes_up_to: The same number for changes of what is known.
        pauses_up_to: Tasks follow all pauses up to this number, or were told to.
        people: Name to campaign version, as text, to what is counted.
    """

    campaign: str
    campaign_version: int = 0
    votes_up_to: int = 0
    changes_up_to: int = 0
    pauses_up_to: int = 0
    people: dict[str, dict[str, GoldSums]] = Field(default_factory=dict)


@dataclass(frozen=True)
class GoldRepository:
    """Reads and writes all that concerns gold."""

    records: RecordStore

    def changes(self, campaign: str) -> RecordLog[GoldChange]:
        """What became gold and what was retired, in order."""
        return RecordLog(self.records, partial(keys.gold_changes, campaign), GoldChange)

    def known(self, campaign: str) -> dict[str, KnownAnswer]:
        """Image id to its newest known answer, retired images included; reads all changes."""
        return known_answers(self.changes(campaign).all())

    def add(self, campaign: str, images: Sequence[GoldImage]) -> tuple[str, ...]:
        """Make images gold; those that are it already, with the same answer, are left out.

        Returns:
            The ids of those that were added, or that have a new answer.
        """

        def decide(changes: dict[int, GoldChange]) -> GoldChange | None:
            known = known_answers(changes)
            new = tuple(i for i in images if _is_new(i, known.get(i.image.image_id)))
            return GoldChange(campaign=campaign, added=new) if new else None

        added = self.changes(campaign).add(decide)
        return tuple(item.image.image_id for item in added.added) if added else ()

    def retire(self, campaign: str, image_ids: Collection[str]) -> tuple[str, ...]:
        """Give images out no more; returns those that were not retired by word before."""

        def decide(changes: dict[int, GoldChange]) -> GoldChange | None:
            known = known_answers(changes)
            some = sorted(i for i in image_ids if i in known and not known[i].is_retired)
            return GoldChange(campaign=campaign, retired=tuple(some)) if some else None

        retired = self.changes(campaign).add(decide)
        return retired.retired if retired else ()

    def given(self, campaign: str) -> GoldGiven:
        """Who was given which image as gold."""
        found = self.records.find(keys.gold_given(campaign), GoldGiven)
        return found or GoldGiven(campaign=campaign)

    def give(self, campaign: str, share: Callable[[GoldGiven], Sequence[Assignment]]) -> GoldGiven:
        """Give out more, by compare-and-swap; returns all that is given then.

        Args:
            campaign: The campaign.
            share: Called with what was given before; may be called more than once.
        """
        return self._change(campaign, lambda before: before.with_more(share(before)))

    def take_back(self, campaign: str, former: Collection[Assignment]) -> GoldGiven:
        """Note that tasks are no longer in the inboxes."""
        return self._change(campaign, lambda before: before.without(former))

    def _change(self, campaign: str, changed: Callable[[GoldGiven], GoldGiven]) -> GoldGiven:
        key = keys.gold_given(campaign)
        while True:
            found, etag = self.records.find_with_etag(key, GoldGiven)
            before = found or GoldGiven(campaign=campaign)
            after = changed(before)
            if after == before or self.records.bucket.put_if(key, after.to_json(), etag=etag):
                return after

    def answers(self, campaign: str, person: str) -> PersonsAnswers:
        """The gold answers of one person."""
        found = self.records.find(keys.gold_answers(campaign, person), PersonsAnswers)
        return found or PersonsAnswers(campaign=campaign, person=person)

    def write_answers(self, answers: Collection[PersonsAnswers]) -> None:
        """Write the gold answers of people over the former ones."""
        in_threads(
            lambda a: self.records.replace(keys.gold_answers(a.campaign, a.person), a), answers
        )

    def scores(self, campaign: str) -> tuple[GoldScores, str | None]:
        """What is counted over all answers, with the ETag for `write_scores`."""
        found, etag = self.records.find_with_etag(keys.gold_scores(campaign), GoldScores)
        return found or GoldScores(campaign=campaign), etag

    def write_scores(self, scores: GoldScores, *, etag: str | None) -> bool:
        """Write what is counted; False when it was changed since it was read."""
        key = keys.gold_scores(scores.campaign)
        return self.records.bucket.put_if(key, scores.to_json(), etag=etag)


def _is_new(image: GoldImage, known: KnownAnswer | None) -> bool:
    if known is None or known.is_retired:
        return True
    # Who knows it grows by the answers to the gold task itself, and is no other answer.
    return (image.image, image.regions) != (known.gold.image, known.gold.regions)
