"""Found images on this machine: their normalised copies, what is known, and what people drew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.query.image_annotations import AnnotationReader, Drawn
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.search_filters import these_images_sql

_AT_ONCE = 200


@dataclass(frozen=True)
class Picture:
    """One image: its copy in a file, the copy's size in pixels, and its metadata."""

    image_id: str
    file: Path
    size_px: tuple[int, int]
    metadata: Mapping[str, Any]
    consensus: Sequence[Drawn] = field(default_factory=tuple)
    votes: Sequence[Drawn] = field(default_factory=tuple)


class Gallery(NamedTuple):
    """The pictures, and the ids of images without a copy."""

    pictures: list[Picture]
    without_copy: list[str]


def gather(
    lake: Lake,
    image_ids: Sequence[str],
    folder: Path,
    on_done: Callable[[int], object],
    *,
    campaign: str = "",
) -> Gallery:
    """Fetch metadata, annotations and those copies that are not in the folder yet.

    Args:
        lake: Where they are.
        image_ids: The images, in this order; each once.
        folder: Where the copies are cached; they never change.
        on_done: Called with the number of images done since the last call.
        campaign: Whose answers are fetched; by default those of the campaign that the image came
            for, which are also fetched of an image that the campaign does not have.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pictures: list[Picture] = []
    missing: list[str] = []
    drawn = AnnotationReader(lake)
    for start in range(0, len(image_ids), _AT_ONCE):
        some = image_ids[start : start + _AT_ONCE]
        answer = QueryLayer(lake).engine.query(these_images_sql(some))
        rows: dict[str, dict[str, Any]] = {}
        for row in answer.to_pylist():  # of each image its own campaign first
            if row["image_id"] not in rows or row["campaign"] == campaign:
                rows[row["image_id"]] = row
        drawn.read((image_id, row["campaign"] or "") for image_id, row in rows.items())
        files = in_threads(lambda image_id: _fetched(lake, image_id, folder), some)
        for image_id, file in zip(some, files, strict=True):
            if file is None:
                missing.append(image_id)
                continue
            metadata = {n: v for n, v in rows.get(image_id, {}).items() if v is not None}
            known = drawn.of(image_id, metadata.get("campaign", ""))
            pictures.append(
                Picture(image_id, file, _size(file), metadata, known.settled, known.votes)
            )
        on_done(len(some))
    return Gallery(pictures, missing)


def _fetched(lake: Lake, image_id: str, folder: Path) -> Path | None:
    path = folder / f"{image_id}.jpg"
    if not path.is_file():
        content = lake.cleansed.find(keys.cleansed_image(image_id))
        if content is None:
            return None
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
    return path


def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size
