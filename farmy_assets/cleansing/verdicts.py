"""What a check says of an image, and what follows from it: values that are stored."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from farmy_assets.catalog.records import Record

CheckName = str
"""A check's name; of a failed check it is the reason why an image goes no further."""

Threshold = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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

    check: CheckName
    value: float | None = None
    threshold: float | None = None
    verdict: Verdict


class Limit(Record):
    """From where on a check warns and fails; None: never."""

    warn: Threshold | None = None
    fail: Threshold | None = None
