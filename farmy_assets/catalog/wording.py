"""Counts and names in sentences for people: grammar once, for every text."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 image", "3 images", "2 batches".

    Args:
        count: How many.
        one: The noun for one of them.
        many: The noun for any other number; by default with an s.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def verb(count: int, one: str, many: str) -> str:
    """The form of a verb that goes with a count: "1 image waits", "3 images wait"."""
    return one if count == 1 else many


def listed(names: Sequence[str], *, shown: int = 0) -> str:
    """Names as in a sentence: "a, b and c"; beyond `shown` of them only how many more."""
    if shown and len(names) > shown:
        return f"{', '.join(names[:shown])} and {len(names) - shown:,} more"
    *before, last = names or [""]
    return f"{', '.join(before)} and {last}" if before else last


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name nearest to a mistyped one, or None when none is near."""
    by_folded = {known.casefold(): known for known in sorted(names, reverse=True)}
    found = get_close_matches(name.casefold(), sorted(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None
