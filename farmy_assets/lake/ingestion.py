"""The ingestion layer: the one way by which photographs enter the lake.

The metadata is written first, the bytes last: the event of the bytes finds the metadata in place,
and an import that was killed between the two is made whole by running it again.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from farmy_assets.catalog.arrivals import (
    MAX_SIZE_BYTES,
    Origin,
    Refusal,
    RefusalReason,
    receive,
)
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.connection import THREADS
from farmy_assets.lake.objects import Bucket


class Outcome(StrEnum):
    """What became of one accepted file."""

    STORED = "stored"
    ALREADY_THERE = "already_there"


class IngestReport(Record):
    """What one import did; without a clock, so that doing it again reports the same files."""

    origin: Origin
    stored: int
    already_there: int
    size_bytes: int
    refused: tuple[Refusal, ...]

    @property
    def files(self) -> int:
        """How many files were looked at."""
        return self.stored + self.already_there + len(self.refused)


@dataclass(frozen=True)
class RawZone:
    """The raw zone, for writing: content-addressed, write-once."""

    raw: Bucket

    def holds(self, sha256: str) -> bool:
        """Whether bytes with this digest are in the raw zone, whatever their name and origin."""
        return next(self.raw.keys(keys.raw_images_of(sha256)), None) is not None

    def store(self, metadata: ImageMetadata, content: bytes) -> Outcome:
        """Put one image and its metadata into the raw zone, each only where nothing is yet.

        Raises:
            LakeUnavailableError: The image may be half stored; store it again.
        """
        image_key = keys.raw_image(metadata.image_id)
        first = self.raw.put_once(keys.raw_metadata(metadata.image_id), metadata.to_json())
        if not first and self.raw.size_bytes(image_key) == len(content):
            return Outcome.ALREADY_THERE
        stored = self.raw.put_once(image_key, content, media_type=metadata.media_type)
        return Outcome.STORED if stored else Outcome.ALREADY_THERE


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files below a folder, in a stable order: name with forward slashes, and path.

    Bytes in a name that are not UTF-8 are spelled out, so that every name can be written down.
    """
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(directory) / name
            relative = path.relative_to(folder).as_posix()
            yield os.fsencode(relative).decode("utf-8", "backslashreplace"), path


def import_folder(
    zone: RawZone,
    folder: Path,
    *,
    origin: Origin,
    clock: Callable[[], datetime],
    on_file: Callable[[int], None] = lambda size_bytes: None,
) -> IngestReport:
    """Bring every photograph below a folder into the lake, several at a time.

    Args:
        zone: Where they go.
        folder: Where they are.
        origin: What the sender says of all of them.
        clock: Tells the time of arrival.
        on_file: Called after each file, with its size.

    Raises:
        InvalidInputError: What the sender says does not fit the schema; nothing was stored.
        LakeUnavailableError: The lake went away; run the same import again to go on.
    """
    receive("check.jpg", b"\xff\xd8\xff", origin=origin, arrived_at=clock())  # before any upload

    def bring(name: str, path: Path) -> tuple[Outcome | Refusal, int]:
        content = _read(name, path)
        if isinstance(content, Refusal):
            return content, 0
        metadata = receive(name, content, origin=origin, arrived_at=clock())
        if isinstance(metadata, Refusal):
            return metadata, len(content)
        return zone.store(metadata, content), len(content)

    results: list[tuple[Outcome | Refusal, int]] = []

    def collect(done: set[Future[tuple[Outcome | Refusal, int]]]) -> None:
        for future in done:
            results.append(future.result())
            on_file(results[-1][1])

    with ThreadPoolExecutor(THREADS) as pool:
        running: set[Future[tuple[Outcome | Refusal, int]]] = set()
        try:
            for name, path in files_in(folder):
                running.add(pool.submit(bring, name, path))
                if len(running) >= 2 * THREADS:  # keeps at most so many files in memory
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    collect(done)
            collect(wait(running).done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    refused = sorted((r for r, _ in results if isinstance(r, Refusal)), key=lambda r: r.name)
    return IngestReport(
        origin=origin,
        stored=sum(r is Outcome.STORED for r, _ in results),
        already_there=sum(r is Outcome.ALREADY_THERE for r, _ in results),
        size_bytes=sum(size for r, size in results if isinstance(r, Outcome)),
        refused=tuple(refused),
    )


def keep_report(records: Bucket, report: IngestReport) -> str:
    """Write an import's report among the records; returns its key."""
    digest = hashlib.sha256(report.to_json()).hexdigest()[:16]
    key = keys.ingest_report(report.origin.campaign, digest)
    records.put_once(key, report.to_json())
    return key


def _read(name: str, path: Path) -> bytes | Refusal:
    try:
        if path.is_symlink() or not path.is_file():
            return Refusal(name=name, reason=RefusalReason.NOT_A_REGULAR_FILE)
        size = path.stat().st_size
        if size > MAX_SIZE_BYTES:
            return Refusal(name=name, reason=RefusalReason.TOO_LARGE, detail=f"{size} bytes")
        return path.read_bytes()
    except OSError as error:
        return Refusal(name=name, reason=RefusalReason.UNREADABLE, detail=str(error.strerror))
