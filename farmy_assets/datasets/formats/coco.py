"""Data sets in the form of COCO: one JSON file a split.

`bbox` is [x, y, width, height] in pixels, origin top left. Image and annotation ids count from 1
over the whole version, so that no id is in two splits; category ids are those of the campaign and
may have gaps. (From 1, because COCO's own evaluation takes annotation 0 for "no match".)

`segmentation` is empty for a box, the corners for a polygon and a rotated box (several lists where
its line crosses itself; COCO has no holes in them), and compressed run lengths for a mask. `area`
is that of the shape inside of the image, and `bbox` the upright rectangle around it.
Source: cocodataset.org/#format-data

COCO itself has no place for answers to questions. As CVAT and Datumaro do, an annotation has what
was answered about its region under `attributes`, name to value: a text, a number, or a list of
texts. An image has what was answered about it as a whole under `attributes` as well. Where nothing
was answered there is no such key.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from itertools import count

from farmy_assets.annotation.outlines import Outline, area_px, cut_to
from farmy_assets.annotation.question_answers import Pairs, in_json
from farmy_assets.annotation.region import Bounds, Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.datasets.release import ensure_releasable
from farmy_assets.datasets.splits import SPLITS, Split
from farmy_assets.datasets.versions import DatasetVersion, LabelledImage, ReleasedImage

TITLE = "COCO"
KIND = "json"
CONTENTS = "one JSON file a split"
REGIONS: Collection[str] = (Box.kind, Mask.kind, Polygon.kind, RotatedBox.kind)
ANSWERS = """\
Answers about a region stand under `attributes` of its annotation, those about an image under
`attributes` of the image."""
LOADING = """\
COCO, with pycocotools:

```python
from pycocotools.coco import COCO

train = COCO("coco/annotations/instances_train.json")
for image in train.loadImgs(train.getImgIds()):
    annotations = train.loadAnns(train.getAnnIds(imgIds=image["id"]))
```

Everything is in pixels from the top left corner; `train.annToMask(annotation)` draws a polygon, a
rotated box or a mask. Category ids are the campaign's own and may have
gaps. File names are relative to `coco/`.
"""

DECIMALS = 2

Json = dict[str, object]


def files_of(version: DatasetVersion) -> dict[str, bytes]:
    """The annotation files of a version, by path; an empty split has a valid, empty file.

    Args:
        version: The version to export. The pictures belong at `picture_path`.

    Returns:
        `annotations/instances_<split>.json` for each split; the same bytes for the same version.

    Raises:
        NotReleasableError: The version has problems (see `release.problems_of`).
    """
    ensure_releasable(version)
    licence_ids = _licence_ids(version)
    image_ids = {image.image_id: n for n, image in enumerate(version.images, start=1)}
    annotations = list(_annotations(version, image_ids))
    files: dict[str, bytes] = {}
    for split in SPLITS:
        images = version.images_in(split)
        carried = {image.licence for image in images}
        document: Json = {
            "info": _info(version, split),
            "licenses": [
                {"id": licence_id, "name": name, "url": ""}
                for name, licence_id in licence_ids.items()
                if name in carried
            ],
            "images": [_image(image, image_ids[image.image_id], licence_ids) for image in images],
            "annotations": [entry for of_split, entry in annotations if of_split == split],
            "categories": [
                {"id": each.id, "name": each.name, "supercategory": ""} for each in version.classes
            ],
        }
        # ASCII only: COCO's own reader opens files in whatever encoding its machine prefers.
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=True)
        files[f"annotations/instances_{split}.json"] = f"{text}\n".encode("ascii")
    return files


def picture_path(image: LabelledImage) -> str:
    """Where the picture belongs, seen from the folder that holds `annotations`."""
    return f"images/{image.file_name}"


def _info(version: DatasetVersion, split: Split) -> Json:
    """Without a date: the same version must give the same bytes on any day."""
    return {
        "description": f"{version.campaign}, the images of split {split}",
        "version": version.version_id,
    }


def _licence_ids(version: DatasetVersion) -> dict[str, int]:
    """Ids from 1 for the licences that images carry, and for no others."""
    carried = {image.licence for image in version.images if image.licence is not None}
    return {name: n for n, name in enumerate(sorted(carried), start=1)}


def _image(image: ReleasedImage, number: int, licence_ids: Mapping[str, int]) -> Json:
    entry: Json = {
        "id": number,
        "file_name": picture_path(image),
        "width": image.width_px,
        "height": image.height_px,
    }
    if image.licence is not None:
        entry["license"] = licence_ids[image.licence]
    return entry | _answers(image.choices)


def _answers(answers: Pairs) -> Json:
    """The key that holds answers; nothing where there are none."""
    return {"attributes": in_json(answers)} if answers else {}


def _annotations(
    version: DatasetVersion, image_ids: Mapping[str, int]
) -> Iterator[tuple[Split, Json]]:
    category_ids = {each.name: each.id for each in version.classes}
    number = count(start=1)
    for image in version.images:
        for region in image.regions:
            if region.kind not in REGIONS:
                continue
            bbox, area, segmentation = _shape(region, image)
            yield (
                image.split,
                {
                    "id": next(number),
                    "image_id": image_ids[image.image_id],
                    "category_id": category_ids[region.label],
                    "bbox": bbox,
                    "area": area,
                    "iscrowd": 0,
                    "segmentation": segmentation,
                    **_answers(region.attributes),
                },
            )


def _shape(region: Region, image: ReleasedImage) -> tuple[list[float], float, object]:
    """`bbox`, `area` and `segmentation` of a region."""
    if isinstance(region, Mask):
        size = [region.height_px, region.width_px]
        runs = {"size": size, "counts": region.counts}
        return _bbox(region.bounds_px), region.area_px, runs
    if isinstance(region, Polygon | RotatedBox):
        parts = cut_to(region.outline_px, image.width_px, image.height_px)
        xs, ys = zip(*(point for part in parts for point in part), strict=True)
        area = round(sum(area_px(part) for part in parts), DECIMALS)
        return _bbox((min(xs), min(ys), max(xs), max(ys))), area, [_flat(part) for part in parts]
    bbox = _bbox(region.bounds_px)
    return bbox, round(bbox[2] * bbox[3], DECIMALS), []


def _flat(part: Outline) -> list[float]:
    return [round(coordinate, DECIMALS) for point in part for coordinate in point]


def _bbox(bounds: Bounds) -> list[float]:
    """An upright rectangle as COCO has it.

    Corners are rounded, and the sides measured between rounded corners: a side rounded by itself
    could reach a hundredth of a pixel out of the image.
    """
    x_min, y_min, x_max, y_max = (round(each, DECIMALS) for each in bounds)
    return [x_min, y_min, round(x_max - x_min, DECIMALS), round(y_max - y_min, DECIMALS)]
