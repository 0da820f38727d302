"""From one queue message to the catalog: what the Lambda does, without the Lambda."""

import logging
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from farmy_assets.catalog.entry import CatalogEntry, EntryState, ObjectEvent, object_events
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.objects import Bucket

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EventIntake:
    """Turns changes in the raw zone into catalog entries."""

    raw: Bucket
    catalog: CatalogTable

    def take(self, message_body: str, *, now: datetime) -> int:
        """Apply the events of one message; returns how many changed the catalog.

        Raises:
            InvalidInputError: The message is not an S3 event.
            LakeUnavailableError: The message has to be delivered again.
        """
        return sum(self._apply(event, now=now) for event in object_events(message_body))

    def _apply(self, event: ObjectEvent, *, now: datetime) -> bool:
        image_id = keys.image_id_of_raw_key(event.key)
        if image_id is None:
            logger.warning("not an image of ours, left alone: %s", event.key)
            return False
        entry = CatalogEntry(
            image_id=image_id,
            state=EntryState.DELETED if event.removed else EntryState.PRESENT,
            sequencer=event.sequencer,
            metadata=None if event.removed else read_metadata(self.raw, image_id),
        )
        return self.catalog.apply(entry, now=now)


def read_metadata(raw: Bucket, image_id: str) -> ImageMetadata | None:
    """The stored metadata of an image; None, and a line in the log, when there is none of use."""
    content = raw.find(keys.raw_metadata(image_id))
    if content is None:
        logger.warning("image %s has no metadata; it stays out of all batches", image_id)
        return None
    try:
        return ImageMetadata.model_validate_json(content)
    except ValidationError as error:
        logger.warning("image %s has unusable metadata: %s", image_id, error)
        return None
