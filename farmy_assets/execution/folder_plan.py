"""A plain folder as a Daft plan, for a cluster whose nodes all see the folder.

On one machine the folder needs no plan: `local_work.py`.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import daft

from farmy_assets.execution.engines import use_engine
from farmy_assets.execution.found_files import FoundFile, name_as_text, read_content, size_bytes
from farmy_assets.execution.plan import image_work, in_portions, worked_of
from farmy_assets.execution.work import WorkedText
from farmy_assets.execution.work_order import WorkOrder


def planned_files(
    files: Sequence[FoundFile], order: WorkOrder, ray_address: str = ""
) -> Iterator[WorkedText]:
    """The answer for each file, in any order, as they come.

    Args:
        files: As `files_below` found them.
        order: The policy, and whether copies and thumbnails are wanted.
        ray_address: A Ray cluster to work on; empty for this process.

    Raises:
        InvalidInputError: There is no Ray cluster at the address.
    """
    use_engine(ray_address)
    if files:
        for row in image_work(_frame(files, order.policy.max_bytes), order).iter_rows():
            yield worked_of(row)


def _frame(files: Sequence[FoundFile], max_bytes: int) -> daft.DataFrame:
    named = daft.from_pydict(
        {
            "image_id": [file.name for file in files],
            "name": [name_as_text(file.path) for file in files],
            "promised_sha256": [None] * len(files),
            "path": [os.fsencode(file.path) for file in files],
        }
    )
    content: Any = _read(daft.col("path"), max_bytes)  # called with columns, it gives a column
    cast = {"promised_sha256": daft.col("promised_sha256").cast(daft.DataType.string())}
    largest = max(min(size_bytes(file.path), max_bytes) for file in files)
    portions = in_portions(named, len(files), largest_bytes=largest)
    return portions.with_columns({**cast, "content": content})


@daft.func.batch(return_dtype=daft.DataType.binary())
def _read(paths: daft.Series, max_bytes: int) -> list[bytes | None]:
    """Any name that a file system allows, which no address could spell."""
    return [read_content(Path(os.fsdecode(path)), max_bytes) for path in paths.to_pylist()]
