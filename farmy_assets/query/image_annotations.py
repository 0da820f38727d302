"""Votes, consensus, conflicts and assignments of found images.

Votes and judgements are read from the pages of the evaluation that the found images lie in;
assignments once for each of their batches.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.region import Region
from farmy_assets.lake.lake import Lake


class Drawn(NamedTuple):
    """A region and who drew it; nobody in particular drew one that is settled."""

    region: Region
    person: str | None = None


@dataclass(frozen=True)
class ImageAnnotations:
    """What is known of one image's annotation.

    Attributes:
        settled: The regions that the judgement has settled.
        votes: The regions of the votes that the judgement rests on.
        conflicts: A sentence for each difference.
        status: Where its judgement stands; empty when it was not judged yet.
    """

    settled: Sequence[Drawn] = ()
    votes: Sequence[Drawn] = ()
    conflicts: Sequence[str] = ()
    status: str = ""


@dataclass
class AnnotationReader:
    """Reads assignments and evaluations as they are asked for, each once."""

    lake: Lake
    _known: dict[tuple[str, str], ImageAnnotations] = field(default_factory=dict)
    _assigned: dict[tuple[str, str], tuple[Assignment, ...]] = field(default_factory=dict)

    def read(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read what is known of many images at once, given as image id and campaign."""
        by_campaign: dict[str, list[str]] = defaultdict(list)
        for image_id, campaign in wanted:
            if campaign and (image_id, campaign) not in self._known:
                by_campaign[campaign].append(image_id)
        for campaign, image_ids in by_campaign.items():
            found = self.lake.evaluations.of_images(campaign, image_ids)
            for image_id in image_ids:
                image = found.get(image_id)
                known = _annotations(image) if image else ImageAnnotations()
                self._known[image_id, campaign] = known

    def of(self, image_id: str, campaign: str) -> ImageAnnotations:
        """What was drawn on an image."""
        self.read([(image_id, campaign)])
        return self._known.get((image_id, campaign), ImageAnnotations())

    def assignments(self, image_id: str, campaign: str, batch_id: str) -> list[Assignment]:
        """Who was asked about an image, adjudicators included."""
        if not campaign:
            return []
        return [
            assignment
            for page in (self._page(campaign, batch_id), self._page(campaign, ""))
            for assignment in page
            if assignment.image_id == image_id
        ]

    def _page(self, campaign: str, batch_id: str) -> tuple[Assignment, ...]:
        """The assignments of a batch; without one, the adjudicators'."""
        place = (campaign, batch_id)
        if place not in self._assigned:
            if batch_id:
                page = self.lake.assignments.of_batch(campaign, batch_id)
                self._assigned[place] = page.assignments if page else ()
            else:
                self._assigned[place] = self.lake.assignments.adjudication(campaign).assignments
        return self._assigned[place]


def _annotations(image: EvaluatedImage) -> ImageAnnotations:
    judgement = image.consensus
    if judgement is None:
        return ImageAnnotations()
    cast = [vote for vote in image.votes if vote.vote_id in judgement.vote_ids]
    return ImageAnnotations(
        settled=[Drawn(region) for region in judgement.regions],
        votes=[Drawn(region, vote.voter) for vote in cast for region in vote.regions],
        conflicts=[conflict.sentence for conflict in judgement.conflicts],
        status=judgement.status.value,
    )


def classes_of(drawn: Iterable[Drawn]) -> list[str]:
    """The classes that were drawn, each once, sorted."""
    return sorted({each.region.label for each in drawn})
