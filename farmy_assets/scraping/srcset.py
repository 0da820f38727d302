"""The candidates of a `srcset` attribute.

Source of the form: HTML Living Standard, "srcset attributes" and "parsing a srcset attribute". More
is let in than the standard lets in: heights alone, and widths that are not whole or are written
with an exponent.
"""

import math
import re
from collections.abc import Iterator

MAX_SRCSET = 200_000  # characters; some pages write whole pictures into the attribute
SPACES = " \t\n\f\r"
# An address may hold commas, but neither begin nor end with one.
NEXT_ADDRESS = re.compile(rf"[{SPACES},]*([^{SPACES}]+)")
# Its descriptors end with a comma outside of brackets.
DESCRIPTORS = re.compile(r"(?:[^,(]|\([^)]*(?:\)|$))*")
DESCRIPTOR = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(e[+-]?\d{1,4})?([wxh])", re.IGNORECASE | re.ASCII)
MAX_DIGITS = 40


def largest_first(srcset: str) -> Iterator[str]:
    """The addresses of a srcset, the widest or densest picture first; equal ones in its order.

    An address whose size makes no sense is passed over, as browsers do.
    """
    sized = (
        (address, _size(descriptors)) for address, descriptors in _candidates(_whole_part(srcset))
    )
    known = [(size, address) for address, size in sized if size is not None]
    for _, address in sorted(known, key=lambda found: -found[0]):
        yield address


def _whole_part(srcset: str) -> str:
    """A srcset without an end of which only a part would be read."""
    return srcset if len(srcset) <= MAX_SRCSET else srcset[:MAX_SRCSET].rpartition(",")[0]


def _candidates(srcset: str) -> Iterator[tuple[str, list[str]]]:
    place = 0
    while match := NEXT_ADDRESS.match(srcset, place):
        address, place = match[1].rstrip(","), match.end()
        descriptors = ""
        if not match[1].endswith(","):
            found = DESCRIPTORS.match(srcset, place)
            descriptors, place = (found[0], found.end()) if found else ("", len(srcset))
        if address:
            yield address, descriptors.split()


def _size(descriptors: list[str]) -> float | None:
    """Width, else density, else height; None where they contradict each other or make no sense."""
    sizes: dict[str, float] = {}
    for descriptor in descriptors:
        found = DESCRIPTOR.fullmatch(descriptor[:MAX_DIGITS])
        if not found:
            return None
        size, unit = float(found[1] + (found[2] or "")), found[3].lower()
        if unit in sizes or not (math.isfinite(size) and size > 0):
            return None
        sizes[unit] = size
    if "x" in sizes and len(sizes) > 1:
        return None
    return sizes.get("w", sizes.get("x", sizes.get("h", 1.0)))
