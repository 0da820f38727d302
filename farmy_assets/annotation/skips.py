"""Skips of annotators: an answer that says why an image cannot be labelled, in place of regions."""

from typing import NamedTuple

from farmy_assets.annotation.answers import RawAnnotation, ResultReader
from farmy_assets.annotation.inboxes import Phase

MAX_REASON_CHARACTERS = 200


class SkipRead(NamedTuple):
    """An annotation, as skipped if it says just why the image cannot be labelled.

    Attributes:
        annotation: Without the reason among its results.
        reason: Why the image cannot be labelled; None where nothing is said of that.
        problems: What contradicts it.
    """

    annotation: RawAnnotation
    reason: str | None
    problems: tuple[str, ...]


def read_skip(annotation: RawAnnotation, *, phase: Phase, reader: ResultReader) -> SkipRead:
    """What an annotation says of a skip; in other phases people skip without a reason."""
    if phase is not Phase.ANNOTATION:
        return SkipRead(annotation, None, ())
    rest, reasons = reader.skip_reasons(annotation.result)
    if not reasons:
        return SkipRead(annotation, None, ())
    reason = "; ".join(reasons)[:MAX_REASON_CHARACTERS]
    is_skipped = annotation.skipped or not rest
    said = annotation.model_copy(update={"result": tuple(rest), "skipped": is_skipped})
    if is_skipped:
        return SkipRead(said, reason, ())
    return SkipRead(said, None, (f"says that the image cannot be labelled ({reason}), and draws",))
