"""Predictions in the form of COCO: a data set whose annotations may have scores, or results alone.

A data set names its images and categories; results are a list of `image_id`, `category_id`, `score`
and `bbox` or `segmentation`, whose images are the lake's own image ids, or those of a data set file
that is given besides. An image is found by the name of its file, which begins with the lake's image
id, as in the data sets that the platform releases. Coordinates are pixels of the size that the file
states, and are brought to the size of the cleansed copy. Source: cocodataset.org/#format-data
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from farmy_assets.annotation.predictions.coco_shapes import Size, shape_of
from farmy_assets.annotation.predictions.model_classes import mapped_classes
from farmy_assets.annotation.predictions.predicted import MOST_REGIONS, PredictedRegion
from farmy_assets.errors import InvalidInputError

Row = Mapping[str, Any]
_ID_LENGTH = 45
WITHOUT_SCORE = 1.0


@dataclass
class CocoPredictions:
    """What a COCO file says, not yet as regions.

    Attributes:
        names: Category id to the category's name.
        by_image: The lake's image id to its annotations.
        sizes: The lake's image id to width and height that the file states; those without a size
            are taken to be of the cleansed copy.
        passed_over: Why annotations were passed over, with counts.
    """

    names: dict[object, str]
    by_image: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[str, Size] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)

    def labels(
        self, *, given: Mapping[str, str] | None, campaign: Sequence[str]
    ) -> dict[object, str]:
        """The campaign's class of each category id; empty for one that is left out.

        Raises:
            InvalidInputError: A category is not known, and nobody said what it is.
        """
        used = {
            _hashable(row.get("category_id")) for rows in self.by_image.values() for row in rows
        }
        numbers = [number for number in self.names if number in used]
        if not numbers:
            return {}
        names = [self.names[number] for number in numbers]
        targets = mapped_classes(names, given=given, campaign=campaign)
        return dict(zip(numbers, targets, strict=True))

    def regions(
        self, image_id: str, *, size_px: Size, labels: Mapping[object, str], drawn: Sequence[str]
    ) -> tuple[PredictedRegion, ...]:
        """The regions of one image, the surest first; what cannot be read is counted.

        Args:
            image_id: The lake's image id.
            size_px: Width and height of the cleansed copy.
            labels: The campaign's class of each category id.
            drawn: The kinds of regions that the campaign draws.
        """
        found = []
        for row in self.by_image.get(image_id, ()):
            label = labels.get(_hashable(row.get("category_id")), "")
            if not label:
                self.passed_over["of a category that is left out, or that the file lacks"] += 1
                continue
            score = row.get("score", WITHOUT_SCORE)
            if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
                self.passed_over["with a score that is not from 0 to 1"] += 1
                continue
            try:
                of_px = self.sizes.get(image_id, size_px)
                region = shape_of(row, of_px=of_px, size_px=size_px, label=label, drawn=drawn)
            except InvalidInputError as error:
                self.passed_over[str(error)] += 1
                continue
            found.append(PredictedRegion(region=region, score=float(score)))
        found.sort(key=lambda each: -each.score)
        self.passed_over["beyond the most that an image may have"] += len(found[MOST_REGIONS:])
        return tuple(found[:MOST_REGIONS])


def read_coco(
    content: bytes, *, images_of: bytes | None, classes: Mapping[int, str]
) -> CocoPredictions:
    """What a COCO file says.

    Args:
        content: Its bytes.
        images_of: A data set in COCO's form that names the images and categories of results.
        classes: Class ids of the campaign to their names: the categories of results without a data
            set of their own.

    Raises:
        InvalidInputError: It is not of COCO's form; the text says what is missing.
    """
    document = _parsed(content, "the COCO file")
    rows: object
    if isinstance(document, list):
        named = _parsed(images_of, "the file for --coco-images") if images_of else {}
        rows = document
    else:
        named = document
        rows = document.get("annotations") if isinstance(document, dict) else None
    if not isinstance(named, dict) or not isinstance(rows, list):
        msg = "the COCO file has to be a data set (images, annotations, categories) or results"
        raise InvalidInputError(msg)
    categories = _rows(named.get("categories"))
    names: dict[object, str] = {_hashable(c.get("id")): str(c.get("name")) for c in categories}
    found = CocoPredictions(names or {number: name for number, name in classes.items()})
    ids: dict[object, str] = {}
    for image in _rows(named.get("images")):
        image_id = str(image.get("file_name", "")).rpartition("/")[2][:_ID_LENGTH]
        ids[_hashable(image.get("id"))] = image_id
        size = image.get("width"), image.get("height")
        if all(isinstance(side, int) and side > 0 for side in size):
            found.sizes[image_id] = int(size[0] or 0), int(size[1] or 0)
        found.by_image.setdefault(image_id, [])
    for row in _rows(rows):
        number = _hashable(row.get("image_id"))
        image_id = ids.get(number, number if isinstance(number, str) else "")
        if image_id:
            found.by_image[image_id].append(row)
        else:
            found.passed_over["of an image that the file does not name"] += 1
    return found


def _parsed(content: bytes, what: str) -> Any:  # noqa: ANN401 - anything that JSON can be
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"{what} is no JSON that can be read: {str(error)[:200]}"
        raise InvalidInputError(msg) from error


def _rows(value: object) -> list[Row]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _hashable(value: object) -> object:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None
