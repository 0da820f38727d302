"""Reviews: images that somebody looks at although nobody disagrees about them.

Of the images that one person alone drew a share is reviewed, exact for each person over time.
Which ones, chance decides, once: the draw is recorded, and stands for the images that it was made
for. A settled image can be reopened; then it is decided again, by a decision that nobody knew when
it was reopened.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from farmy_assets.annotation.assignments import chance_of
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import DecisionKind
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote, current_votes
from farmy_assets.catalog.records import Record

MAX_REASON_CHARACTERS = 2_000


class Reopening(Record):
    """A settled image that somebody wants to have decided again.

    Attributes:
        image_id: The image.
        reason: Why, in words, for whoever decides.
        known: The ids of all votes on it that were known; no decision among them settles it.
        reopened_at: When.
    """

    image_id: str
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_CHARACTERS),
    ]
    known: tuple[str, ...]
    reopened_at: AwareDatetime


class SampledImage(Record):
    """What the draw said of an image that one person alone drew."""

    image_id: str
    person: str
    is_chosen: bool


class SampleCounts(Record):
    """How many images of each person were in the draw, and chosen, since the share is what it is.

    Attributes:
        share: The share that they were drawn by.
        drawn: Person to how many images were in the draw.
        chosen: Person to how many of them are reviewed.
    """

    share: float = 0.0
    drawn: dict[str, int] = Field(default_factory=dict)
    chosen: dict[str, int] = Field(default_factory=dict)

    def added(self, share: float, images: Iterable[SampledImage]) -> "SampleCounts":
        """The same with another draw; a draw by another share begins anew."""
        before = self if share == self.share else SampleCounts()
        drawn, chosen = Counter(before.drawn), Counter(before.chosen)
        for image in images:
            drawn[image.person] += 1
            chosen[image.person] += image.is_chosen
        return SampleCounts(
            share=share, drawn=dict(sorted(drawn.items())), chosen=dict(sorted(chosen.items()))
        )


@dataclass(frozen=True)
class ReviewFacts:
    """What is recorded of one image besides its votes.

    Attributes:
        reopenings: Every time that it was reopened, the oldest first.
        is_chosen: Whether it is one of the sample; None while there was no draw for it.
    """

    reopenings: tuple[Reopening, ...] = ()
    is_chosen: bool | None = None

    @property
    def known(self) -> frozenset[str]:
        """The votes that were known when it was last reopened; they decide nothing any more."""
        return frozenset(vote_id for each in self.reopenings for vote_id in each.known)

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever decides is told of it."""
        return tuple(f"reopened: {each.reason}" for each in self.reopenings[-1:])

    def is_asked_for(self, judged: Sequence[Vote], campaign: Campaign) -> bool:
        """Whether an image without a conflict has to be decided on all the same."""
        return bool(self.reopenings) or (
            self.is_chosen is not False and is_of_a_single_person(judged, campaign)
        )


def is_of_a_single_person(judged: Sequence[Vote], campaign: Campaign) -> bool:
    """Whether one person alone answered, in a campaign that reviews a share of such images."""
    return campaign.review_share > 0 and len(judged) == 1


def draw_samples(
    images: Mapping[str, str], *, campaign: Campaign, counts: SampleCounts
) -> tuple[SampledImage, ...]:
    """Which of some images are reviewed, so that round(share * images) are of each person's.

    The same question always gets the same answer; the order of the images does not matter.

    Args:
        images: Image id to the person who alone drew it; there was no draw for any of them yet.
        campaign: The campaign at its present version.
        counts: What was drawn before.
    """
    share = campaign.review_share
    before = counts if counts.share == share else SampleCounts()
    of_person: dict[str, list[str]] = defaultdict(list)
    for image_id in sorted(images, key=lambda each: (chance_of(campaign.name, each), each)):
        of_person[images[image_id]].append(image_id)
    found: list[SampledImage] = []
    for person, image_ids in sorted(of_person.items()):
        wanted = round(share * (before.drawn.get(person, 0) + len(image_ids)))
        count = max(wanted - before.chosen.get(person, 0), 0)
        found += [
            SampledImage(image_id=image_id, person=person, is_chosen=place < count)
            for place, image_id in enumerate(image_ids)
        ]
    return tuple(sorted(found, key=lambda each: each.image_id))


class ReviewResult(StrEnum):
    """What a review came to."""

    ACCEPTED = "accepted"
    """It was right as it was drawn."""
    EDITED = "edited"
    """The reviewer corrected it, or said that there is nothing to draw."""
    REJECTED = "rejected"
    """It went back to whoever drew it."""
    LEFT_OUT = "left out"
    """It cannot be labelled."""


_RESULTS = {
    DecisionKind.VERSION: ReviewResult.ACCEPTED,
    DecisionKind.WHOLE_IMAGE: ReviewResult.EDITED,
    DecisionKind.NOTHING: ReviewResult.EDITED,
    DecisionKind.SEND_BACK: ReviewResult.REJECTED,
}


def review_results(votes: Iterable[Vote]) -> list[ReviewResult]:
    """What the reviews of one image came to, those of earlier rounds included."""
    found = []
    for vote in current_votes(votes):
        if vote.phase is not Phase.REVIEW or vote.problems or vote.person != vote.inbox_person:
            continue
        if vote.outcome is Outcome.SKIPPED:
            found.append(ReviewResult.LEFT_OUT)
        elif vote.decision and vote.decision.kind in _RESULTS:
            found.append(_RESULTS[vote.decision.kind])
    return found


def counted_as(person: str, result: ReviewResult) -> str:
    """The name under which a review of somebody's work is counted."""
    return f"{result.value}/{person}"


REVIEW_COLUMNS = ("annotator", "reviews", *(result.value for result in ReviewResult))


def review_rows(reviews: Mapping[str, Mapping[str, int]]) -> list[dict[str, object]]:
    """What the reviews of each person's work (`by_person`) came to, as rows of a table."""
    rows: list[dict[str, object]] = []
    for person, results in reviews.items():
        every = sum(results.values())
        shares = {r: f"{n} ({100 * n / every:.0f} %)" for r, n in results.items()}
        rows.append({"annotator": person, "reviews": every, **shares})
    return rows


def by_person(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Person to how many reviews came to each result; every result is there."""
    found: dict[str, dict[str, int]] = {}
    for name, count in sorted(counts.items()):
        result, _, person = name.partition("/")
        found.setdefault(person, {each.value: 0 for each in ReviewResult})[result] = count
    return dict(sorted(found.items()))
