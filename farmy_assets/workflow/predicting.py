"""Predictions on a campaign's images: made part by part, and each part written once.

Reads, of each batch, its cleansed set and the predictions that the model has of it; then the copies
of those images that lack one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

from pydantic import Field

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictionModel
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks, in_threads

IMAGES_A_PART = 100


class Picture(NamedTuple):
    """An image that is to be looked at; the content is that of its cleansed copy."""

    image: KeptImage
    content: bytes


class Predictor(Protocol):
    """Something that makes predictions; pictures have a content only if it needs them."""

    @property
    def needs_pictures(self) -> bool:
        """Whether it looks at the pictures."""

    def knows(self, image_id: str) -> bool:
        """Whether it can say anything about an image."""

    def predict(self, pictures: Sequence[Picture]) -> list[ImagePredictions]:
        """What is in the pictures, one answer each, in their order.

        Raises:
            InvalidInputError: The model cannot be used at all; the text says what to do.
        """


class Predicted(Record):
    """What came of making predictions.

    Attributes:
        images: Kept images of the campaign.
        before: Those that the model had predictions of.
        unknown: Those that the source says nothing of.
        made: Those that were predicted now, or would be.
        regions: Regions on those, by class.
        problems: Why the model had no answer for some of those, with counts.
        to_show: Batches whose open tasks will show the predictions.
    """

    campaign: str
    model: str
    images: int = 0
    before: int = 0
    unknown: int = 0
    made: int = 0
    regions: dict[str, int] = Field(default_factory=dict)
    problems: dict[str, int] = Field(default_factory=dict)
    to_show: tuple[str, ...] = ()


class _Left(NamedTuple):
    images: CleansedSet
    left: list[KeptImage]


def preview(lake: Lake, campaign: Campaign, name: str, predictor: Predictor) -> Predicted:
    """How many images would be predicted; nothing is written, and no picture looked at."""
    counts = Counter[str]()
    for _ in _undone(lake, campaign, name, predictor, counts):
        pass
    return Predicted(campaign=campaign.name, model=name, **counts)


def predict(
    lake: Lake,
    campaign: Campaign,
    model: PredictionModel,
    predictor: Predictor,
    *,
    on_done: Callable[[int], object],
) -> Predicted:
    """Make and store the predictions that a model lacks of a campaign's images.

    Args:
        lake: Where images and predictions are.
        campaign: Its present rules.
        model: What the predictions are stored under.
        predictor: Makes them.
        on_done: Called with the number of images done since the last call.

    Raises:
        InvalidInputError: The model's name stands for another one, or it cannot be used.
    """
    lake.predictions.register(model)
    counts, regions, problems = Counter[str](), Counter[str](), Counter[str]()
    for batch in _undone(lake, campaign, model.name, predictor, counts):
        for pictures in _ahead(lake, batch.left, needs_pictures=predictor.needs_pictures):
            found = predictor.predict(pictures)
            lake.predictions.add(campaign.name, model.name, batch.images.batch_id, found)
            regions.update(r.region.label for each in found for r in each.regions)
            problems.update(each.problem for each in found if each.problem)
            on_done(len(pictures))
    to_show = _to_show(lake, campaign, model.name)
    lake.pending.place(campaign.name, to_show)
    return Predicted(
        campaign=campaign.name, model=model.name, **counts, regions=dict(sorted(regions.items())),
        problems=dict(problems.most_common()), to_show=tuple(to_show),
    )  # fmt: skip


def _undone(
    lake: Lake, campaign: Campaign, name: str, predictor: Predictor, counts: Counter[str]
) -> Iterator[_Left]:
    """The batches with images that lack a prediction, batch by batch."""
    for images in lake.cleansed_sets.all(campaign.name):
        have = lake.predictions.of_batch(campaign.name, name, images.batch_id)
        lacking = [image for image in images.kept if image.image_id not in have]
        left = [image for image in lacking if predictor.knows(image.image_id)]
        counts["images"] += len(images.kept)
        counts["before"] += len(images.kept) - len(lacking)
        counts["unknown"] += len(lacking) - len(left)
        counts["made"] += len(left)
        if left:
            yield _Left(images, left)


def _ahead(
    lake: Lake, images: Sequence[KeptImage], *, needs_pictures: bool
) -> Iterator[list[Picture]]:
    """The pictures part by part; the next part is fetched while one is worked on."""

    def fetched(some: list[KeptImage]) -> list[Picture]:
        if not needs_pictures:
            return [Picture(image, b"") for image in some]
        return in_threads(lambda image: Picture(image, _copy(lake, image)), some)

    with ThreadPoolExecutor(1) as ahead:
        parts = in_chunks(images, IMAGES_A_PART)
        coming = ahead.submit(fetched, next(parts, []))
        while pictures := coming.result():
            coming = ahead.submit(fetched, next(parts, []))
            yield pictures


def _copy(lake: Lake, image: KeptImage) -> bytes:
    """The bytes of a cleansed copy; none when it is gone, or is not the one that was recorded."""
    content = lake.cleansed.find(keys.cleansed_image(image.image_id)) or b""
    return content if content_sha256(content) == image.sha256 else b""


def _to_show(lake: Lake, campaign: Campaign, name: str) -> list[str]:
    """Batches that are in their inboxes, with predictions that their tasks do not show yet."""
    shown = campaign.shown_model
    if shown is None or shown.model != name:
        return []
    found = []
    for images in lake.cleansed_sets.all(campaign.name):
        if lake.assignments.placement(campaign.name, images.batch_id) is None:
            continue  # its own run will show them
        noted = lake.predictions.shown(campaign.name, images.batch_id).shown.values()
        there = {image_id for of_person in noted for image_id in of_person}
        if lake.predictions.of_batch(campaign.name, name, images.batch_id).keys() - there:
            found.append(images.batch_id)
    return found
