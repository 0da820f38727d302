"""What people say of duplicates: that one is none, or that it is one after all.

The word becomes a ruling; the sensor then has the image's batch cleansed anew. Earlier versions
compared photographs with those of all campaigns: what they left out for another campaign's can be
taken in.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple, Self

from farmy_assets.cleansing.checks import copy_checks
from farmy_assets.cleansing.cleansed_set import CleansedSet, Exclusion, ExclusionStatus
from farmy_assets.cleansing.compared_images import fingerprint_of
from farmy_assets.cleansing.duplicates import find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicies, CleansingPolicy
from farmy_assets.cleansing.rulings import Answer, Question, TriageDecision
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.cores import AllCores
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads


class Restored(NamedTuple):
    """What came of taking in everything that was left out for other campaigns' photographs.

    `others` is how many there were by campaign, `copies` those that stay out all the same.
    """

    taken_in: tuple[str, ...]
    copies: tuple[str, ...]
    others: dict[str, int]
    batches: tuple[str, ...]


def by_other_campaign(
    sets: Sequence[CleansedSet], kept_by: Mapping[str, str], *, restored: Collection[str] = ()
) -> dict[str, list[Exclusion]]:
    """What earlier versions left out of a campaign, by the other campaign that keeps its original.

    Args:
        sets: The cleansed sets of the campaign whose images were left out.
        kept_by: Image id to the other campaign that keeps it (`kept_elsewhere`).
        restored: Images that are left out of the answer.
    """
    found: dict[str, list[Exclusion]] = {}
    for page in sets:
        for item in page.excluded:
            other = kept_by.get(item.duplicate_of or "")
            is_duplicate = item.status is ExclusionStatus.DUPLICATE
            if is_duplicate and other and item.image_id not in restored:
                found.setdefault(other, []).append(item)
    return dict(sorted(found.items()))


def kept_elsewhere(lake: Lake, sets: Sequence[CleansedSet]) -> dict[str, str]:
    """The images of other campaigns that a campaign's duplicates look like, and who keeps them.

    Reads the catalog entries of those images, and the cleansed sets of their batches alone.

    Args:
        lake: Where both are.
        sets: The cleansed sets of one campaign.

    Returns:
        Image id to campaign, of those that are kept now.
    """
    own = {image_id for page in sets for image_id in page.image_ids}
    wanted = {e.duplicate_of for page in sets for e in page.excluded if e.duplicate_of} - own
    entries = lake.catalog.entries(sorted(wanted)) if wanted else {}
    batch_ids = {entry.batch_id for entry in entries.values() if entry.batch_id}
    pages = in_threads(partial(_of_batch, lake), sorted(batch_ids))
    kept = ((image.image_id, page.campaign) for page in pages if page for image in page.kept)
    return {image_id: campaign for image_id, campaign in kept if image_id in wanted}


def _of_batch(lake: Lake, batch_id: str) -> CleansedSet | None:
    return lake.cleansed_sets.of(lake.batches.read(batch_id).campaign, batch_id)


@dataclass(frozen=True)
class DuplicateRulings:
    """Looks up duplicates in the manifests, and takes people's word on them."""

    lake: Lake

    @classmethod
    def of(cls, lake: Lake) -> Self:
        """Over a lake's records and catalog."""
        return cls(lake)

    def duplicates(self, campaign: str) -> list[Exclusion]:
        """The images of a campaign that another one stands for, by the one that is kept."""
        found = [
            item
            for page in self.lake.cleansed_sets.all(campaign)
            for item in page.excluded
            if item.status is ExclusionStatus.DUPLICATE
        ]
        return sorted(found, key=lambda item: (item.duplicate_of or "", item.image_id))

    def of_other_campaigns(self, campaign: str) -> dict[str, list[Exclusion]]:
        """A campaign's images that were left out as copies of another campaign's, by its name.

        Left out of the answer are those that were restored already.
        """
        sets = self.lake.cleansed_sets.all(campaign)
        restored = self.lake.triage.current_decisions(campaign).no_duplicates
        return by_other_campaign(sets, kept_elsewhere(self.lake, sets), restored=restored)

    def restore_all(
        self, campaign: str, *, policies: CleansingPolicies, by: str, why: str, now: datetime
    ) -> Restored:
        """Take in what was left out as copies of other campaigns' photographs.

        Of several that show the same, and of those that the campaign itself keeps already, the
        copies stay out: by today's thresholds for each photograph's source.
        """
        found = self.of_other_campaigns(campaign)
        wanted = {item.image_id for items in found.values() for item in items}
        own = self.lake.cleansed_sets.all(campaign)
        concerned = [page for page in own if wanted.intersection(page.image_ids)]
        new = [
            fingerprint
            for page in concerned
            for image in self.lake.quality.read(page.batch_id)
            if image.quality.image_id in wanted
            and (fingerprint := fingerprint_of(image.quality)) is not None
        ]
        known = self.lake.duplicates.kept_by([page.batch_id for page in own])
        copies = find_duplicates(
            new,
            known,
            policy=policies.default,
            policies=self._by_source(wanted, policies),
            cores=AllCores(),
        )
        taken_in = wanted - copies.keys()
        pages = {i: page for page in concerned for i in page.image_ids if i in taken_in}
        batches = self._say(Answer.YES, pages, by=by, why=why, now=now)
        others = {name: len(items) for name, items in found.items()}
        return Restored(tuple(sorted(taken_in)), tuple(sorted(copies)), others, tuple(batches))

    def restore(
        self, image_ids: Sequence[str], *, by: str, why: str, now: datetime, campaign: str = ""
    ) -> list[str]:
        """Say that images are no duplicates: they are kept, beside those they looked like.

        Args:
            image_ids: The images.
            by: Who says so.
            why: The reason, for those who come later.
            now: When it is said.
            campaign: Where; by default in the campaign that each image came for.

        Returns:
            The batches that are cleansed anew for it.

        Raises:
            InvalidInputError: One of them is not excluded as a duplicate; nothing was said.
        """
        pages = self._pages(image_ids, campaign)
        duplicates = {e.image_id for p in pages.values() for e in p.excluded if e.duplicate_of}
        others = [image_id for image_id in image_ids if image_id not in duplicates]
        if others:
            msg = (
                f"not excluded as a duplicate: {', '.join(others)}; "
                "farmy duplicates list CAMPAIGN shows those that are"
            )
            raise InvalidInputError(msg)
        return self._say(Answer.YES, pages, by=by, why=why, now=now)

    def exclude(
        self, image_ids: Sequence[str], *, by: str, why: str, now: datetime, campaign: str = ""
    ) -> list[str]:
        """Say that restored images are duplicates after all; the arguments are as for `restore`.

        Returns:
            The batches that are cleansed anew for it.

        Raises:
            InvalidInputError: One of them was never restored; nothing was said.
        """
        pages = self._pages(image_ids, campaign)
        restored = {
            image_id
            for campaign in {page.campaign for page in pages.values()}
            for image_id in self.lake.triage.current_decisions(campaign).no_duplicates
        }
        others = [image_id for image_id in image_ids if image_id not in restored]
        if others:
            msg = f"never restored: {', '.join(others)}; only what was restored can be taken back"
            raise InvalidInputError(msg)
        return self._say(Answer.NO, pages, by=by, why=why, now=now)

    def _by_source(
        self, image_ids: Collection[str], policies: CleansingPolicies
    ) -> dict[str, CleansingPolicy]:
        """The policy of each image, by that of its source."""
        if not policies.by_source:
            return {}
        entries = self.lake.catalog.entries(sorted(image_ids))
        return {
            image_id: policies.for_source(entry.metadata.source)
            for image_id, entry in entries.items()
            if entry.metadata
        }

    def _pages(self, image_ids: Sequence[str], campaign: str) -> dict[str, CleansedSet]:
        """Image id to the manifest that the image stands in."""
        found = self._in_campaign(image_ids, campaign) if campaign else self._own(image_ids)
        lost = [image_id for image_id in image_ids if image_id not in found]
        if lost:
            where = f" of {campaign}" if campaign else ""
            msg = f"no cleansed batch{where} holds an image {lost[0]}"
            raise InvalidInputError(msg)
        return found

    def _own(self, image_ids: Sequence[str]) -> dict[str, CleansedSet]:
        """Of the batch of each image's own."""
        entries = self.lake.catalog.entries(sorted(set(image_ids)))
        batch_of = {i: entry.batch_id for i, entry in entries.items() if entry.batch_id}
        batch_ids = sorted(set(batch_of.values()))
        read = in_threads(partial(_of_batch, self.lake), batch_ids)
        pages = {batch_id: page for batch_id, page in zip(batch_ids, read, strict=True) if page}
        return {i: pages[batch_of[i]] for i in image_ids if batch_of.get(i) in pages}

    def _in_campaign(self, image_ids: Sequence[str], campaign: str) -> dict[str, CleansedSet]:
        """Of the campaign's batch that the image is in; reads all its cleansed sets."""
        wanted, found = set(image_ids), dict[str, CleansedSet]()
        for page in self.lake.cleansed_sets.all(campaign):
            for image_id in wanted.intersection(page.image_ids):
                is_of_itself = any(e.image_id == image_id == e.duplicate_of for e in page.excluded)
                if image_id not in found or not is_of_itself:
                    found[image_id] = page
        return found

    def _say(
        self, word: Answer, pages: dict[str, CleansedSet], *, by: str, why: str, now: datetime
    ) -> list[str]:
        rulings: dict[str, list[TriageDecision]] = {}
        for image_id, page in pages.items():
            reasons = {
                reason
                for item in page.excluded
                if item.image_id == image_id
                for reason in item.reasons
                if reason in {check.name for check in copy_checks()}
            }
            identity = ["duplicates", image_id, by, word, now.isoformat(), why]
            ruling = TriageDecision(
                ruling_id=hashlib.sha256(json.dumps(identity).encode()).hexdigest(),
                image_id=image_id, question=Question.DISTINCT, word=word,
                reasons=tuple(sorted(reasons)), by=by, at=now, why=why,
            )  # fmt: skip
            rulings.setdefault(page.campaign, []).append(ruling)
        for campaign, said in rulings.items():
            self.lake.triage.add_rulings(campaign, said)
        return sorted({page.batch_id for page in pages.values()})
