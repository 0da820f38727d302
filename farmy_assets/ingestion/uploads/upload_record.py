"""What is kept of an upload: what was asked for, and that its bytes were refused."""

from pydantic import AwareDatetime

from farmy_assets.catalog.metadata import ImageId, ImageMetadata
from farmy_assets.catalog.records import Record
from farmy_assets.ingestion.uploads.contract import ClientId

AT_ARRIVAL = "arrived_at"


class UploadRecord(Record):
    """That an upload was asked for; lies in the raw zone, since it has the exact position.

    Attributes:
        client_id: The client's id of it.
        metadata: The metadata under which the photograph is to enter the lake.
        parts_id: Of an upload in parts that was begun under the image's own key, by an older
            version; nobody goes on with it.
        incoming_parts_id: Of an upload in parts, under the key of the request.
    """

    client_id: ClientId
    metadata: ImageMetadata
    parts_id: str | None = None
    incoming_parts_id: str | None = None

    def asks_the_same(self, other: "UploadRecord") -> bool:
        """Whether both are about the same bytes with the same metadata, whenever it was."""
        return same_claim(self.metadata, other.metadata)


class UploadRefusal(Record):
    """That the bytes of an upload were not those that it was asked for.

    Attributes:
        image_id: The photograph that was asked for.
        refused_at: When the bytes were looked at.
        size_bytes: How many there were.
        sha256: Their digest.
    """

    image_id: ImageId
    refused_at: AwareDatetime
    size_bytes: int
    sha256: str


def same_claim(one: ImageMetadata, other: ImageMetadata) -> bool:
    """Whether both say the same of the same bytes, whenever they arrived."""
    return one.model_copy(update={AT_ARRIVAL: other.arrived_at}) == other


def differing_claims(one: ImageMetadata, other: ImageMetadata) -> tuple[str, ...]:
    """Names of what the two say differently; the time of arrival is no claim."""
    return tuple(
        name
        for name in ImageMetadata.model_fields
        if name != AT_ARRIVAL and getattr(one, name) != getattr(other, name)
    )
