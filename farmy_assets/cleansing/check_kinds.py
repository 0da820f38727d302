"""The kinds of checks: what a module in `checks/` says of its check.

This module and those of the checks are quick to import, because every command that reads a policy
does so: what brings numpy or Pillow is imported where a picture is measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from farmy_assets.cleansing.verdicts import CheckResult, Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.decoding import Decoded
    from farmy_assets.cleansing.readings import Readings


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """What every check has.

    Attributes:
        name: In stored results, policy files, and names of columns: never changed.
        title: A heading of a few words.
        sentence: What it means that the check fails.
        flagged: The same to somebody who is asked about one photograph; where a value and a limit
            follow, it ends in what the value is. Empty where nobody is asked.
        value_is: What the value is, with its unit; empty where a value tells people nothing.
        form: How a value is written.
        fails_above: Whether a larger value is worse; else a smaller one is.
    """

    name: str
    title: str
    sentence: str
    flagged: str = ""
    value_is: str = ""
    form: str = "{:.2f}"
    fails_above: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadingCheck(Check):
    """Fails on the way from bytes to a picture: nothing is left to look at, no person is asked."""


class ReadFile(NamedTuple):
    """What is known of a file whose picture was decoded; `name` is None where it has none."""

    decoded: "Decoded"
    name: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class FileCheck(Check):
    """Told by the file around the picture.

    Attributes:
        look: What the check says of a file.
    """

    look: Callable[[ReadFile], CheckResult]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredCheck(Check):
    """A value that is measured on the picture and held against the policy.

    Attributes:
        measure: The value, in the unit of `value_is`.
        limit: From where on the check warns and fails unless a policy says otherwise.
        version: Raised whenever `measure` gives other values than before.
    """

    measure: Callable[["Readings"], float]
    limit: Limit
    version: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyCheck(Check):
    """The picture is of use, and there is another image that shows the same."""
