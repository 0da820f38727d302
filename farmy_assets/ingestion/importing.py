"""Import files into the lake, several at a time."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from farmy_assets.catalog.arrivals import DeliveryMetadata, Refusal, RefusalReason, receive
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import InvalidInputError, LakeDamagedError
from farmy_assets.ingestion.differences import Difference, differing_fields, supplied_fields
from farmy_assets.ingestion.reports import IngestReport
from farmy_assets.ingestion.source_files import SourceFile
from farmy_assets.ingestion.sources.folder import files_of_folder
from farmy_assets.lake.connection import THREADS
from farmy_assets.lake.raw_zone import Outcome, RawZone

Result = tuple[Outcome | Refusal, int]


def import_files(
    zone: RawZone,
    files: Iterable[SourceFile],
    *,
    origin: DeliveryMetadata,
    clock: Callable[[], datetime],
    on_file: Callable[[int], None] = lambda size_bytes: None,
    on_image: Callable[[str], None] = lambda image_id: None,
    current_metadata: Callable[[str], ImageMetadata | None] | None = None,
) -> IngestReport:
    """Import every source file into the lake.

    An import that was killed continues when it is run again: an image that is already stored is
    found by its content, and its bytes are not sent again.

    Args:
        zone: The raw zone to store them in.
        files: The source files.
        origin: The sender's metadata of all of them.
        clock: Returns the time of arrival.
        on_file: Called after each file, with its size.
        on_image: Called with the id of each image that is in the lake now, from any thread.
        current_metadata: Returns the current metadata of an image that is stored already; by
            default those of its first arrival.

    Raises:
        InvalidInputError: The sender's metadata do not fit the schema; nothing was stored.
        LakeUnavailableError: The lake does not answer; run the same import again to continue.
    """
    receive("check.jpg", b"\xff\xd8\xff", origin=origin, arrived_at=clock())  # before any upload
    previous = _PreviousFile()
    find_current = current_metadata or zone.find_metadata
    differences: list[Difference] = []

    def import_one(source_file: SourceFile) -> Result:
        loaded = source_file.load()
        if isinstance(loaded, Refusal):
            return loaded, 0
        size = len(loaded.content)
        try:
            metadata = receive(
                source_file.name,
                loaded.content,
                origin=origin,
                arrived_at=clock(),
                claims=loaded.claims,
            )
            if isinstance(metadata, Refusal):
                return metadata, size
            outcome = zone.store(metadata, loaded.content, look_first=previous.was_stored)
        except InvalidInputError as error:
            reason = RefusalReason.BAD_METADATA
            return Refusal(name=source_file.name, reason=reason, detail=str(error)), size
        except LakeDamagedError as error:
            reason = RefusalReason.OTHER_BYTES_IN_THE_LAKE
            return Refusal(name=source_file.name, reason=reason, detail=str(error)), size
        on_image(metadata.image_id)
        previous.was_stored = outcome is Outcome.ALREADY_THERE
        names = supplied_fields(origin, loaded.claims) if previous.was_stored else ()
        current = find_current(metadata.image_id) if names else None
        if current and (fields := differing_fields(current, metadata, names)):
            differences.append(Difference(name=source_file.name, fields=fields))
        return outcome, size

    results = _in_threads(import_one, files, on_file)
    return IngestReport.of(origin, results, differences)


class _PreviousFile:
    """Whether the last file was stored already: then the next one probably is, too."""

    was_stored = False


def _in_threads(
    import_one: Callable[[SourceFile], Result],
    files: Iterable[SourceFile],
    on_file: Callable[[int], None],
) -> list[Result]:
    results: list[Result] = []
    running: deque[Future[Result]] = deque()

    def collect() -> None:
        results.append(running.popleft().result())
        on_file(results[-1][1])

    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for source_file in files:
                running.append(pool.submit(import_one, source_file))
                if len(running) >= 2 * THREADS:  # limits the files in memory
                    collect()
            while running:
                collect()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def import_folder(
    zone: RawZone,
    folder: Path,
    *,
    origin: DeliveryMetadata,
    clock: Callable[[], datetime],
    on_file: Callable[[int], None] = lambda size_bytes: None,
) -> IngestReport:
    """Import every photograph below a folder; see `import_files`."""
    files = files_of_folder(folder)
    return import_files(zone, files, origin=origin, clock=clock, on_file=on_file)
