"""Each check in plain words, for people who judge a photograph or a threshold."""

from collections.abc import Mapping
from typing import NamedTuple

from farmy_assets.cleansing.changed_copies import CopyChange
from farmy_assets.cleansing.checks import Check, CheckResult
from farmy_assets.cleansing.duplicates import DuplicateKind, DuplicateOf


class Wording(NamedTuple):
    """A heading, a sentence, what the value is, and how it is written."""

    title: str
    sentence: str
    measures: str = ""
    form: str = "{:.2f}"


WORDING: Mapping[Check, Wording] = {
    Check.MISSING_FROM_RAW: Wording("Missing", "The file is gone, or may not be read."),
    Check.CONTENT_CHANGED: Wording("Changed", "The bytes are not those that were promised."),
    Check.UNREADABLE: Wording("Unreadable", "There is no picture in the file."),
    Check.TRUNCATED: Wording("Truncated", "The end of the file is missing."),
    Check.DECOMPRESSION_BOMB: Wording(
        "Too many pixels", "More pixels than can be decoded safely.", "pixels", "{:,.0f}"
    ),
    Check.TOO_COSTLY: Wording("Too costly", "Decoding took more time or memory than allowed."),
    Check.DAMAGED: Wording(
        "Damaged", "Parts of the file were lost or overwritten.", "share of its data"
    ),
    Check.WRONG_EXTENSION: Wording(
        "Wrong extension", "The name says another format than the bytes.", "", "{:.0f}"
    ),
    Check.ANIMATED_OR_MULTI_PAGE: Wording(
        "Animated or multi-page", "Only the first frame would be seen.", "frames", "{:.0f}"
    ),
    Check.TOO_SMALL: Wording(
        "Too small", "Too few pixels to tell plants apart.", "short side in pixels", "{:.0f}"
    ),
    Check.ODD_ASPECT_RATIO: Wording(
        "Odd shape", "Much longer than wide, or wider than long.", "short side by long side"
    ),
    Check.DARK: Wording("Dark", "Even the brightest parts are dark.", "brightness, 0 to 1"),
    Check.BRIGHT: Wording("Bright", "Even the darkest parts are bright.", "brightness, 0 to 1"),
    Check.CLIPPED: Wording(
        "Clipped", "Large parts are plain white or plain black.", "share of the picture"
    ),
    Check.BLURRY: Wording(
        "Blurry", "Even the sharpest parts hold no fine detail.", "detail lost by blurring again"
    ),
    Check.LOW_INFORMATION: Wording(
        "Little information", "There is hardly anything to see.", "entropy in bits"
    ),
    Check.LOW_CONTRAST: Wording(
        "Low contrast", "Everything is about equally bright.", "range of brightness, 0 to 1"
    ),
    Check.NO_COLOUR: Wording("No colour", "A black-and-white picture.", "colourfulness, 0 to 1"),
    Check.SCREENSHOT: Wording(
        "Screenshot or drawing", "Flat areas of few colours.", "drawn share, 0 to 1"
    ),
    Check.LITTLE_VEGETATION: Wording(
        "Little vegetation", "Hardly any green plants.", "green share of the picture"
    ),
    Check.EXACT_DUPLICATE: Wording(
        "Exact duplicate", "The same bytes or pixels as another one.", "differing bits", "{:.0f}"
    ),
    Check.NEAR_DUPLICATE: Wording(
        "Near duplicate",
        "Looks like another one, or like a part of it.",
        "differing bits of 64",
        "{:.0f}",
    ),
}


CHANGES_IN_WORDS: Mapping[CopyChange, str] = {
    CopyChange.NONE: "near copy of",
    CopyChange.CUT: "cut copy of",
    CopyChange.UNCUT: "uncut copy of",
    CopyChange.FRAMED: "framed copy of",
    CopyChange.UNFRAMED: "unframed copy of",
    CopyChange.REFRAMED: "copy in another frame of",
}
"""What a near duplicate is to the image that is kept; the kept one's name follows."""


def copy_in_words(duplicate: DuplicateOf) -> str:
    """What a duplicate is to the kept image, such as "cut copy of", "turned cut copy of"."""
    if duplicate.kind is DuplicateKind.EXACT:
        return "exact copy of"
    turned = "turned " if duplicate.orientation else ""
    return f"{turned}{CHANGES_IN_WORDS[duplicate.change]}"


def in_words(result: CheckResult) -> str:
    """What a check found, such as "Blurry: 1.23 (limit 1.90)"."""
    wording = WORDING[result.check]
    if result.value is None:
        return wording.title
    told = f"{wording.title}: {wording.form.format(result.value)}"
    if result.threshold is None:
        return told
    return f"{told} (limit {wording.form.format(result.threshold)})"
