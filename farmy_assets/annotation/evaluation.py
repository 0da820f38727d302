"""Evaluation: all that a campaign knows of one image, and what is counted over many of them.

An evaluated image holds who was asked, what was answered and the consensus that follows. Whatever
arrives is put into it without reading anything of other images, and in any order.

Images lie in pages by the first hexadecimal digits of their hashed ids. The number of digits
follows from the number of images alone, so that a page holds at most 128 images on average, and
at least 8 once there is more than one page.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.inboxes import Phase, reviewing
from farmy_assets.annotation.regions import STORED_AS
from farmy_assets.annotation.reviews import (
    Reopening,
    ReviewFacts,
    SampledImage,
    counted_as,
    review_results,
)
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.cleansed_set import KeptImage

IMAGES_A_PAGE = 128
ONLY_PAGE = "all"
_PAGES_A_DIGIT = 16
_DIGEST_BITS = 256


class BatchPart(Record):
    """What the records of one batch say of one image of a campaign."""

    batch_id: str
    image: KeptImage | None
    assignments: tuple[Assignment, ...]


class EvaluatedImage(Record):
    """All that a campaign knows of one image.

    Attributes:
        image_id: The image.
        image: Its cleansed copy; None when it has left the cleansed set.
        assignments: Who is asked to annotate it.
        adjudication: Which decisions and corrections were asked for after its first answers.
        votes: Every answer, in the order of their ids.
        consensus: What follows; None when nobody is asked, or it has left the cleansed set.
        reopenings: Every time that it was reopened.
        sampled: What the draw for reviews said of it; None while there was none.
    """

    image_id: str
    image: KeptImage | None = None
    assignments: tuple[Assignment, ...] = ()
    adjudication: tuple[Assignment, ...] = ()
    votes: tuple[Vote, ...] = ()
    consensus: ImageConsensus | None = None
    reopenings: tuple[Reopening, ...] = ()
    sampled: SampledImage | None = None

    def to_line(self) -> bytes:
        """The image as one line of JSON; what is empty is left out."""
        return self.model_dump_json(exclude_defaults=True).encode()

    def with_parts(
        self,
        *,
        batches: Iterable[BatchPart] = (),
        votes: Iterable[Vote] = (),
        adjudication: Iterable[Assignment] = (),
        reopenings: Iterable[Reopening] = (),
        samples: Iterable[SampledImage] = (),
    ) -> "EvaluatedImage":
        """The same with what arrived, whether or not it was there before; not judged yet."""
        image, assignments = self.image, list(self.assignments)
        for part in batches:
            image = part.image
            assignments = [a for a in assignments if a.batch_id != part.batch_id]
            assignments += part.assignments
        by_id = {vote.vote_id: vote for vote in (*self.votes, *votes)}
        given = {a.task_key: a for a in (*self.adjudication, *adjudication)}
        reopened = {r.to_json(): r for r in (*self.reopenings, *reopenings)}
        return EvaluatedImage(
            image_id=self.image_id,
            image=image,
            assignments=tuple(sorted(assignments, key=lambda a: (a.batch_id, a.person))),
            adjudication=tuple(given[task_key] for task_key in sorted(given)),
            votes=tuple(by_id[vote_id] for vote_id in sorted(by_id)),
            consensus=self.consensus,
            reopenings=tuple(sorted(reopened.values(), key=lambda r: (r.reopened_at, r.reason))),
            sampled=next(iter((*samples, self.sampled)), None),
        )

    def judged(self, campaign: Campaign, skills: AnnotatorSkills | None = None) -> "EvaluatedImage":
        """The same with the consensus that follows under the campaign's rules."""
        consensus = None
        if self.image and self.assignments:
            consensus = judge_image(
                self.image_id, assignments=self.assignments, votes=self.votes, campaign=campaign,
                skills=skills,
                review=ReviewFacts(
                    self.reopenings, self.sampled.is_chosen if self.sampled else None
                ),
            )  # fmt: skip
        return self.model_copy(update={"consensus": consensus})

    def lacks_adjudication(self, campaign: Campaign) -> bool:
        """Whether a decision is needed that nobody who is to make it was asked for."""
        judgement = self.consensus
        if judgement is None or not judgement.status.is_to_decide:
            return False
        people = {campaign.adjudicator.name}
        if self.is_for_a_reviewer:
            people = {person.name for person in reviewing(campaign)}
        return not any(
            given.task_key == judgement.adjudication_task_key and given.person in people
            for given in self.adjudication
        )

    @property
    def is_for_a_reviewer(self) -> bool:
        """Whether it is to be decided on as one of a sample, by whoever reviews."""
        judgement = self.consensus
        is_review = judgement is not None and judgement.status is ConsensusStatus.IN_REVIEW
        return is_review and not self.reopenings


def votes_behind(judgement: ImageConsensus) -> tuple[str, ...]:
    """The votes that a settled image's regions rest on, the adjudicator's among them."""
    decision = (judgement.decision_vote_id,) if judgement.decision_vote_id else ()
    return tuple(sorted({*judgement.vote_ids, *decision}))


def depth_for(images: int) -> int:
    """How many digits name a page, with so many images."""
    depth = 0
    while images > IMAGES_A_PAGE * _PAGES_A_DIGIT**depth:
        depth += 1
    return depth


def page_of(image_id: str, depth: int) -> str:
    """The name of the page that an image lies in."""
    return hashlib.sha256(image_id.encode()).hexdigest()[:depth] or ONLY_PAGE


class ContentDigest:
    """A digest of images with the votes behind them, in whatever order they are added.

    Digests of parts are added up as well: sha256 of each image's line, summed modulo 2^256.
    """

    def __init__(self) -> None:
        self._sum = 0

    def add(self, image_id: str, vote_ids: Iterable[str]) -> None:
        """Add one image with the ids of the votes behind it."""
        line = " ".join((image_id, *sorted(vote_ids)))
        self._sum += int.from_bytes(hashlib.sha256(line.encode()).digest())

    def add_part(self, digest: str) -> None:
        """Add all that another digest was made of."""
        self._sum += int(digest, 16)

    @property
    def value(self) -> str:
        """The digest in hexadecimal."""
        return f"{self._sum % 2**_DIGEST_BITS:064x}"


def _under_present_names(counts: dict[str, int]) -> dict[str, int]:
    return {ConflictKind(name).value: count for name, count in counts.items()}


CountsByKind = Annotated[dict[str, int], AfterValidator(_under_present_names)]


class PageCounts(Record):
    """What is counted over some images.

    Attributes:
        images: All of them, judged or not.
        statuses: Judged images by the value of their status.
        disputed: Images on which people differed, those that a quorum settled included.
        adjudications: Decisions that the adjudicator was ever asked for.
        unasked: Images to decide on that nobody who is to do so was asked about.
        sent_back: Images that wait for a corrected answer.
        reviews: What the reviews of samples came to, by `reviews.counted_as`.
        regions: Regions of releasable images by class.
        conflicts: Conflicts by kind, those that were settled included.
        errors: Errors that the adjudicator found, by kind.
        releasable: Digest of the releasable images and the votes behind them.
    """

    images: int = 0
    statuses: dict[str, int] = Field(default_factory=dict)
    disputed: int = 0
    adjudications: int = 0
    unasked: int = 0
    sent_back: int = 0
    reviews: dict[str, int] = Field(default_factory=dict)
    regions: dict[str, int] = Field(default_factory=dict, validation_alias=STORED_AS)
    conflicts: CountsByKind = Field(default_factory=dict)
    errors: CountsByKind = Field(default_factory=dict)
    releasable: str = "0"

    def count_of(self, status: ConsensusStatus) -> int:
        """How many images have this status."""
        return self.statuses.get(status.value, 0)

    @property
    def releasable_images(self) -> int:
        """How many images belong into a data set version."""
        return sum(self.count_of(s) for s in ConsensusStatus if s.is_releasable)

    @property
    def judged(self) -> int:
        """How many images were judged."""
        return sum(self.statuses.values())


@dataclass
class _Tally:
    images: int = 0
    disputed: int = 0
    adjudications: int = 0
    unasked: int = 0
    sent_back: int = 0
    reviews: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    releasable: ContentDigest = field(default_factory=ContentDigest)

    def counts(self) -> PageCounts:
        return PageCounts(
            images=self.images,
            statuses=_sorted(self.statuses),
            disputed=self.disputed,
            adjudications=self.adjudications,
            unasked=self.unasked,
            sent_back=self.sent_back,
            reviews=_sorted(self.reviews),
            regions=_sorted(self.regions),
            conflicts=_sorted(self.conflicts),
            errors=_sorted(self.errors),
            releasable=self.releasable.value,
        )


def counts_of(images: Iterable[EvaluatedImage], campaign: Campaign) -> PageCounts:
    """What is counted over these images, under the campaign's present rules."""
    tally = _Tally()
    for image in images:
        tally.images += 1
        tally.adjudications += sum(a.phase is Phase.ADJUDICATION for a in image.adjudication)
        tally.unasked += image.lacks_adjudication(campaign)
        if image.sampled:
            person = image.sampled.person
            tally.reviews.update(counted_as(person, r) for r in review_results(image.votes))
        if image.consensus:
            _count(tally, image.consensus)
    return tally.counts()


def _count(tally: _Tally, judgement: ImageConsensus) -> None:
    tally.statuses[judgement.status.value] += 1
    differences = (*judgement.conflicts, *judgement.outvoted)
    tally.disputed += bool(differences)
    tally.sent_back += judgement.sent_back is not None
    tally.conflicts.update(difference.kind.value for difference in differences)
    if judgement.status.is_releasable:
        tally.regions.update(region.label for region in judgement.regions)
        tally.errors.update(settled.kind.value for settled in judgement.settled_as)
        tally.releasable.add(judgement.image_id, votes_behind(judgement))


def total(pages: Iterable[PageCounts]) -> PageCounts:
    """What is counted over all of some pages."""
    tally = _Tally()
    for page in pages:
        tally.images += page.images
        tally.disputed += page.disputed
        tally.adjudications += page.adjudications
        tally.unasked += page.unasked
        tally.sent_back += page.sent_back
        for counted, of_page in (
            (tally.statuses, page.statuses),
            (tally.regions, page.regions),
            (tally.conflicts, page.conflicts),
            (tally.errors, page.errors),
            (tally.reviews, page.reviews),
        ):
            for name, count in of_page.items():  # quicker than Counter's update: many small ones
                counted[name] += count
        tally.releasable.add_part(page.releasable)
    return tally.counts()


def _sorted(counted: Counter[str]) -> dict[str, int]:
    return {name: counted[name] for name in sorted(counted)}
