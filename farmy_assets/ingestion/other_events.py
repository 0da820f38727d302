"""Events in the raw zone that are not of an image's own object: incoming bytes, and corrections."""

import logging
from dataclasses import dataclass
from datetime import datetime

from farmy_assets.catalog.corrections import corrected
from farmy_assets.catalog.entry import CatalogEntry, EntryState, ObjectEvent
from farmy_assets.catalog.sequencers import BEFORE_ALL_EVENTS
from farmy_assets.errors import FarmyError, LakeUnavailableError
from farmy_assets.ingestion.uploads.promotion import Fate, Promotion
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.corrections import Corrections
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.raw_zone import RawZone

logger = logging.getLogger(__name__)

MORE_VERSIONS = 10  # of one upload than there are events in a delivery; the rest have their own
TRIES = 3  # an entry that is not there, and then is, and then has it


@dataclass(frozen=True)
class OtherEvents:
    """What is done about them."""

    raw: Bucket
    catalog: CatalogTable
    quotas: Quotas | None

    @staticmethod
    def concern(event: ObjectEvent) -> bool:
        """Whether the event is one of these."""
        is_ours = keys.upload_of_incoming_key(event.key) or keys.correction_of_key(event.key)
        return not event.removed and is_ours is not None

    def handle(self, key: str, *, events: int = 1, now: datetime) -> bool | FarmyError:
        """Do what the events of a key ask for; whether the catalog changed, or why it failed.

        Each event of incoming bytes is of a version of its own: a form that was used twice leaves
        two, and the older one is seen only when the newer one is deleted. Of two processes that
        handle these events at the same moment both may read the newer one. So each continues until
        nothing is left.
        """
        try:
            if upload := keys.upload_of_incoming_key(key):
                promotion = Promotion(self.raw, self.catalog, self.quotas, clock=lambda: now)
                for _ in range(events + MORE_VERSIONS):
                    if promotion.promote(*upload) is Fate.GONE:
                        break
                return False  # the entry is made by the event of the image
            correction = keys.correction_of_key(key)
            return correction is not None and self.correct(correction[0], now=now)
        except FarmyError as error:
            return error

    def correct(self, image_id: str, *, now: datetime) -> bool:
        """Write an image's current metadata to its entry; returns whether that changed it.

        Raises:
            LakeUnavailableError: Do it again.
        """
        corrections = Corrections(self.raw).of(image_id)
        first = RawZone(self.raw).find_metadata(image_id) if corrections else None
        if first is None:
            logger.warning("nothing to correct: image %s", image_id)
            return False
        entry = CatalogEntry(
            image_id=image_id,
            state=EntryState.PRESENT,
            sequencer=BEFORE_ALL_EVENTS,
            metadata=corrected(first, corrections),
            corrections=len(corrections),
        )
        for _ in range(TRIES):
            if self.catalog.correct(entry):
                return True
            known = self.catalog.entries([image_id]).get(image_id)
            if known and known.corrections >= entry.corrections:
                return False
            # Before the image's own event, or after a loss of the catalog.
            if known is None and self.catalog.apply(entry, now=now):
                return True
        msg = f"the entry of image {image_id} was changed by others while it was corrected"
        raise LakeUnavailableError(msg)
