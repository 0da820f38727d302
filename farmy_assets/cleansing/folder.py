"""A plain folder through the very checks that batches go through; no lake and no server.

Every file below the folder gets one row, whatever it is.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import daft
import pyarrow as pa
import pyarrow.parquet as pq

from farmy_assets.cleansing.checks import Check, CheckResult, Status, Verdict
from farmy_assets.cleansing.duplicates import (
    DuplicateOf,
    Fingerprint,
    find_duplicates,
    fingerprint_of,
    known_images,
)
from farmy_assets.cleansing.engines import use_engine
from farmy_assets.cleansing.plan import image_work, in_portions
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.report import CleansingReport
from farmy_assets.cleansing.tables import QUALITY_FIELDS, quality_columns
from farmy_assets.cleansing.thumbnails import thumbnails
from farmy_assets.cleansing.work import WorkOrder

REPORT_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string()),
        *QUALITY_FIELDS,
        pa.field(Check.EXACT_DUPLICATE.value, pa.float64()),
        pa.field(Check.NEAR_DUPLICATE.value, pa.float64()),
        pa.field("duplicate_cluster", pa.string()),
        pa.field("keep", pa.bool_()),
    ]
)


class FoundFile(NamedTuple):
    """A file below the folder: its name with forward slashes, and where it is."""

    name: str
    path: Path


@dataclass(frozen=True)
class FolderReport:
    """What was found: verdicts in the order of the names, and duplicates by name."""

    folder: Path
    policy: CleansingPolicy
    qualities: tuple[ImageQuality, ...]
    duplicates: Mapping[str, DuplicateOf]

    @property
    def report(self) -> CleansingReport:
        """The page for people."""
        return CleansingReport(str(self.folder), self.policy, self.qualities, self.duplicates, {})

    def is_kept(self, quality: ImageQuality) -> bool:
        """Whether an image would go on to annotation without a person's word."""
        return quality.status is Status.FIT and quality.image_id not in self.duplicates

    def as_table(self) -> pa.Table:
        """One row a file, sorted by path."""
        kept_of_cluster = {duplicate.of_image_id for duplicate in self.duplicates.values()}
        rows = [self._row(quality, kept_of_cluster) for quality in self.qualities]
        return pa.Table.from_pylist(rows, schema=REPORT_SCHEMA)

    def _row(self, quality: ImageQuality, kept_of_cluster: set[str]) -> dict[str, Any]:
        name = quality.image_id
        duplicate = self.duplicates.get(name)
        row = {"path": name, **quality_columns(quality), "keep": self.is_kept(quality)}
        if name in kept_of_cluster:
            row["duplicate_cluster"] = name
        if duplicate:
            check = Check(duplicate.kind.value)
            found = CheckResult(
                check=check,
                value=duplicate.distance_bits,
                threshold=self.policy.near_duplicate_max_distance_bits,
                verdict=Verdict.FAIL,
            )
            row["verdict"] = Verdict.FAIL.value
            row["reasons"] = [*row["reasons"], check.value]
            row["checks"] = [*row["checks"], found.model_dump(mode="json")]
            row["duplicate_cluster"] = duplicate.of_image_id
            row[check.value] = float(duplicate.distance_bits)
        return row


def files_below(folder: Path, *, leaving_out: Collection[Path] = ()) -> Iterator[FoundFile]:
    """Every file below a folder, links to files included, in a stable order.

    Bytes in a name that are not UTF-8 are spelled out, so that every name can be written down.
    """
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if Path(directory, f) not in leaving_out)
        for name in sorted(names):
            path = Path(directory) / name
            relative = path.relative_to(folder).as_posix()
            yield FoundFile(os.fsencode(relative).decode("utf-8", "backslashreplace"), path)


def cleanse(
    folder: Path,
    files: Sequence[FoundFile],
    *,
    policy: CleansingPolicy,
    ray_address: str = "",
    copies: Path | None = None,
    on_images: Callable[[int], None] = lambda count: None,
) -> FolderReport:
    """Check these files, and find which show the same.

    Args:
        folder: Where they are.
        files: As `files_below` found them.
        policy: The thresholds.
        ray_address: A Ray cluster to work on; empty for this machine.
        copies: A folder for the normalised copies; None makes none.
        on_images: Called with the number of files done, every now and then.

    Raises:
        InvalidInputError: There is no Ray cluster at the address.
    """
    use_engine(ray_address)
    qualities: list[ImageQuality] = []
    if files:
        work = image_work(
            _frame(files, policy.max_bytes), WorkOrder(policy=policy, copies=copies is not None)
        )
        for row in work.iter_rows():
            quality = ImageQuality.model_validate_json(row["quality"])
            qualities.append(quality)
            if copies and row["copy_content"] is not None:
                _store(copies, quality.image_id, row["copy_content"])
            on_images(1)
    qualities.sort(key=lambda quality: quality.image_id)
    return FolderReport(folder, policy, tuple(qualities), _duplicates(qualities, policy))


def _duplicates(
    qualities: Sequence[ImageQuality], policy: CleansingPolicy
) -> dict[str, DuplicateOf]:
    """Among the fit images; then of those that a check flagged, which never stand for a fit one."""
    found: dict[str, DuplicateOf] = {}
    kept: list[Fingerprint] = []
    for status in (Status.FIT, Status.HELD):
        seen = (fingerprint_of(quality) for quality in qualities if quality.status is status)
        new = [fingerprint for fingerprint in seen if fingerprint]
        found |= find_duplicates(new, known_images(kept), policy=policy)
        kept += [fingerprint for fingerprint in new if fingerprint.image_id not in found]
    return found


def write_reports(
    found: FolderReport, files: Sequence[FoundFile], *, table: Path, page: Path
) -> None:
    """Write both reports, each whole or not at all.

    Args:
        found: What to report.
        files: Where the pictures are.
        table: The Parquet file.
        page: The HTML file.
    """
    paths = {file.name: file.path for file in files}
    contents = (
        (name, _content(paths[name], found.policy.max_bytes) or b"")
        for name in found.report.shown_images()
    )
    pictures = thumbnails(contents, policy=found.policy)
    buffer = BytesIO()
    pq.write_table(found.as_table(), buffer, compression="zstd")
    for path, content in ((table, buffer.getvalue()), (page, found.report.page(pictures))):
        draft = path.with_name(f".{path.name}.draft")
        draft.write_bytes(content)
        draft.replace(path)


def _frame(files: Sequence[FoundFile], max_bytes: int) -> daft.DataFrame:
    named = daft.from_pydict(
        {
            "image_id": [file.name for file in files],
            "name": [file.path.name.encode("utf-8", "replace").decode() for file in files],
            "promised_sha256": [None] * len(files),
            "path": [os.fsencode(file.path) for file in files],
        }
    )
    content: Any = _read(daft.col("path"), max_bytes)  # called with columns, it gives a column
    cast = {"promised_sha256": daft.col("promised_sha256").cast(daft.DataType.string())}
    largest = max(min(_size_bytes(file.path), max_bytes) for file in files)
    portions = in_portions(named, len(files), largest_bytes=largest)
    return portions.with_columns({**cast, "content": content})


@daft.func.batch(return_dtype=daft.DataType.binary())
def _read(paths: daft.Series, max_bytes: int) -> list[bytes | None]:
    """Any name that a file system allows, which no address could spell."""
    return [_content(Path(os.fsdecode(path)), max_bytes) for path in paths.to_pylist()]


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _content(path: Path, max_bytes: int) -> bytes | None:
    """The file's bytes; of a larger file one byte more than that, which tells that it is larger."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(min(path.stat().st_size, max_bytes) + 1)
    except OSError:
        return None


def _store(folder: Path, name: str, content: bytes) -> None:
    """The copy's name is the original's with .jpg behind it, so that no two can meet."""
    path = folder / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
