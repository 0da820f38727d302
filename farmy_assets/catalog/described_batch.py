"""What a batch's later steps need of its catalog entries, recorded once these are complete."""

from collections.abc import Mapping

from pydantic import AwareDatetime

from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.catalog.metadata import ImageId, ShortText, Source
from farmy_assets.catalog.records import Record


class DescribedImage(Record):
    """What the metadata of one image tell its checks.

    Attributes:
        sha256: Of the content that was sent, in hex.
        original_name: The file's name where it came from.
        source: Which way it came; a source may have thresholds of its own.
        taken_at: When it was taken, or else came to us.
        crop: What grows there; None also in what was recorded before it was asked for.
        field: The field that it shows; the same holds.
    """

    image_id: ImageId
    sha256: str
    original_name: str
    source: Source
    taken_at: AwareDatetime
    crop: ShortText | None = None
    field: ShortText | None = None


class DescribedBatch(Record):
    """The images of a batch that have metadata, sorted by id."""

    batch_id: str
    images: tuple[DescribedImage, ...]

    def by_id(self) -> dict[str, DescribedImage]:
        """Image id to what is known of it."""
        return {image.image_id: image for image in self.images}


def describe(batch_id: str, entries: Mapping[str, CatalogEntry]) -> DescribedBatch:
    """The record of a batch, from its catalog entries."""
    known = [(image_id, entry.metadata) for image_id, entry in entries.items() if entry.metadata]
    return DescribedBatch(
        batch_id=batch_id,
        images=tuple(
            DescribedImage(
                image_id=image_id,
                sha256=metadata.sha256,
                original_name=metadata.original_name,
                source=metadata.source,
                taken_at=metadata.captured_at or metadata.arrived_at,
                crop=metadata.crop,
                field=metadata.field,
            )
            for image_id, metadata in sorted(known, key=lambda item: item[0])
        ),
    )
