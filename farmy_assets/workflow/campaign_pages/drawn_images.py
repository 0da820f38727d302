"""Pictures with what people drew over them, for a campaign's page and for scorecards.

Reads, for some images: their pages of the evaluation, and their cleansed copies.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.settlements import Settlement
from farmy_assets.annotation.votes import Vote
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.execution.thumbnails import thumbnails
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads

PICTURE_PX = 420
SETTLED = "#2ca02c"
OWN = "#ff7f0e"


class Outline(NamedTuple):
    """A region on a picture; `points` has its corners as SVG writes them."""

    points: str
    colour: str
    title: str
    is_settled: bool = False


class DrawnImage(NamedTuple):
    """A picture as a data address, or empty, its size in pixels, and what is drawn over it."""

    name: str
    picture: str
    size_px: tuple[int, int]
    outlines: tuple[Outline, ...]
    sentences: tuple[str, ...]
    status: str


class Shown(NamedTuple):
    """The images that pages show, and small pictures of them as data addresses."""

    images: Mapping[str, EvaluatedImage]
    pictures: Mapping[str, str]


def fetch(lake: Lake, campaign: str, image_ids: Iterable[str]) -> Shown:
    """What is known of some images, and their pictures; what has left the campaign is left out."""
    images = lake.evaluations.of_images(campaign, image_ids)
    there = [image_id for image_id, found in sorted(images.items()) if found.image]
    copies = in_threads(lambda i: lake.cleansed.find(keys.cleansed_image(i)), there)
    files = [(image_id, copy) for image_id, copy in zip(there, copies, strict=True) if copy]
    small = thumbnails(files, policy=CleansingPolicy(), long_side_px=PICTURE_PX) if files else {}
    pictures = {
        image_id: f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
        for image_id, content in small.items()
    }
    return Shown(images, pictures)


def disputed_image(shown: Shown, image_id: str, colours: Mapping[str, str]) -> DrawnImage | None:
    """An image with what each person drew, in that person's colour; None when it has gone."""

    def outlines(image: EvaluatedImage, judgement: ImageConsensus) -> list[Outline]:
        drawn = [
            _outline(region, colours.get(vote.voter, OWN), f"{region.label} ({vote.voter})")
            for vote in _cast(image, judgement)
            for region in vote.regions
        ]
        return drawn + _settled(judgement)

    return _drawn(
        shown, image_id, outlines, lambda judgement: [c.sentence for c in judgement.conflicts]
    )


def corrected_image(shown: Shown, image_id: str, person: str) -> DrawnImage | None:
    """An image with what one person drew and what was settled, without any other name."""

    def outlines(image: EvaluatedImage, judgement: ImageConsensus) -> list[Outline]:
        drawn = [
            _outline(region, OWN, f"{region.label} (you)")
            for vote in _cast(image, judgement)
            if vote.voter == person
            for region in vote.regions
        ]
        return drawn + _settled(judgement)

    def sentences(judgement: ImageConsensus) -> list[str]:
        mine = [settled for settled in judgement.settled_as if person in settled.people]
        return [_correction(settled) for settled in mine]

    return _drawn(shown, image_id, outlines, sentences)


def _drawn(
    shown: Shown,
    image_id: str,
    outlines: Callable[[EvaluatedImage, ImageConsensus], Sequence[Outline]],
    sentences: Callable[[ImageConsensus], Sequence[str]],
) -> DrawnImage | None:
    image = shown.images.get(image_id)
    if image is None or image.image is None or image.consensus is None:
        return None
    return DrawnImage(
        name=image_id,
        picture=shown.pictures.get(image_id, ""),
        size_px=(image.image.width_px, image.image.height_px),
        outlines=tuple(outlines(image, image.consensus)),
        sentences=tuple(sentences(image.consensus)),
        status=image.consensus.status.value.replace("_", " "),
    )


def _cast(image: EvaluatedImage, judgement: ImageConsensus) -> list[Vote]:
    behind = set(judgement.vote_ids)
    return [vote for vote in image.votes if vote.vote_id in behind]


def _settled(judgement: ImageConsensus) -> list[Outline]:
    if not judgement.status.is_releasable:
        return []
    return [_outline(r, SETTLED, f"{r.label} (settled)")._replace(is_settled=True)
            for r in judgement.regions]  # fmt: skip


def _outline(region: Region, colour: str, title: str) -> Outline:
    return Outline(" ".join(f"{x:g},{y:g}" for x, y in region.outline_px), colour, title)


def _correction(settled: Settlement) -> str:
    x, y = settled.region.centre_px
    what = f'"{settled.region.label}" at ({x:.0f}, {y:.0f})'
    if settled.kind is ConflictKind.MISSED:
        return f"{what} was not drawn"
    if settled.kind is ConflictKind.EXTRA:
        return f"{what} is nothing to draw, or was drawn twice"
    if settled.kind is ConflictKind.OTHER_CLASS:
        return f"{what} was drawn with another class"
    return f"{what}: {settled.kind.value.replace('_', ' ')}"
