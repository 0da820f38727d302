"""What is checked: one module a check, and their list.

Only bytes that cannot be decoded are rejected without a person. Everything that is a matter of
judgement is held until somebody has looked at it.
"""

from functools import lru_cache
from typing import TypeVar

from farmy_assets.cleansing.check_kinds import (
    Check,
    CopyCheck,
    FileCheck,
    MeasuredCheck,
    ReadingCheck,
)
from farmy_assets.cleansing.checks import (
    animated_or_multi_page,
    blurry,
    bright,
    clipped,
    content_changed,
    damaged,
    dark,
    decompression_bomb,
    exact_duplicate,
    little_vegetation,
    low_contrast,
    low_information,
    missing_from_raw,
    near_duplicate,
    no_colour,
    odd_aspect_ratio,
    screenshot,
    too_costly,
    too_small,
    truncated,
    unreadable,
    wrong_extension,
)

Kind = TypeVar("Kind", bound=Check)

CHECKS: tuple[Check, ...] = (
    # The bytes are not there, or are not the ones that were promised.
    missing_from_raw.CHECK,
    content_changed.CHECK,
    # The bytes cannot be decoded.
    unreadable.CHECK,
    truncated.CHECK,
    decompression_bomb.CHECK,
    too_costly.CHECK,
    # The file is odd, but there is a picture in it.
    damaged.CHECK,
    wrong_extension.CHECK,
    animated_or_multi_page.CHECK,
    # Measured on the picture.
    too_small.CHECK,
    odd_aspect_ratio.CHECK,
    dark.CHECK,
    bright.CHECK,
    clipped.CHECK,
    blurry.CHECK,
    low_information.CHECK,
    low_contrast.CHECK,
    no_colour.CHECK,
    screenshot.CHECK,
    little_vegetation.CHECK,
    # The picture is of use, and we have it already.
    exact_duplicate.CHECK,
    near_duplicate.CHECK,
)
"""All checks, in the order of results, of columns and of a policy's fields: new ones go last of
their kind."""


def names() -> tuple[str, ...]:
    """The names of all checks."""
    return tuple(check.name for check in CHECKS)


def named(name: str) -> Check:
    """The check of a name; of a name that is no longer in the list, one that has only the name."""
    found = (check for check in CHECKS if check.name == name)
    return next(found, None) or Check(name=name, title=name.replace("_", " "), sentence="")


def reading_checks() -> tuple[ReadingCheck, ...]:
    """What leaves nothing to look at."""
    return _of_kind(CHECKS, ReadingCheck)


def file_checks() -> tuple[FileCheck, ...]:
    """What the file around the picture shows."""
    return _of_kind(CHECKS, FileCheck)


def measured_checks() -> tuple[MeasuredCheck, ...]:
    """What is measured on the picture and held against the policy."""
    return _of_kind(CHECKS, MeasuredCheck)


def valued_checks() -> tuple[Check, ...]:
    """The checks whose value has a column of its own in every table."""
    return (*file_checks(), *measured_checks())


def copy_checks() -> tuple[CopyCheck, ...]:
    """What is found between images."""
    return _of_kind(CHECKS, CopyCheck)


@lru_cache(maxsize=16)
def _of_kind(checks: tuple[Check, ...], kind: type[Kind]) -> tuple[Kind, ...]:
    """Those of one kind, in their order; kept, because every image asks for them."""
    return tuple(check for check in checks if isinstance(check, kind))
