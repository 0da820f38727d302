"""A plain folder through the very checks that batches go through; no lake and no server.

Every file below the folder gets one row, whatever it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from farmy_assets.cleansing.arrow_arrays import table_of
from farmy_assets.cleansing.changed_copies import CopyChange
from farmy_assets.cleansing.checks import (
    content_changed,
    copy_checks,
    decompression_bomb,
    missing_from_raw,
    near_duplicate,
    reading_checks,
)
from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of, known_images
from farmy_assets.cleansing.duplicates import DuplicateOf, find_duplicates
from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.tables import quality_columns, quality_fields
from farmy_assets.cleansing.verdicts import CheckResult, Status, Verdict
from farmy_assets.cleansing.wording import copy_description
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.cores import AllCores
from farmy_assets.execution.found_files import (
    FoundFile,
    name_as_text,
    read_content,
    why_missing,
)
from farmy_assets.execution.local_work import worked_files
from farmy_assets.execution.report import CleansingReport
from farmy_assets.execution.thumbnails import thumbnails
from farmy_assets.execution.work import ImageFile, WorkedText
from farmy_assets.execution.work_order import WorkOrder

_THUMBNAILS_KEPT = 5_000  # some 25 MB
_LONGEST_NAME_BYTES = 255  # of one part of a path


def report_schema() -> pa.Schema:
    """The columns of a folder's table."""
    found = (*_reading(), *(check.name for check in copy_checks()))
    return pa.schema(
        [
            pa.field("path", pa.string()),
            *quality_fields(),
            *(pa.field(name, pa.float64()) for name in found),
            pa.field("duplicate_cluster", pa.string()),
            pa.field("duplicate_how", pa.string()),
            pa.field("keep", pa.bool_()),
        ]
    )


def _reading() -> tuple[str, ...]:
    """The checks on the way to a picture; a plain folder has no digests to compare with."""
    return tuple(c.name for c in reading_checks() if c.name != content_changed.CHECK.name)


@dataclass(frozen=True)
class FolderReport:
    """What was found: verdicts in the order of the names, and duplicates by name."""

    folder: Path
    policy: CleansingPolicy
    qualities: tuple[ImageQuality, ...]
    duplicates: Mapping[str, DuplicateOf]
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    """Of the first images that were done; others are drawn when they are shown."""

    @property
    def report(self) -> CleansingReport:
        """The page for people."""
        return CleansingReport(str(self.folder), self.policy, self.qualities, self.duplicates, {})

    def is_kept(self, quality: ImageQuality) -> bool:
        """Whether an image would go on to annotation without a person's decision."""
        return quality.status is Status.FIT and quality.image_id not in self.duplicates

    def has_picture(self, image_id: str) -> bool:
        """Whether an image could be decoded."""
        return image_id in self._decoded

    @cached_property
    def _decoded(self) -> frozenset[str]:
        return frozenset(q.image_id for q in self.qualities if q.status is not Status.REJECTED)

    def as_table(self) -> pa.Table:
        """One row a file, sorted by path."""
        kept_of_cluster = {duplicate.of_image_id for duplicate in self.duplicates.values()}
        rows = [self._row(quality, kept_of_cluster) for quality in self.qualities]
        return table_of(rows, report_schema())

    def _row(self, quality: ImageQuality, kept_of_cluster: set[str]) -> dict[str, Any]:
        name = quality.image_id
        duplicate = self.duplicates.get(name)
        row = {
            "path": name,
            **quality_columns(quality),
            **_reading_values(quality),
            "keep": self.is_kept(quality),
        }
        if name in kept_of_cluster:
            row["duplicate_cluster"] = name
        if duplicate:
            check = duplicate.kind.value
            is_changed = duplicate.change is not CopyChange.NONE
            is_near = check == near_duplicate.CHECK.name
            limit = self.policy.near_duplicate_max_distance_bits if is_near else 0
            found = CheckResult(
                check=check,
                value=duplicate.distance_bits,
                threshold=None if is_changed else limit,
                verdict=Verdict.FAIL,
            )
            row["verdict"] = Verdict.FAIL.value
            row["reasons"] = [*quality.reasons, check]
            row["checks"] = [*row["checks"], found.model_dump(mode="json")]
            row["duplicate_cluster"] = duplicate.of_image_id
            row[check] = float(duplicate.distance_bits)
            row["duplicate_how"] = copy_description(duplicate).removesuffix(" of")
        return row


def _reading_values(quality: ImageQuality) -> dict[str, float]:
    """1 for what kept a file from becoming a picture, 0 for what did not; of bombs the pixels."""
    if quality.width_px and quality.height_px:
        pixels = float(quality.width_px * quality.height_px)
        return {**dict.fromkeys(_reading(), 0.0), decompression_bomb.CHECK.name: pixels}
    return {check: quality.value_of(check) or 1.0 for check in quality.reasons}


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
        InvalidInputError: There is no Ray cluster at the address, or a copy cannot be written.
    """
    paths = {file.name: file.path for file in files}
    qualities: list[ImageQuality] = []
    pictures: dict[str, bytes] = {}
    order = WorkOrder(policy=policy, copies=copies is not None, thumbnails=True)
    for worked in _worked(files, order, ray_address):
        quality = ImageQuality.model_validate_json(worked.quality)
        if quality.sha256 is None and missing_from_raw.CHECK.name in quality.reasons:
            problem = why_missing(paths[quality.image_id])
            quality = quality.model_copy(update={"detail": problem})
        qualities.append(quality)
        if worked.thumbnail is not None and len(pictures) < _THUMBNAILS_KEPT:
            pictures[quality.image_id] = worked.thumbnail
        if copies and worked.copy is not None:
            _store(copies, quality.image_id, worked.copy.content)
        on_images(1)
    qualities.sort(key=lambda quality: quality.image_id)
    duplicates = _duplicates(qualities, policy)
    return FolderReport(folder, policy, tuple(qualities), duplicates, pictures)


def _worked(files: Sequence[FoundFile], order: WorkOrder, ray_address: str) -> Iterator[WorkedText]:
    if ray_address:
        from farmy_assets.execution.folder_plan import (  # noqa: PLC0415 - loads all of Daft
            planned_files,
        )

        return planned_files(files, order, ray_address)
    named = [ImageFile(file.name, name_as_text(file.path), file.path) for file in files]
    return worked_files(named, order)


def _duplicates(
    qualities: Sequence[ImageQuality], policy: CleansingPolicy
) -> dict[str, DuplicateOf]:
    """Among the fit images; then of those that a check flagged, which never replace a fit one."""
    found: dict[str, DuplicateOf] = {}
    kept: list[Fingerprint] = []
    for status in (Status.FIT, Status.HELD):
        seen = (fingerprint_of(quality) for quality in qualities if quality.status is status)
        new = [fingerprint for fingerprint in seen if fingerprint]
        found |= find_duplicates(new, known_images(kept), policy=policy, cores=AllCores())
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

    Raises:
        InvalidInputError: One of them cannot be written, for lack of space or permission.
    """
    paths = {file.name: file.path for file in files}
    shown = found.report.shown_images()
    pictures = {name: found.thumbnails[name] for name in shown if name in found.thumbnails}
    if missing := [name for name in shown if name not in pictures and found.has_picture(name)]:
        contents = (
            (name, read_content(paths[name], found.policy.max_bytes) or b"") for name in missing
        )
        pictures |= thumbnails(contents, policy=found.policy)
    buffer = BytesIO()
    pq.write_table(found.as_table(), buffer, compression="zstd")
    for path, content in ((table, buffer.getvalue()), (page, found.report.page(pictures))):
        draft = path.with_name(f".{path.name}.draft")
        with _reported_errors(path, draft=draft):
            draft.write_bytes(content)
            draft.replace(path)


def _store(folder: Path, name: str, content: bytes) -> None:
    """The copy's name is the original's with .jpg behind it, so that no two can meet."""
    path = folder.joinpath(*map(_shortened, f"{name}.jpg".split("/")))
    with _reported_errors(path, draft=path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _shortened(name: str) -> str:
    """A name that file systems take: of a longer one the beginning, and a digest of all of it."""
    raw = name.encode()
    if len(raw) <= _LONGEST_NAME_BYTES:
        return name
    digest = content_sha256(raw)[:16]
    return f"{raw[: _LONGEST_NAME_BYTES - 24].decode(errors='ignore')}~{digest}.jpg"


@contextmanager
def _reported_errors(path: Path, *, draft: Path) -> Iterator[None]:
    """Report a file that cannot be written, and remove what was written of it."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        msg = f"{path} cannot be written ({error.strerror}): make room, or name another folder"
        raise InvalidInputError(msg) from error
