"""Uploads from the first question to the catalog's entry; every step may be repeated."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.records import Record
from farmy_assets.errors import (
    FarmyError,
    ObjectMissingError,
    UploadConflictError,
    UploadMissingError,
)
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.uploads.contract import ClientId, Part, Upload, UploadRequest, UploadState
from farmy_assets.lake.uploads.transfers import VALID_SECONDS, Transfers, in_parts

TO_BE_SENT = {UploadState.WAITING, UploadState.REFUSED}


class UploadRecord(Record):
    """That an upload was asked for; lies in the raw zone, since it has the exact position."""

    client_id: ClientId
    metadata: ImageMetadata
    parts_id: str | None = None

    def asks_the_same(self, other: "UploadRecord") -> bool:
        """Whether both are about the same bytes with the same metadata, whenever it was."""
        at = other.metadata.arrived_at
        return self.metadata.model_copy(update={"arrived_at": at}) == other.metadata


@dataclass(frozen=True)
class UploadDesk:
    """Gives leave to upload, and tells what became of it."""

    raw: Bucket
    catalog: CatalogTable
    clock: Callable[[], datetime]

    def ask(self, request: UploadRequest, contributor: str) -> Upload:
        """Leave to send a photograph; nothing to send when it is in the lake already.

        Raises:
            UploadConflictError: The client's id stands for another photograph.
            LakeUnavailableError: Ask again later.
        """
        metadata = request.metadata(contributor, arrived_at=self.clock())
        asked = UploadRecord(client_id=request.client_id, metadata=metadata)
        key = keys.upload(contributor, request.client_id)
        if self._records.write_once(key, asked):
            return self._with_leave(contributor, asked, self._state(asked, catalog=False))
        kept = self._records.read(key, UploadRecord)
        if not kept.asks_the_same(asked):
            msg = (
                f"the client_id {request.client_id} was used for another photograph, or with "
                "other metadata: take a new one"
            )
            raise UploadConflictError(msg)
        return self._with_leave(contributor, kept, self._state(kept))

    def ask_all(self, requests: list[UploadRequest], contributor: str) -> list[Upload | FarmyError]:
        """The same for several; each error stands in its place."""

        def one(request: UploadRequest) -> Upload | FarmyError:
            try:
                return self.ask(request, contributor)
            except FarmyError as error:
                return error

        return in_threads(one, requests)

    def status(self, client_id: str, contributor: str) -> Upload:
        """How an upload stands.

        Raises:
            UploadMissingError: The contributor never asked for such an upload.
        """
        return self._told(self._kept(client_id, contributor))

    def complete(self, client_id: str, contributor: str) -> Upload:
        """Make a photograph of its parts; completing it again changes nothing.

        Raises:
            UploadMissingError: The contributor never asked for such an upload.
            UploadConflictError: Parts are missing, or it does not travel in parts.
        """
        kept = self._kept(client_id, contributor)
        state = self._state(kept)
        if state not in TO_BE_SENT:
            return self._told(kept, state)
        if kept.parts_id is None:
            msg = f"the upload {client_id} does not travel in parts: send its form"
            raise UploadConflictError(msg)
        try:
            missing = self._transfers.missing_parts(kept.metadata, kept.parts_id)
            if missing:
                told = ", ".join(str(part.number) for part in missing[:20])
                msg = f"parts of the upload {client_id} are missing: {told}"
                raise UploadConflictError(msg)
            nothing_there = state is UploadState.WAITING
            self._transfers.finish(kept.metadata, kept.parts_id, nothing_there=nothing_there)
        except ObjectMissingError as error:
            if (state := self._state(kept)) in TO_BE_SENT:  # or somebody else was quicker
                msg = f"the upload {client_id} has expired: ask for it again"
                raise UploadConflictError(msg) from error
        return self._told(kept)

    @property
    def _records(self) -> RecordStore:
        return RecordStore(self.raw)

    @property
    def _transfers(self) -> Transfers:
        return Transfers(self.raw)

    def _kept(self, client_id: str, contributor: str) -> UploadRecord:
        kept = self._records.find(keys.upload(contributor, client_id), UploadRecord)
        if kept is None:
            msg = f"there is no upload {client_id}: ask for it first"
            raise UploadMissingError(msg)
        return kept

    def _state(self, kept: UploadRecord, *, catalog: bool = True) -> UploadState:
        """How far the upload is; without a look into the catalog, `stored` at most."""
        image_id = kept.metadata.image_id
        key = keys.raw_image(image_id)
        found = self.raw.look(key)
        # What S3 knows of the bytes counts, not what a client says of them: else one that names
        # another size could have a photograph replaced.
        if found and found.sha256 and not key.startswith(keys.raw_images_of(found.sha256)):
            return UploadState.REFUSED
        entry = self.catalog.entries([image_id]).get(image_id) if catalog else None
        if found is None:
            gone = entry is not None and entry.state is EntryState.DELETED
            return UploadState.REMOVED if gone else UploadState.WAITING
        return _by_entry(entry, found.size_bytes)

    def _told(self, kept: UploadRecord, state: UploadState | None = None) -> Upload:
        return Upload(
            client_id=kept.client_id,
            image_id=kept.metadata.image_id,
            state=state or self._state(kept),
        )

    def _with_leave(self, contributor: str, kept: UploadRecord, state: UploadState) -> Upload:
        told = self._told(kept, state)
        if state not in TO_BE_SENT:
            return told
        expires_at = self.clock() + timedelta(seconds=VALID_SECONDS)
        if not in_parts(kept.metadata):
            form = self._transfers.form(kept.metadata)
            return told.model_copy(update={"form": form, "expires_at": expires_at})
        parts = self._missing_parts(contributor, kept)
        return told.model_copy(update={"parts": parts, "expires_at": expires_at})

    def _missing_parts(self, contributor: str, kept: UploadRecord) -> list[Part]:
        if kept.parts_id is not None:
            try:
                return self._transfers.missing_parts(kept.metadata, kept.parts_id)
            except ObjectMissingError:
                pass  # ended after a week, or its bytes were refused: begun anew
        begun = self._begun(contributor, kept)
        return self._transfers.missing_parts(begun.metadata, begun.parts_id or "")

    def _begun(self, contributor: str, kept: UploadRecord) -> UploadRecord:
        """The record with a new upload in parts; of two that ask at once, the quicker one's."""
        key = keys.upload(contributor, kept.client_id)
        parts_id = self._transfers.begin(kept.metadata)
        begun = kept.model_copy(update={"parts_id": parts_id})
        there, etag = self._records.find_with_etag(key, UploadRecord)
        if there == kept and self.raw.put_if(key, begun.to_json(), etag=etag):
            return begun
        self._transfers.forget(kept.metadata, parts_id)
        return self._kept(kept.client_id, contributor)


def _by_entry(entry: CatalogEntry | None, size_bytes: int) -> UploadState:
    """What the catalog says of bytes that are there; an old word of their removal says nothing."""
    if entry is None or entry.state is EntryState.DELETED:
        return UploadState.STORED
    told = entry.metadata
    return UploadState.CATALOGUED if told and told.size_bytes == size_bytes else UploadState.REFUSED
