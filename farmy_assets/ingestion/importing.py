"""Bringing offered files into the lake, several at a time."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from farmy_assets.catalog.arrivals import DeliveryMetadata, Refusal, RefusalReason, receive
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import InvalidInputError, LakeDamagedError
from farmy_assets.ingestion.differences import Difference, differing, said_of
from farmy_assets.ingestion.reports import IngestReport
from farmy_assets.ingestion.source_files import SourceFile
from farmy_assets.ingestion.sources.folder import files_of_folder
from farmy_assets.lake.connection import THREADS
from farmy_assets.lake.raw_zone import Outcome, RawZone

Result = tuple[Outcome | Refusal, int]


def import_files(
    zone: RawZone,
    offers: Iterable[SourceFile],
    *,
    origin: DeliveryMetadata,
    clock: Callable[[], datetime],
    on_file: Callable[[int], None] = lambda size_bytes: None,
    on_image: Callable[[str], None] = lambda image_id: None,
    standing: Callable[[str], ImageMetadata | None] | None = None,
) -> IngestReport:
    """Bring every offered photograph into the lake.

    An import that was killed is gone on with by running it again: what is there already is found
    by its content, asked for before its bytes are sent.

    Args:
        zone: Where they go.
        offers: What is offered.
        origin: What the sender says of all of them.
        clock: Tells the time of arrival.
        on_file: Called after each file, with its size.
        on_image: Called with the id of each image that is in the lake now, from any thread.
        standing: Finds the metadata that stand for an image which is there already; by default
            those with which it came.

    Raises:
        InvalidInputError: What the sender says does not fit the schema; nothing was stored.
        LakeUnavailableError: The lake went away; run the same import again to go on.
    """
    receive("check.jpg", b"\xff\xd8\xff", origin=origin, arrived_at=clock())  # before any upload
    known = _Known()
    stands_for = standing or zone.find_metadata
    differences: list[Difference] = []

    def bring(source_file: SourceFile) -> Result:
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
            outcome = zone.store(metadata, loaded.content, look_first=known.so_far)
        except InvalidInputError as error:
            reason = RefusalReason.BAD_METADATA
            return Refusal(name=source_file.name, reason=reason, detail=str(error)), size
        except LakeDamagedError as error:
            reason = RefusalReason.OTHER_BYTES_IN_THE_LAKE
            return Refusal(name=source_file.name, reason=reason, detail=str(error)), size
        on_image(metadata.image_id)
        known.so_far = outcome is Outcome.ALREADY_THERE
        said = said_of(origin, loaded.claims) if known.so_far else ()
        stands = stands_for(metadata.image_id) if said else None
        if stands and (fields := differing(stands, metadata, said)):
            differences.append(Difference(name=source_file.name, fields=fields))
        return outcome, size

    results = _in_threads(bring, offers, on_file)
    return IngestReport.of(origin, results, differences)


class _Known:
    """Whether the last file was there already: then the next one probably is as well."""

    so_far = False


def _in_threads(
    bring: Callable[[SourceFile], Result],
    offers: Iterable[SourceFile],
    on_file: Callable[[int], None],
) -> list[Result]:
    results: list[Result] = []
    running: deque[Future[Result]] = deque()

    def collect() -> None:
        results.append(running.popleft().result())
        on_file(results[-1][1])

    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for source_file in offers:
                running.append(pool.submit(bring, source_file))
                if len(running) >= 2 * THREADS:  # keeps at most so many files in memory
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
    """Bring every photograph below a folder into the lake; see `import_files`."""
    offers = files_of_folder(folder)
    return import_files(zone, offers, origin=origin, clock=clock, on_file=on_file)
