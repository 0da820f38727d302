"""What an import says of photographs that are in the lake already, and that stands otherwise."""

from collections import Counter
from collections.abc import Iterable

from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.claims import SuppliedMetadata
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.records import Record

# What people can say of a photograph; the rest is what it is, or how it came.
SAYABLE = ("captured_at", "device", "position", "crop", "field", "licence", "contributor")


class Difference(Record):
    """A photograph that is there already, and the names of the values that are told otherwise."""

    name: str
    fields: tuple[str, ...]


def said_of(origin: DeliveryMetadata, claims: SuppliedMetadata) -> tuple[str, ...]:
    """Names of the values that somebody told of a photograph; EXIF's own are not among them."""
    return tuple(
        name
        for name in SAYABLE
        if getattr(claims, name, None) is not None or getattr(origin, name, None) is not None
    )


def differing(stands: ImageMetadata, told: ImageMetadata, said: Iterable[str]) -> tuple[str, ...]:
    """Names of the values that are said, and stand otherwise; what is not said is no difference."""
    return tuple(name for name in said if getattr(told, name) != getattr(stands, name))


def in_words(differences: Iterable[Difference]) -> str:
    """How many there are, in which values, and what can be done; empty when there are none."""
    found = tuple(differences)
    if not found:
        return ""
    fields = Counter(field for difference in found for field in difference.fields)
    counts = ", ".join(f"{field}: {count}" for field, count in fields.most_common())
    return (
        f"{len(found)} of those already there have other metadata than told now ({counts}); they "
        "keep what they have: farmy ingest --correct changes it"
    )
