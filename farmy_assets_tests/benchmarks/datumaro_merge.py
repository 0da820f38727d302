"""Datumaro's `IntersectMerge` on the answers of simulated people, in an environment of its own."""

from collections.abc import Sequence
from typing import Any

from farmy_assets.annotation.region import Region
from farmy_assets_tests.benchmarks.peers import ask_peer
from farmy_assets_tests.benchmarks.simulated_people import CLASSES, SimulatedImage

_MERGE = """
import json, logging, os, sys
logging.disable(logging.CRITICAL)
quiet = os.dup(1); os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
from datumaro.components.annotation import Bbox, Points, Polygon, RleMask, RotatedBbox
from datumaro.components.dataset import Dataset
from datumaro.components.dataset_base import DatasetItem
from datumaro.components.merge.intersect_merge import IntersectMerge

kind, classes, quorums, images = json.load(sys.stdin)
def made(shape, label, person, number):
    more = {"label": label, "attributes": {"person": person, "number": number}}
    if kind == "box":
        left, top, right, bottom = shape
        return Bbox(left, top, right - left, bottom - top, **more)
    if kind == "rotated_box":
        return RotatedBbox(*shape, **more)
    if kind == "polygon":
        return Polygon([c for point in shape for c in point], **more)
    if kind == "keypoint":
        return Points(shape, [2], **more)
    return RleMask({"counts": shape[0].encode(), "size": shape[1]}, **more)

found = []
for quorum in quorums:
    datasets = []
    for person in range(len(images[0])):
        items = []
        for n, image in enumerate(images):
            drawn = [made(s, l, person, i) for i, (s, l) in enumerate(image[person])]
            items.append(DatasetItem(id=str(n), annotations=drawn))
        datasets.append(Dataset.from_iterable(items, categories=classes))
    merge = IntersectMerge(conf=IntersectMerge.Conf(pairwise_dist=0.5, quorum=quorum))
    merged = merge.merge(datasets)
    by_id = {item.id: item.annotations for item in merged}
    found.append([
        [
            [a.attributes["person"], a.attributes["number"], a.label]
            for a in by_id.get(str(n), []) if a.label is not None
        ]
        for n in range(len(images))
    ])
os.dup2(quiet, 1)
print(); print(json.dumps(found))
"""


def merged_by_datumaro(
    kind: str, images: Sequence[SimulatedImage], *, quorums: Sequence[int]
) -> list[list[list[Region]]]:
    """For each quorum and image the regions that it settles, whose class reached the quorum.

    Its shape is always one that somebody drew, so that only which one has to come back.

    Args:
        kind: The kind of the regions.
        images: The answers.
        quorums: How many people have to have given the class, one run each.

    Raises:
        PeerFailedError: It could not be installed, or fails on this kind of regions.
    """
    people = list(images[0].answers)
    given = [
        [
            [(_shape(d.region), CLASSES.index(d.region.label)) for d in image.answers[person]]
            for person in people
        ]
        for image in images
    ]
    found = ask_peer("datumaro", _MERGE, given=[kind, CLASSES, list(quorums), given])
    return [
        [
            [
                image.answers[people[int(person)]][int(number)].region.model_copy(
                    update={"label": CLASSES[label]}
                )
                for person, number, label in merged
            ]
            for image, merged in zip(images, of_quorum, strict=True)
        ]
        for of_quorum in found
    ]


def _shape(region: Region) -> Any:  # noqa: ANN401 - JSON
    fields = region.model_dump(exclude={"label"})
    if region.kind == "polygon":
        return fields["points"]
    if region.kind == "mask":
        return [fields["counts"], [fields["height_px"], fields["width_px"]]]
    return list(fields.values())
