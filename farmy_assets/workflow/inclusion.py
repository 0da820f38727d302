"""Inclusion: photographs that are in the lake join another campaign, without being copied.

The campaign gets batches of its own, of images that are in other campaigns' batches already. Their
catalog entries stay as they are. A batch's number is the lock: whoever writes it has seen every
batch before it, so that no image joins a campaign twice, whoever else seals or includes at the same
time. Killed in the middle and said again, the same batches come out.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from farmy_assets.catalog.batches import Batch, SealedImage, in_order_of_inclusion
from farmy_assets.catalog.entry import EntryState
from farmy_assets.catalog.metadata import IMAGE_ID_PATTERN
from farmy_assets.catalog.records import Record
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks

_ENTRIES_AT_ONCE = 2000
_IMAGE_ID = re.compile(IMAGE_ID_PATTERN)


class LeftOutBecause(StrEnum):
    """Why an image that was asked for does not join."""

    ALREADY_IN = "already in the campaign"
    NOT_SEALED = "in no batch of its own yet"
    DELETED = "taken out of the raw zone"
    UNKNOWN = "not in the lake"


class Inclusion(Record):
    """What came, or would come, of including images.

    Attributes:
        campaign: The campaign that includes them.
        asked: How many different images were asked for.
        joining: How many join by it.
        left_out: Why the others do not, with counts.
        batches: The batches that were sealed for it; none yet in a preview.
    """

    campaign: str
    asked: int
    joining: int
    left_out: dict[LeftOutBecause, int]
    batches: tuple[str, ...] = ()


@dataclass
class _BatchesSeen:
    """What all batches up to a number say of the images that were asked for."""

    campaign: str
    asked: frozenset[str]
    up_to: int = 0
    own_batch: dict[str, str] = field(default_factory=dict)
    already_in: set[str] = field(default_factory=set)

    def look(self, lake: Lake) -> list[Batch]:
        """Read the batches behind the number; returns them."""
        numbers = lake.batches.numbers(after=self.up_to)
        batches = lake.batches.all(after=self.up_to)  # after the listing: maybe more, never less
        for batch in batches:
            found = self.asked.intersection(batch.image_ids)
            if not batch.is_inclusion:
                self.own_batch.update(dict.fromkeys(found, batch.batch_id))
            if batch.campaign == self.campaign:
                self.already_in |= found
        self.up_to = max([self.up_to, *numbers])
        return batches

    def sealed(self) -> list[SealedImage]:
        """The images that are in a batch of their own, and not in the campaign."""
        return [
            SealedImage(image_id=image_id, own_batch=own_batch)
            for image_id, own_batch in self.own_batch.items()
            if image_id not in self.already_in
        ]


def images_of_campaign(lake: Lake, name: str) -> list[str]:
    """All images of a campaign's batches, those that it includes among them."""
    batches = lake.batches.all()
    return [i for batch in batches if batch.campaign == name for i in batch.image_ids]


def preview(
    lake: Lake, campaign: str, image_ids: Collection[str], *, on_looked_up: Callable[[int], object]
) -> Inclusion:
    """What including these images would come to; nothing is written.

    Args:
        lake: Where they are.
        campaign: The campaign that would include them.
        image_ids: The images; one that is named twice counts once.
        on_looked_up: Called with the number of images looked up since the last call.
    """
    seen = _BatchesSeen(campaign, frozenset(image_ids))
    seen.look(lake)
    joining, left_out = _looked_up(lake, seen, on_looked_up)
    return Inclusion(
        campaign=campaign, asked=len(seen.asked), joining=len(joining), left_out=left_out
    )


def include(
    lake: Lake,
    campaign: str,
    image_ids: Collection[str],
    *,
    max_images: int,
    clock: Callable[[], datetime],
    on_looked_up: Callable[[int], object],
    on_sealed: Callable[[int], object],
) -> Inclusion:
    """Seal the batches by which a campaign includes these images; the sensor finds them.

    Args:
        lake: Where they are.
        campaign: The campaign that includes them.
        image_ids: The images; one that is named twice counts once.
        max_images: The largest number of images in a batch.
        clock: Tells when a batch is sealed.
        on_looked_up: Called with the number of images looked up since the last call.
        on_sealed: Called with the number of images that a new batch has.

    Raises:
        LakeUnavailableError: What was sealed so far stays; the same again goes on.
    """
    seen = _BatchesSeen(campaign, frozenset(image_ids))
    lake.batches.make_good(reversed(seen.look(lake)))
    joining, left_out = _looked_up(lake, seen, on_looked_up)
    left, batches = in_order_of_inclusion(joining), list[Batch]()
    while left:
        next_ones = left[:max_images]
        sealed = lake.batches.seal_including(
            next_ones, campaign=campaign, number=seen.up_to + 1, now=clock()
        )
        if sealed:
            seen.up_to, left = sealed.number, left[max_images:]
            batches.append(sealed)
            on_sealed(len(next_ones))
        else:  # somebody was quicker, perhaps with the same images
            lake.batches.make_good(reversed(seen.look(lake)))
            left = [image for image in left if image.image_id not in seen.already_in]
    joined = sum(len(batch.image_ids) for batch in batches)
    if by_others := len(joining) - joined:
        already_in = left_out.get(LeftOutBecause.ALREADY_IN, 0) + by_others
        left_out = left_out | {LeftOutBecause.ALREADY_IN: already_in}
    return Inclusion(
        campaign=campaign, asked=len(seen.asked), joining=joined, left_out=left_out,
        batches=tuple(batch.batch_id for batch in batches),
    )  # fmt: skip


def _looked_up(
    lake: Lake, seen: _BatchesSeen, on_looked_up: Callable[[int], object]
) -> tuple[list[SealedImage], dict[LeftOutBecause, int]]:
    """The images that can join, and why the others cannot; reads their catalog entries."""
    reasons: Counter[LeftOutBecause] = Counter()
    reasons[LeftOutBecause.ALREADY_IN] = len(seen.already_in)
    on_looked_up(len(seen.already_in))
    deleted: set[str] = set()
    for some in in_chunks(sorted(seen.asked - seen.already_in), _ENTRIES_AT_ONCE):
        found = _reasons(lake, seen, some)
        reasons.update(found.values())
        deleted |= found.keys()
        on_looked_up(len(some))
    joining = [image for image in seen.sealed() if image.image_id not in deleted]
    return joining, {why: reasons[why] for why in LeftOutBecause if reasons[why]}


def _reasons(lake: Lake, seen: _BatchesSeen, image_ids: Sequence[str]) -> dict[str, LeftOutBecause]:
    """Why these images cannot join; those that can are not in the answer.

    An image of a batch whose entry was lost can: the batch's run rebuilds the entry.
    """
    possible = [image_id for image_id in image_ids if _IMAGE_ID.match(image_id)]
    entries, found = lake.catalog.entries(possible), dict[str, LeftOutBecause]()
    for image_id in image_ids:
        entry = entries.get(image_id)
        if entry and entry.state is EntryState.DELETED:
            found[image_id] = LeftOutBecause.DELETED
        elif image_id not in seen.own_batch:
            found[image_id] = LeftOutBecause.NOT_SEALED if entry else LeftOutBecause.UNKNOWN
    return found
