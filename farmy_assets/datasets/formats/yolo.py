"""Data sets in the form of YOLO: one text file an image, and `data.yaml` to begin with.

A row is `class centre_x centre_y width height`, the last four as fractions of the image. Class
numbers have no gaps: they count from 0 in the order of the campaign's class ids.
Source: docs.ultralytics.com/datasets/detect
"""

import math
from collections.abc import Collection

import yaml

from farmy_assets.annotation.regions.box import Box
from farmy_assets.datasets.release import ensure_releasable
from farmy_assets.datasets.splits import SPLITS
from farmy_assets.datasets.versions import DatasetVersion, LabelledImage, ReleasedImage

TITLE = "YOLO"
KIND = "yaml"
CONTENTS = "data.yaml and one label file an image"
REGIONS: Collection[str] = (Box.kind,)
ANSWERS = ""
LOADING = """\
YOLO, with Ultralytics:

```sh
yolo detect train data="$PWD/yolo/data.yaml"
```

Boxes are fractions of the image. Pictures are looked for beside `data.yaml`, in `images/`. Class
numbers count from 0.
"""


def files_of(version: DatasetVersion) -> dict[str, bytes]:
    """The label files of a version and its `data.yaml`, by path.

    Args:
        version: The version to export. The pictures belong at `picture_path`.

    Returns:
        `data.yaml`, and `labels/<split>/<image_id>.txt` for every image, empty for a background
        image; the same bytes for the same version.

    Raises:
        NotReleasableError: The version has problems (see `release.problems_of`).
    """
    ensure_releasable(version)
    numbers = {each.name: n for n, each in enumerate(version.classes)}
    files = {"data.yaml": _data_yaml(version, numbers)}
    for image in version.images:
        rows = (_row(box, image, numbers[box.label]) for box in image.of_kind(Box))
        files[f"labels/{image.split}/{image.image_id}.txt"] = "".join(rows).encode("ascii")
    return files


def picture_path(image: ReleasedImage) -> str:
    """Where the picture belongs, seen from the folder that holds `data.yaml`.

    YOLO finds the labels of a picture by putting `labels` in the place of `images`.
    """
    return f"images/{image.split}/{image.file_name}"


def _data_yaml(version: DatasetVersion, numbers: dict[str, int]) -> bytes:
    """Without `path`: only then are the pictures looked for beside this file.

    A relative `path`, were it only ".", is taken from the folder in which training is started.
    """
    settings: dict[str, object] = {split: f"images/{split}" for split in SPLITS}
    settings["names"] = {n: name for name, n in numbers.items()}
    body = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False, width=math.inf)
    return f"# {version.campaign} {version.version_id}\n{body}".encode()


def _row(box: Box, image: LabelledImage, number: int) -> str:
    left, right = (_fraction(x, image.width_px) for x in (box.x_min, box.x_max))
    top, bottom = (_fraction(y, image.height_px) for y in (box.y_min, box.y_max))
    fractions = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return " ".join((str(number), *(f"{fraction:.6f}" for fraction in fractions))) + "\n"


def _fraction(place_px: float, side_px: int) -> float:
    """A place in pixels as a part of the image's side, never outside of it."""
    return min(max(place_px / side_px, 0.0), 1.0)
