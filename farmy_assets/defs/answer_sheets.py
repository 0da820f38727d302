"""Contact sheets of what people drew: votes, conflicts, consensus. For looking, not for judging.

They are handed few images more than a sheet has room for: each may cost a page of the evaluation.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from farmy_assets.annotation.boxes import Box
from farmy_assets.annotation.campaign import PALETTE, Campaign
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.votes import Vote
from farmy_assets.defs.metadata import SHEET_IMAGES, in_class_colours, marked_sheet
from farmy_assets.lake.lake import Lake


def sheet_of_votes(lake: Lake, campaign: Campaign, votes: Iterable[Vote]) -> dict[str, Any]:
    """The newest votes, boxes in the colours of their classes."""
    newest = sorted(votes, key=lambda vote: vote.submitted_at, reverse=True)
    return _sheet(lake, campaign, [(v.image_id, _coloured(campaign, v.boxes)) for v in newest])


def sheet_of_conflicts(
    lake: Lake, campaign: Campaign, disputed: Iterable[ImageConsensus]
) -> dict[str, Any]:
    """Images in conflict: only the boxes that differ, one colour for each person."""
    people = [person.name for person in campaign.annotators]
    colour = dict(zip(people, PALETTE[2:] * (len(people) // len(PALETTE) + 2), strict=False))
    shown = []
    for judgement in disputed:
        sides = [s for c in judgement.conflicts for s in zip(c.people, c.boxes, strict=True)]
        boxes = [(box, colour.get(person, PALETTE[-1])) for person, box in sides if box]
        shown.append((judgement.image_id, boxes))
    return _sheet(lake, campaign, shown)


def sheet_of_consensus(
    lake: Lake, campaign: Campaign, settled: Iterable[ImageConsensus]
) -> dict[str, Any]:
    """Settled images with their final boxes, in the colours of their classes."""
    return _sheet(lake, campaign, [(j.image_id, _coloured(campaign, j.boxes)) for j in settled])


def _coloured(campaign: Campaign, boxes: Sequence[Box]) -> list[tuple[Box, str]]:
    return in_class_colours(boxes, [item.name for item in campaign.classes])


def _sheet(
    lake: Lake, campaign: Campaign, drawn: Sequence[tuple[str, Sequence[tuple[Box, str]]]]
) -> dict[str, Any]:
    if not drawn:
        return {}
    found = lake.evaluations.of_images(campaign.name, (image_id for image_id, _ in drawn))
    kept = {image_id: image.image for image_id, image in found.items() if image.image}
    there = [(kept[image_id], boxes) for image_id, boxes in drawn if image_id in kept]
    return marked_sheet(
        lake,
        [(i.image_id, i.width_px, i.height_px, boxes) for i, boxes in there[:SHEET_IMAGES]],
    )
