"""The words of this room: what became of an image, and why.

Only bytes that cannot be decoded are rejected without a person. Everything that is a matter of
judgement is held until somebody has looked at it.
"""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """What the image's own bytes say; duplicates are found later, between images."""

    REJECTED = "rejected"
    HELD = "held"
    FIT = "fit"


class Reason(StrEnum):
    """Why an image is not annotated; an image has any number of flags or one other reason."""

    # The bytes are not there, or are not the ones that were promised.
    MISSING_FROM_RAW = "missing_from_raw"
    CONTENT_CHANGED = "content_changed"

    # The bytes cannot be decoded to one picture.
    EMPTY_FILE = "empty_file"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    DECOMPRESSION_BOMB = "decompression_bomb"
    MULTI_PAGE = "multi_page"
    ANIMATED = "animated"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"

    # Flags: the picture is there, and a person decides whether it is of use.
    TOO_SMALL = "too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRY = "blurry"

    # The picture is of use, and we have it already.
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"


FLAGS = frozenset({Reason.TOO_SMALL, Reason.TOO_DARK, Reason.TOO_BRIGHT, Reason.BLURRY})
DUPLICATES = frozenset({Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE})
REJECTIONS = frozenset(Reason) - FLAGS - DUPLICATES


def status_for(reasons: Iterable[Reason]) -> Status:
    """The status that follows from the reasons: any rejection, else any flag, else fit."""
    found = set(reasons)
    if found & REJECTIONS:
        return Status.REJECTED
    return Status.HELD if found & FLAGS else Status.FIT
