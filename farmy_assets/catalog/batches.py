"""Sealing: which waiting images form the next batches.

A batch is an immutable, numbered list of images of one campaign. Its number is the lock: batch
n + 1 can be written only once, by a writer that has read batch n in full.

Every image is in one batch of its own: that of the campaign that it came for, which its catalog
entry names. Other campaigns include images by batches that name the batches of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

from farmy_assets.catalog.metadata import NAME_PATTERN, CampaignName, ImageId
from farmy_assets.catalog.records import Record

BATCH_ID_PATTERN = rf"^\d{{6}}-\d{{8}}T\d{{6}}Z(?:-{NAME_PATTERN[1:-1]})?$"
"""Number, moment, campaign; batches that were sealed before ids had a campaign keep theirs."""
BatchId = Annotated[str, StringConstraints(pattern=BATCH_ID_PATTERN)]


class Batch(Record):
    """A sealed batch: the unit of work, and a partition of the batch assets.

    Attributes:
        from_batches: The batches of their own that the images are in, when the campaign includes
            them; empty when this is the batch of their own.
    """

    batch_id: BatchId
    number: Annotated[int, Field(ge=1)]
    campaign: CampaignName
    sealed_at: AwareDatetime
    image_ids: tuple[ImageId, ...]
    from_batches: tuple[BatchId, ...] = ()

    @model_serializer(mode="wrap")
    def _as_ever(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A batch of images' own has the form that it had before others could include them."""
        fields: dict[str, Any] = serialise(self)
        if not self.from_batches:
            fields.pop("from_batches", None)
        return fields

    @property
    def is_inclusion(self) -> bool:
        """Whether the campaign includes its images, which are in batches of their own."""
        return bool(self.from_batches)


class WaitingImage(Record):
    """A catalogued image that is in no batch yet."""

    image_id: ImageId
    campaign: CampaignName
    arrived_at: AwareDatetime


class SealingPolicy(Record):
    """When waiting images become a batch: enough of them, a pause in arrivals, or a long wait."""

    max_images: Annotated[int, Field(ge=1)] = 500
    quiet: timedelta = timedelta(seconds=1)
    max_wait: timedelta = timedelta(seconds=60)


class SealedImage(Record):
    """An image that is in a batch of its own."""

    image_id: ImageId
    own_batch: BatchId


def batch_id_for(number: int, sealed_at: datetime, campaign: str) -> str:
    """Sortable by number and by time, fit for a partition key, and telling whose batch it is."""
    return f"{number:06d}-{sealed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{campaign}"


def batch_number(batch_id: str) -> int:
    """The number that a batch id starts with."""
    return int(batch_id.partition("-")[0])


def sealed_on(batch_id: str) -> str:
    """The day on which a batch was sealed, YYYY-MM-DD in UTC, as its id tells it."""
    day = batch_id.split("-")[1]
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}"


def seal(
    waiting: Iterable[WaitingImage], *, policy: SealingPolicy, next_number: int, now: datetime
) -> list[Batch]:
    """The batches that are due now, oldest images first, each of one campaign; maybe none."""
    by_campaign: dict[str, list[WaitingImage]] = defaultdict(list)
    for image in sorted(waiting, key=lambda w: (w.arrived_at, w.image_id)):
        by_campaign[image.campaign].append(image)
    groups: list[Sequence[WaitingImage]] = []
    for images in (by_campaign[name] for name in sorted(by_campaign)):
        full = len(images) // policy.max_images * policy.max_images
        groups += [images[i : i + policy.max_images] for i in range(0, full, policy.max_images)]
        rest = images[full:]
        if rest and (
            now - rest[-1].arrived_at >= policy.quiet or now - rest[0].arrived_at >= policy.max_wait
        ):
            groups.append(rest)
    return [
        Batch(
            batch_id=batch_id_for(number, now, group[0].campaign),
            number=number,
            campaign=group[0].campaign,
            sealed_at=now,
            image_ids=tuple(image.image_id for image in group),
        )
        for number, group in enumerate(groups, start=next_number)
    ]


def in_order_of_inclusion(images: Iterable[SealedImage]) -> list[SealedImage]:
    """By the batches of their own, then by id, so that each batch draws on few others.

    Whoever is killed and begins again with what is left makes the same batches.
    """
    return sorted(images, key=lambda image: (batch_number(image.own_batch), image.image_id))


def including(images: Sequence[SealedImage], *, campaign: str, number: int, now: datetime) -> Batch:
    """The batch by which a campaign includes images, which are in batches of their own."""
    return Batch(
        batch_id=batch_id_for(number, now, campaign),
        number=number,
        campaign=campaign,
        sealed_at=now,
        image_ids=tuple(image.image_id for image in images),
        from_batches=tuple(dict.fromkeys(image.own_batch for image in images)),
    )
