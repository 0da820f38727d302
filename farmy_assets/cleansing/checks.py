"""The words of this room: what is checked, what a check says, and what follows from it.

Only bytes that cannot be decoded are rejected without a person. Everything that is a matter of
judgement is held until somebody has looked at it.
"""

from collections.abc import Iterable
from enum import StrEnum

from farmy_assets.catalog.records import Record


class Check(StrEnum):
    """What is checked; the name of a failed check is the reason why an image goes no further."""

    # The bytes are not there, or are not the ones that were promised.
    MISSING_FROM_RAW = "missing_from_raw"
    CONTENT_CHANGED = "content_changed"

    # The bytes cannot be decoded.
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    DECOMPRESSION_BOMB = "decompression_bomb"
    TOO_COSTLY = "too_costly"

    # The file is odd, but there is a picture in it.
    DAMAGED = "damaged"
    WRONG_EXTENSION = "wrong_extension"
    ANIMATED_OR_MULTI_PAGE = "animated_or_multi_page"

    # Measured on the picture.
    TOO_SMALL = "too_small"
    ODD_ASPECT_RATIO = "odd_aspect_ratio"
    DARK = "dark"
    BRIGHT = "bright"
    CLIPPED = "clipped"
    BLURRY = "blurry"
    LOW_INFORMATION = "low_information"
    LOW_CONTRAST = "low_contrast"
    NO_COLOUR = "no_colour"
    SCREENSHOT = "screenshot"
    LITTLE_VEGETATION = "little_vegetation"

    # The picture is of use, and we have it already.
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"


REJECTING = (
    Check.MISSING_FROM_RAW, Check.CONTENT_CHANGED,
    Check.UNREADABLE, Check.TRUNCATED, Check.DECOMPRESSION_BOMB, Check.TOO_COSTLY,
)  # fmt: skip
"""What leaves nothing to look at: no person is asked."""

DUPLICATE_CHECKS = (Check.EXACT_DUPLICATE, Check.NEAR_DUPLICATE)

FILE_CHECKS = (Check.DAMAGED, Check.WRONG_EXTENSION, Check.ANIMATED_OR_MULTI_PAGE)
"""Told by the file around the picture."""

MEASURED = (
    Check.TOO_SMALL, Check.ODD_ASPECT_RATIO, Check.DARK, Check.BRIGHT, Check.CLIPPED, Check.BLURRY,
    Check.LOW_INFORMATION, Check.LOW_CONTRAST, Check.NO_COLOUR, Check.SCREENSHOT,
    Check.LITTLE_VEGETATION,
)  # fmt: skip
"""Checks whose value is measured on the picture and held against the policy."""

FAILS_ABOVE = frozenset({Check.BRIGHT, Check.CLIPPED, Check.SCREENSHOT})
"""Measured checks of which a larger value is worse; of the others a smaller one is."""


class Verdict(StrEnum):
    """What one check says."""

    PASS = "pass"  # noqa: S105 - a word, not a secret
    WARN = "warn"  # worth knowing; the image goes on
    FAIL = "fail"


class Status(StrEnum):
    """What follows from an image's own bytes; duplicates are found later, between images."""

    REJECTED = "rejected"
    HELD = "held"
    FIT = "fit"


class CheckResult(Record):
    """What one check found; value and threshold are None where there is nothing to measure.

    The threshold is the one that decided: of a failure the limit for failing, else the next one
    that was not passed.
    """

    check: Check
    value: float | None = None
    threshold: float | None = None
    verdict: Verdict


def status_of(results: Iterable[CheckResult]) -> Status:
    """The status that follows: rejected if there is no picture, held if anything else failed."""
    failed = {result.check for result in results if result.verdict is Verdict.FAIL}
    if failed.intersection(REJECTING):
        return Status.REJECTED
    return Status.HELD if failed else Status.FIT
