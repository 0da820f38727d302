"""Incoming bytes become images: checked against what was asked for, then written once.

Phones write under a key of their request, and nothing there counts. Only what has the size and the
sha256 that were asked for is written under the image's own key, with the metadata of the request,
and only where nothing is yet. Doing it again, also after a kill at any point, changes nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from farmy_assets.catalog.entry import EntryState
from farmy_assets.ingestion.uploads import presigned as transfers
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.ingestion.uploads.upload_record import UploadRecord, UploadRefusal
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.object_facts import ReadObject
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.raw_zone import Outcome, RawZone
from farmy_assets.lake.record_store import RecordStore

logger = logging.getLogger(__name__)


class Fate(StrEnum):
    """What became of incoming bytes."""

    STORED = "stored"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"
    NOT_WANTED = "not_wanted"
    GONE = "gone"


@dataclass(frozen=True)
class Promotion:
    """From `incoming/` to `images/`; without quotas, nobody's room is given back."""

    raw: Bucket
    catalog: CatalogTable
    quotas: Quotas | None
    clock: Callable[[], datetime]

    def promote(self, contributor: str, client_id: str) -> Fate:
        """Do with an upload's bytes what is to be done; they are not incoming any more then.

        Raises:
            LakeDamagedError: Other bytes lie under the image's id; these stay where they are.
            LakeUnavailableError: Do it again.
        """
        key = keys.incoming(contributor, client_id)
        upload = keys.upload(contributor, client_id)
        asked = RecordStore(self.raw).find(upload, UploadRecord)
        read = self.raw.read(key, keep_up_to_bytes=transfers.WHOLE_UP_TO_BYTES)
        if read is None:
            return Fate.GONE
        fate = self._fate(contributor, asked, read, key)
        if fate is not Fate.STORED:
            logger.warning("incoming bytes %s: %s", key, fate)
        if asked and self.quotas:
            self.quotas.give_back(contributor, client_id, asked.metadata.size_bytes)
        self.raw.delete_version(key, read.version_id)
        return fate

    def _fate(
        self, contributor: str, asked: UploadRecord | None, read: ReadObject, key: str
    ) -> Fate:
        if asked is None:  # nobody but an operator can have put them there
            return Fate.NOT_WANTED
        metadata = asked.metadata
        if (read.sha256, read.size_bytes) != (metadata.sha256, metadata.size_bytes):
            refusal = UploadRefusal(
                image_id=metadata.image_id, refused_at=self.clock(),
                size_bytes=read.size_bytes, sha256=read.sha256,
            )  # fmt: skip
            RecordStore(self.raw).replace(keys.refusal(contributor, asked.client_id), refusal)
            return Fate.REFUSED
        entry = self.catalog.entries([metadata.image_id]).get(metadata.image_id)
        if entry and entry.state is EntryState.DELETED and entry.metadata:
            return Fate.NOT_WANTED  # a person took it out; an upload does not bring it back
        zone = RawZone(self.raw)
        outcome = (
            zone.store_copy(metadata, read, key)
            if read.content is None
            else zone.store(metadata, read.content)
        )
        return Fate.STORED if outcome is Outcome.STORED else Fate.ALREADY_THERE
