"""Corrections by whoever runs the platform: photographs offered again, with what is right of them.

A photograph is found by its content, its name and its campaign, as an import would store it. Only
what is said of it in words is corrected: options, side-cars, columns of a list. What its EXIF says
is of the bytes, which have not changed; and what is not said any more is no correction.
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
    """What became of the photographs that were offered for correction.

    Attributes:
        author: Who corrected.
        corrected: How many stand otherwise now.
        unchanged: How many had these values already.
        refused: What is not in the lake, or cannot be corrected so, with the reason.
    """

    author: str
    corrected: int
    unchanged: int
    refused: tuple[Refusal, ...]


def check_removable(names: Iterable[str]) -> None:
    """Make sure that all of these can be taken away.

    Raises:
        InvalidInputError: Some cannot; the text says what can.
    """
    if unknown := sorted(set(names) - set(CORRECTABLE)):
        msg = f"cannot be removed: {', '.join(unknown)}; can be: {', '.join(CORRECTABLE)}"
        raise InvalidInputError(msg)


def correct_offers(  # noqa: PLR0913 - what is said, and by whom
    corrections: Corrections,
    offers: Iterable[SourceFile],
    *,
    origin: DeliveryMetadata,
    author: str,
    clock: Callable[[], datetime],
    removed: tuple[str, ...] = (),
    reason: str | None = None,
    on_file: Callable[[], None] = lambda: None,
) -> CorrectionReport:
    """Correct the metadata of every offered photograph that is in the lake.

    Doing it again corrects nothing a second time.

    Args:
        corrections: Where corrections lie.
        offers: The photographs, each with what is said of it.
        origin: What is said of all of them; its source and campaign say which they are.
        author: Who corrects.
        clock: Tells the time.
        removed: Names of values to be taken away from all.
        reason: Why.
        on_file: Called after each file, in any thread.

    Raises:
        InvalidInputError: A name of a value is not known.
        LakeUnavailableError: The lake went away; do the same again to go on.
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
        now, said = clock(), _said(origin, loaded.claims)
        found = receive(
            source_file.name, loaded.content, origin=origin, arrived_at=now, claims=loaded.claims
        )
        if isinstance(found, Refusal):
            return found
        standing = corrections.standing(found.image_id)
        if standing is None or standing.first is None:
            reason = RefusalReason.NOT_IN_THE_LAKE
            return Refusal(name=source_file.name, reason=reason, detail=f"image {found.image_id}")
        gone = tuple(name for name in removed if getattr(said, name) is None)
        _, is_new = corrections.add(
            found.image_id, said, gone, author=author, author_kind=AuthorKind.OPERATOR,
            now=clock, reason=why,
        )  # fmt: skip
        return CORRECTED if is_new else UNCHANGED

    why = reason
    results = in_threads(correct, offers)
    refused = sorted((r for r in results if isinstance(r, Refusal)), key=lambda r: r.name)
    return CorrectionReport(
        author=author,
        corrected=results.count(CORRECTED),
        unchanged=results.count(UNCHANGED),
        refused=tuple(refused),
    )


def _said(origin: DeliveryMetadata, claims: SuppliedMetadata) -> CorrectedValues:
    """What is said in words: of one file before what is said of all."""
    of_all = {name: getattr(origin, name, None) for name in CORRECTABLE}
    of_one = {name: getattr(claims, name) for name in CORRECTABLE}
    return corrected_values(of_all | {n: v for n, v in of_one.items() if v is not None})
