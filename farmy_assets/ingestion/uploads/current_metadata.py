"""Compares the metadata that an upload supplies with the current metadata of its image.

The first complete upload of a photograph decides its metadata. Other contributors do not see who
sent it, nor where or when it was taken.
"""

from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import UploadConflictError
from farmy_assets.ingestion.uploads.contract import StandingMetadata, Stands
from farmy_assets.ingestion.uploads.upload_record import differing_claims
from farmy_assets.lake.corrections import CurrentMetadata


class AnotherStandsError(UploadConflictError):
    """The photograph is in the lake with other metadata than are claimed.

    Attributes:
        stands: What stands, as far as whoever claims may see it.
    """

    def __init__(self, stands: Stands) -> None:
        if stands.yours:
            text = (
                "you have sent this photograph with other metadata; what was said first stands: "
                "correct it"
            )
        else:
            text = "this photograph is in the lake already, and was not sent by you"
        super().__init__(f"{text} (image {stands.image_id})")
        self.stands = stands


def stands_for(claimed: ImageMetadata, current: CurrentMetadata | None) -> Stands:
    """What whoever makes a claim may see of what stands."""
    metadata = current.metadata if current else None
    if current is None or metadata is None:
        return Stands(image_id=claimed.image_id, yours=False)
    yours = metadata.contributor == claimed.contributor
    if not yours:
        return Stands(
            image_id=metadata.image_id, yours=False,
            arrived_at=metadata.arrived_at, licence=metadata.licence,
        )  # fmt: skip
    return Stands(
        image_id=metadata.image_id,
        yours=True,
        arrived_at=metadata.arrived_at,
        licence=metadata.licence,
        corrections=len(current.corrections),
        metadata=StandingMetadata.model_validate(
            metadata.model_dump(include=set(StandingMetadata.model_fields))
        ),
        differs=differing_claims(metadata, claimed),
    )
