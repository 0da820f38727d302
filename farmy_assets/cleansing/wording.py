"""What was found, in plain words, for people who judge a photograph or a threshold."""

from collections.abc import Mapping

from farmy_assets.cleansing.changed_copies import CopyChange
from farmy_assets.cleansing.checks import named
from farmy_assets.cleansing.duplicates import DuplicateKind, DuplicateOf
from farmy_assets.cleansing.verdicts import CheckResult

COPY_DESCRIPTIONS: Mapping[CopyChange, str] = {
    CopyChange.NONE: "near copy of",
    CopyChange.CUT: "cut copy of",
    CopyChange.UNCUT: "uncut copy of",
    CopyChange.FRAMED: "framed copy of",
    CopyChange.UNFRAMED: "unframed copy of",
    CopyChange.REFRAMED: "copy in another frame of",
}
"""What a near duplicate is to the image that is kept; the kept one's name follows."""


def copy_description(duplicate: DuplicateOf) -> str:
    """What a duplicate is to the kept image, such as "cut copy of", "turned cut copy of"."""
    if duplicate.kind is DuplicateKind.EXACT:
        return "exact copy of"
    turned = "turned " if duplicate.orientation else ""
    return f"{turned}{COPY_DESCRIPTIONS[duplicate.change]}"


def check_description(result: CheckResult) -> str:
    """What a check found, such as "Blurry: 1.23 (limit 1.90)"."""
    check = named(result.check)
    if result.value is None:
        return check.title
    sentence = f"{check.title}: {check.form.format(result.value)}"
    if result.threshold is None:
        return sentence
    return f"{sentence} (limit {check.form.format(result.threshold)})"
