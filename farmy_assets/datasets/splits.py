"""Which images train a model, and which judge it.

An image's split follows from its group and the shares alone, never from the other images: a data
set can grow, and no image moves; only other shares or another group can move it. Images of one
group (one field, one cluster of near duplicates) always stand together, because a model that has
seen a field cannot be judged on it.

The price of this: shares hold for many groups. With five fields, a split may well stay empty.
"""

import hashlib
import unicodedata
from typing import Final, Literal

from farmy_assets.annotation.campaign import Splits

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")

PLACE_BITS = 53  # the whole numbers that a float holds exactly


def split_of(group: str, shares: Splits) -> Split:
    """The split that all images of a group belong to.

    Each group has a fixed place between 0 and 1. Training takes the places from below, the test
    takes them from above, validation lies between: so moving the line between training and
    validation never touches the test images, and a larger test share only adds to them.

    Args:
        group: What the images have in common; compared by `group_key`.
        shares: How large each split shall be in the long run, as the campaign has it.

    Returns:
        The same split for the same group and shares, on every machine and in every version.
    """
    place = _place(group)
    if place >= 1 - shares.test:
        return "test"
    if place < shares.train or shares.val == 0:
        return "train"
    return "val"


def group_key(group: str) -> str:
    """The form in which groups are compared: "Field  7" and "field 7" are one field.

    People type these names on different telephones. Two fields taken for one cost nothing; one
    field taken for two would stand in training and in the test at once.
    """
    # Case folding takes some letters apart again, so the normal form is made before and after.
    folded = unicodedata.normalize("NFKC", group).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _place(group: str) -> float:
    """A number from 0 up to, not including, 1: spread evenly, and always the same for a group."""
    digest = hashlib.sha256(group_key(group).encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - PLACE_BITS)) / (1 << PLACE_BITS)
