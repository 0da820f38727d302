"""Reviews: which settled images were reopened, and which images were drawn for a review.

Both are only ever added, to one log: what was drawn once stands, and so does what was reopened.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from farmy_assets.annotation.reviews import Reopening, SampledImage
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.numbered_log import NumberedLog
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore

Draw = Callable[["list[ReviewRequests]"], Iterable[SampledImage]]


class ReviewRequests(Record):
    """What was reopened or drawn at once.

    Attributes:
        campaign: The campaign.
        reopened: Images to decide on again.
        share: The share that images were drawn by.
        sampled: What the draw said of each image that was in it.
    """

    campaign: str
    reopened: tuple[Reopening, ...] = ()
    share: float = 0.0
    sampled: tuple[SampledImage, ...] = ()


@dataclass(frozen=True)
class ReviewRepository:
    """Reads what was asked for, and adds to it."""

    records: RecordStore

    def log(self, campaign: str) -> NumberedLog:
        """The numbered objects that it is added to."""
        return NumberedLog(self.records.bucket, partial(keys.review_log, campaign))

    def after(self, campaign: str, number: int) -> dict[int, ReviewRequests]:
        """What was added behind a number, by the numbers of the objects."""
        numbers = self.log(campaign).after(number)
        read = in_threads(
            lambda n: self.records.ours(keys.review_log(campaign, n), ReviewRequests), numbers
        )
        nothing = ReviewRequests(campaign=campaign)
        return {n: found or nothing for n, found in zip(numbers, read, strict=True)}

    def reopen(self, campaign: str, images: Iterable[Reopening], *, after: int) -> None:
        """Add images that are to be decided on again.

        Args:
            campaign: The campaign.
            images: What is reopened.
            after: Up to which number of the log the caller has read.
        """
        requests = ReviewRequests(campaign=campaign, reopened=tuple(images))
        self._append(campaign, after, lambda _: requests)

    def draw(
        self, campaign: str, *, share: float, after: int, draw: Draw
    ) -> tuple[int, list[ReviewRequests]]:
        """Add a draw, which is made with everything that was added before it.

        Args:
            campaign: The campaign.
            share: The share that is drawn by.
            after: Up to which number of the log the caller knows what was drawn.
            draw: Called with what was added behind `after`; what it returns is added. May be
                called more than once; where it returns nothing, nothing is added.

        Returns:
            The last number of the log, and all that is behind `after` now.
        """

        def made(since: list[ReviewRequests]) -> ReviewRequests | None:
            sampled = tuple(draw(since))
            return (
                ReviewRequests(campaign=campaign, share=share, sampled=sampled) if sampled else None
            )

        return self._append(campaign, after, made)

    def _append(
        self,
        campaign: str,
        after: int,
        made: Callable[[list[ReviewRequests]], ReviewRequests | None],
    ) -> tuple[int, list[ReviewRequests]]:
        since: list[ReviewRequests] = []
        own: list[ReviewRequests] = []

        def learn(content: bytes) -> None:
            try:
                since.append(ReviewRequests.model_validate_json(content))
            except ValidationError:  # somebody else's object; it is reported where it is read
                return

        def content() -> bytes | None:
            request = made(since)
            own[:] = [request] if request else []
            return request.to_json() if request else None

        last = self.log(campaign).append(after=after, content=content, learn=learn)
        return last, [*since, *own]
