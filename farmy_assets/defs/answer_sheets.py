"""Contact sheets of what people drew: votes, conflicts, consensus. For looking, not for judging.

They are handed few images more than a sheet has room for: each may cost a page of the evaluation.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from farmy_assets.annotation.campaign import PALETTE, Campaign
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Vote
from farmy_assets.defs.metadata import SHEET_IMAGES, in_class_colours, marked_sheet
from farmy_assets.lake.lake import Lake


def sheet_of_votes(lake: Lake, campaign: Campaign, votes: Iterable[Vote]) -> dict[str, Any]:
    """The newest votes, regions in the colours of their classes."""
    newest = sorted(votes, key=lambda vote: vote.submitted_at, reverse=True)
    return _sheet(lake, campaign, [(v.image_id, _coloured(campaign, v.regions)) for v in newest])


def sheet_of_conflicts(
    lake: Lake, campaign: Campaign, disputed: Iterable[ImageConsensus]
) -> dict[str, Any]:
    """Images in conflict: only the regions that differ, one colour for each person."""
    people = [person.name for person in campaign.annotators]
    colour = dict(zip(people, PALETTE[2:] * (len(people) // len(PALETTE) + 2), strict=False))
    shown = []
    for judgement in disputed:
        sides = [s for c in judgement.conflicts for s in zip(c.people, c.regions, strict=True)]
        drawn = [(region, colour.get(who, PALETTE[-1])) for who, region in sides if region]
        shown.append((judgement.image_id, drawn))
    return _sheet(lake, campaign, shown)


def sheet_of_consensus(
    lake: Lake, campaign: Campaign, settled: Iterable[ImageConsensus]
) -> dict[str, Any]:
    """Settled images with their final regions, in the colours of their classes."""
    return _sheet(lake, campaign, [(j.image_id, _coloured(campaign, j.regions)) for j in settled])


def _coloured(campaign: Campaign, regions: Sequence[Region]) -> list[tuple[Region, str]]:
    return in_class_colours(regions, [item.name for item in campaign.classes])


def _sheet(
    lake: Lake, campaign: Campaign, drawn: Sequence[tuple[str, Sequence[tuple[Region, str]]]]
) -> dict[str, Any]:
    if not drawn:
        return {}
    found = lake.evaluations.of_images(campaign.name, (image_id for image_id, _ in drawn))
    kept = {image_id: image.image for image_id, image in found.items() if image.image}
    there = [(kept[image_id], regions) for image_id, regions in drawn if image_id in kept]
    return marked_sheet(
        lake,
        [(i.image_id, i.width_px, i.height_px, regions) for i, regions in there[:SHEET_IMAGES]],
    )
