"""The image work of a batch as one Daft plan: a lazy frame in, a lazy frame out.

Nothing here starts, distributes or fetches anything. Whoever calls gives a frame with the columns
`image_id`, `name` and `promised_sha256` (text), and `content` (bytes, null when the object is
missing), and collects the answer. The same plan runs on this machine and on a Ray cluster; what
touches an image's bytes runs in guarded child processes of wherever the plan is.
"""

import os
from collections.abc import Mapping
from typing import Any

import daft
from daft import DataType

from farmy_assets.cleansing.normalise import NormalisedCopy
from farmy_assets.execution.work import RawImage, WorkedText, work_guarded
from farmy_assets.execution.work_order import WorkOrder, guarded_pool

INPUT_COLUMNS = ("image_id", "name", "promised_sha256", "content")

_ROW = {
    "image_id": DataType.string(),
    "quality": DataType.string(),
    "copy_content": DataType.binary(),
    "copy_width_px": DataType.int64(),
    "copy_height_px": DataType.int64(),
    "copy_sha256": DataType.string(),
    "thumbnail": DataType.binary(),
}
_MOST_IN_HAND = 64
_BYTES_IN_HAND = 48_000_000  # of one portion: large photographs must not fill the memory
_PORTIONS_EACH = 8  # of a small folder, for each core: none is left without work for long


@daft.cls(use_process=False)
class _ImageWork:
    """The work of one Daft worker; its threads share the children."""

    def __init__(self, order_json: str) -> None:
        self._order = WorkOrder.model_validate_json(order_json)
        self._pool = guarded_pool(self._order)

    @daft.method.batch(return_dtype=DataType.struct(_ROW), unnest=True)
    def rows(
        self,
        image_id: daft.Series,
        name: daft.Series,
        promised_sha256: daft.Series,
        content: daft.Series,
    ) -> list[dict[str, Any]]:
        columns = (c.to_pylist() for c in (image_id, name, promised_sha256, content))
        images = [RawImage(*row) for row in zip(*columns, strict=True)]
        return [_row(worked) for worked in work_guarded(images, self._order, self._pool)]


def in_portions(
    images: daft.DataFrame, count: int, *, largest_bytes: int = _BYTES_IN_HAND // 16
) -> daft.DataFrame:
    """The files in portions that are fetched and worked on together.

    By default Daft would fetch thousands before it works on the first.

    Args:
        images: What is to be fetched.
        count: How many rows there are.
        largest_bytes: How large the largest file is, as far as that is known.
    """
    workers = os.cpu_count() or 1
    most = min(_MOST_IN_HAND, max(1, _BYTES_IN_HAND // max(1, largest_bytes)))
    return images.into_batches(min(most, max(1, -(-count // (_PORTIONS_EACH * workers)))))


def image_work(images: daft.DataFrame, order: WorkOrder) -> daft.DataFrame:
    """A plan for the whole work: one row an image, in any order.

    Columns: `image_id`, `quality` (an `ImageQuality` as JSON), `copy_content`, `copy_width_px`,
    `copy_height_px` and `copy_sha256`, which are null where there is no copy, and `thumbnail`,
    which is null where none was requested, or there is no picture.

    Args:
        images: The input columns named above; others are left behind.
        order: The policy, and whether copies and thumbnails are requested.
    """
    work = _ImageWork(order.model_dump_json())
    rows: Any = work.rows  # called with columns, it gives a column
    return images.select(rows(*(daft.col(name) for name in INPUT_COLUMNS)))


def worked_of(row: Mapping[str, Any]) -> WorkedText:
    """The values of a row of the plan."""
    copy = None
    if row["copy_content"] is not None:
        copy = NormalisedCopy(
            row["copy_content"], row["copy_width_px"], row["copy_height_px"], row["copy_sha256"],
            row["thumbnail"],
        )  # fmt: skip
    return WorkedText(row["image_id"], row["quality"], copy, row["thumbnail"])


def _row(worked: WorkedText) -> dict[str, Any]:
    copy = worked.copy
    return {
        "image_id": worked.image_id,
        "quality": worked.quality,
        "copy_content": copy.content if copy else None,
        "copy_width_px": copy.width_px if copy else None,
        "copy_height_px": copy.height_px if copy else None,
        "copy_sha256": copy.sha256 if copy else None,
        "thumbnail": worked.thumbnail,
    }
