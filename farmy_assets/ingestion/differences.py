"""Metadata of an import that differ from those of photographs already in the lake."""

from collections import Counter
from collections.abc import Iterable

from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.claims import SuppliedMetadata
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.records import Record

# What people can supply; the other fields follow from the file or from its delivery.
SUPPLIABLE = ("captured_at", "device", "position", "crop", "field", "licence", "contributor")


class Difference(Record):
    """A photograph already in the lake, and the fields whose supplied values differ."""

    name: str
    fields: tuple[str, ...]


def supplied_fields(origin: DeliveryMetadata, claims: SuppliedMetadata) -> tuple[str, ...]:
    """Names of the fields for which a value was supplied; values read from EXIF do not count."""
    return tuple(
        name
        for name in SUPPLIABLE
        if getattr(claims, name, None) is not None or getattr(origin, name, None) is not None
    )


def differing_fields(
    current: ImageMetadata, supplied: ImageMetadata, names: Iterable[str]
) -> tuple[str, ...]:
    """Those of the supplied fields whose values differ from the current ones."""
    return tuple(name for name in names if getattr(supplied, name) != getattr(current, name))


def summary_of(differences: Iterable[Difference]) -> str:
    """A sentence with the number, the fields and the command to use; empty without differences."""
    found = tuple(differences)
    if not found:
        return ""
    fields = Counter(field for difference in found for field in difference.fields)
    counts = ", ".join(f"{field}: {count}" for field, count in fields.most_common())
    return (
        f"{len(found)} of those already there have other metadata than supplied now ({counts}); "
        "they keep what they have: farmy ingest --correct changes it"
    )
