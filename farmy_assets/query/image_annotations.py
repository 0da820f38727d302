"""Votes, consensus, conflicts and assignments of found images.

Votes and judgements are read once for each campaign that a found image is of; assignments once for
each of its batches.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.boxes import Box
from farmy_assets.lake.lake import Lake


class Drawn(NamedTuple):
    """A box and who drew it; nobody in particular drew one that is settled."""

    box: Box
    person: str | None = None


@dataclass(frozen=True)
class ImageAnnotations:
    """What is known of one image's annotation.

    Attributes:
        settled: The boxes that the judgement has settled.
        votes: The boxes of the votes that the judgement rests on.
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
    _judged: dict[str, dict[str, ImageAnnotations]] = field(default_factory=dict)
    _assigned: dict[tuple[str, str], tuple[Assignment, ...]] = field(default_factory=dict)

    def of(self, image_id: str, campaign: str) -> ImageAnnotations:
        """What was drawn on an image."""
        if campaign not in self._judged:
            self._judged[campaign] = dict(self._of_campaign(campaign)) if campaign else {}
        return self._judged[campaign].get(image_id, ImageAnnotations())

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

    def _of_campaign(self, campaign: str) -> Iterator[tuple[str, ImageAnnotations]]:
        state = self.lake.evaluations.current(campaign)
        votes = {vote.vote_id: vote for vote in self.lake.votes.all(campaign)} if state else {}
        for judgement in state.judgements if state else ():
            cast = [votes[vote_id] for vote_id in judgement.vote_ids if vote_id in votes]
            yield (
                judgement.image_id,
                ImageAnnotations(
                    settled=[Drawn(box) for box in judgement.boxes],
                    votes=[Drawn(box, vote.voter) for vote in cast for box in vote.boxes],
                    conflicts=[conflict.sentence for conflict in judgement.conflicts],
                    status=judgement.status.value,
                ),
            )


def classes_of(drawn: Iterable[Drawn]) -> list[str]:
    """The classes that were drawn, each once, sorted."""
    return sorted({each.box.label for each in drawn})
