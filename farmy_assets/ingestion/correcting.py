"""Corrections by operators of the platform: photographs again, with the right metadata.

A photograph is identified by its content, its name and its campaign, as an import would store it.
Only supplied metadata are corrected: options, side-cars, columns of a list. EXIF belongs to the
bytes, which have not changed; and a value that is absent now is left as it is.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from farmy_assets.catalog.arrivals import DeliveryMetadata, Refusal, RefusalReason, receive
from farmy_assets.catalog.claims import SuppliedMetadata
from farmy_assets.catalog.corrections import (
    CORRECTABLE,
    AuthorKind,
    CorrectedValues,
    corrected_values,
)
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.source_files import SourceFile
from farmy_assets.lake.corrections import Corrections
from farmy_assets.lake.objects import in_threads

CORRECTED, UNCHANGED = "corrected", "unchanged"


class CorrectionReport(Record):
    """The result of a correction run.

    Attributes:
        author: Who made the corrections.
        corrected: How many have other values now.
        unchanged: How many had these values already.
        refused: Files that are not in the lake or cannot be corrected, with the reason.
    """

    author: str
    corrected: int
    unchanged: int
    refused: tuple[Refusal, ...]


def check_removable(names: Iterable[str]) -> None:
    """Check that the values of these names can be removed.

    Raises:
        InvalidInputError: Some cannot; the message lists those that can.
    """
    if unknown := sorted(set(names) - set(CORRECTABLE)):
        msg = f"cannot be removed: {', '.join(unknown)}; can be: {', '.join(CORRECTABLE)}"
        raise InvalidInputError(msg)


def correct_files(  # noqa: PLR0913 - the values, their author and the reason
    corrections: Corrections,
    files: Iterable[SourceFile],
    *,
    origin: DeliveryMetadata,
    author: str,
    clock: Callable[[], datetime],
    removed: tuple[str, ...] = (),
    reason: str | None = None,
    on_file: Callable[[], None] = lambda: None,
) -> CorrectionReport:
    """Correct the metadata of every one of these photographs that is in the lake.

    Idempotent: running it again changes nothing.

    Args:
        corrections: The repository of corrections.
        files: The photographs, each with its supplied metadata.
        origin: Metadata of all of them; source and campaign identify the images.
        author: Who makes the corrections.
        clock: Returns the time.
        removed: Names of values to be removed from all.
        reason: Why.
        on_file: Called after each file, in any thread.

    Raises:
        InvalidInputError: A name of a value is not known.
        LakeUnavailableError: The lake does not answer; run the same again to continue.
    """
    check_removable(removed)

    def correct(source_file: SourceFile) -> str | Refusal:
        try:
            return _correct(source_file)
        except InvalidInputError as error:
            reason = RefusalReason.BAD_METADATA
            return Refusal(name=source_file.name, reason=reason, detail=str(error))
        finally:
            on_file()

    def _correct(source_file: SourceFile) -> str | Refusal:
        loaded = source_file.load()
        if isinstance(loaded, Refusal):
            return loaded
        now, values = clock(), _supplied_values(origin, loaded.claims)
        found = receive(
            source_file.name, loaded.content, origin=origin, arrived_at=now, claims=loaded.claims
        )
        if isinstance(found, Refusal):
            return found
        current = corrections.current(found.image_id)
        if current is None or current.first is None:
            reason = RefusalReason.NOT_IN_THE_LAKE
            return Refusal(name=source_file.name, reason=reason, detail=f"image {found.image_id}")
        gone = tuple(name for name in removed if getattr(values, name) is None)
        _, is_new = corrections.add(
            found.image_id, values, gone, author=author, author_kind=AuthorKind.OPERATOR,
            now=clock, reason=why,
        )  # fmt: skip
        return CORRECTED if is_new else UNCHANGED

    why = reason
    results = in_threads(correct, files)
    refused = sorted((r for r in results if isinstance(r, Refusal)), key=lambda r: r.name)
    return CorrectionReport(
        author=author,
        corrected=results.count(CORRECTED),
        unchanged=results.count(UNCHANGED),
        refused=tuple(refused),
    )


def _supplied_values(origin: DeliveryMetadata, claims: SuppliedMetadata) -> CorrectedValues:
    """The supplied values; those of one file take precedence over those of all."""
    of_all = {name: getattr(origin, name, None) for name in CORRECTABLE}
    of_one = {name: getattr(claims, name) for name in CORRECTABLE}
    return corrected_values(of_all | {n: v for n, v in of_one.items() if v is not None})
