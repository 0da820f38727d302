"""Uploads, from the request to the catalog entry; requests are idempotent by `client_id`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from farmy_assets.catalog.corrections import AuthorKind, corrected
from farmy_assets.catalog.entry import EntryState
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import (
    FarmyError,
    ObjectMissingError,
    UploadConflictError,
    UploadMissingError,
)
from farmy_assets.ingestion.uploads.contract import (
    CorrectionRequest,
    Upload,
    UploadRequest,
    UploadState,
)
from farmy_assets.ingestion.uploads.current_metadata import AnotherStandsError, stands_for
from farmy_assets.ingestion.uploads.known_campaigns import KnownCampaigns
from farmy_assets.ingestion.uploads.part_uploads import PartUploads, transfers_of
from farmy_assets.ingestion.uploads.presigned import VALID_SECONDS, in_parts
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.ingestion.uploads.upload_record import UploadRecord, UploadRefusal, same_claim
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.corrections import Corrections
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.lake.record_store import RecordStore

TO_BE_SENT = {UploadState.WAITING, UploadState.REFUSED}
IN_THE_LAKE = {UploadState.STORED, UploadState.CATALOGUED, UploadState.CONFLICT}


@dataclass(frozen=True)
class UploadService:
    """Accepts requests to upload photographs, and reports the state of each."""

    raw: Bucket
    catalog: CatalogTable
    quotas: Quotas
    campaigns: KnownCampaigns
    clock: Callable[[], datetime]

    def request(self, request: UploadRequest, contributor: str) -> Upload:
        """The form or part URLs to send a photograph; none when it is in the lake already.

        Raises:
            AnotherStandsError: The photograph is in the lake with other metadata.
            UploadConflictError: The client's id stands for another photograph.
            InvalidInputError: There is no such campaign.
            QuotaExceededError: The contributor has too much open, or sent too much today.
            LakeUnavailableError: Try again later.
        """
        metadata = request.metadata(contributor, arrived_at=self.clock())
        asked = UploadRecord(client_id=request.client_id, metadata=metadata)
        found, first = RawZone(self.raw).first_metadata(metadata.image_id)
        if found and not self._is_what_stands(first, metadata):
            raise self._another_stands(metadata)
        self.campaigns.check(metadata.campaign)
        if found:
            kept, is_new = self._keep(contributor, asked, probably_new=False)
            if is_new:
                self.quotas.count_one(contributor, now=self.clock())
            return _as_upload(kept, self._by_entry(kept))
        has_new_room = self._take_room(contributor, asked)
        try:
            kept, is_new = self._keep(contributor, asked, probably_new=has_new_room)
        except UploadConflictError:
            if has_new_room:
                self._end_room(contributor, asked)
            raise
        if is_new:
            state = UploadState.WAITING
        elif self.raw.head(keys.incoming(contributor, kept.client_id)):
            state = UploadState.STORED
        else:
            state = self._state(contributor, kept)
        if has_new_room and state not in TO_BE_SENT:
            self._end_room(contributor, asked)
        return self._with_leave(contributor, kept, state)

    def request_all(
        self, requests: list[UploadRequest], contributor: str
    ) -> list[Upload | FarmyError]:
        """The same for several; an error is returned in the place of its request."""

        def one(request: UploadRequest) -> Upload | FarmyError:
            try:
                return self.request(request, contributor)
            except FarmyError as error:
                return error

        return in_threads(one, requests)

    def status(self, client_id: str, contributor: str) -> Upload:
        """How an upload stands.

        Raises:
            UploadMissingError: The contributor never asked for such an upload.
        """
        kept = self._kept(client_id, contributor)
        return self._with_what_stands(kept, self._state(contributor, kept))

    def complete(self, client_id: str, contributor: str) -> Upload:
        """Make a photograph of its parts; completing it again changes nothing.

        Raises:
            UploadMissingError: The contributor never asked for such an upload.
            AnotherStandsError: The photograph is in the lake with other metadata.
            UploadConflictError: Parts are missing, or it does not travel in parts.
        """
        kept = self._kept(client_id, contributor)
        state = self._state(contributor, kept)
        if state is UploadState.CONFLICT:
            raise self._another_stands(kept.metadata)
        if state not in TO_BE_SENT:
            return _as_upload(kept, state)
        parts_id = kept.incoming_parts_id
        if parts_id is None:
            msg = f"the upload {client_id} does not travel in parts: send its form"
            if in_parts(kept.metadata):
                msg = f"the upload {client_id} has no parts yet: ask for it again"
            raise UploadConflictError(msg)
        transfers = transfers_of(self.raw, contributor, kept)
        try:
            missing = transfers.missing_parts(parts_id)
            if missing:
                numbers = ", ".join(str(part.number) for part in missing[:20])
                msg = f"parts of the upload {client_id} are missing: {numbers}"
                raise UploadConflictError(msg)
            transfers.finish(parts_id)
        except ObjectMissingError as error:
            if (state := self._state(contributor, kept)) in TO_BE_SENT:  # or it is done already
                msg = f"the upload {client_id} has expired: ask for it again"
                raise UploadConflictError(msg) from error
        return _as_upload(kept, self._state(contributor, kept))

    def correct(self, client_id: str, request: CorrectionRequest, contributor: str) -> Upload:
        """Correct the metadata of a photograph that the contributor sent, in the lake or sealed.

        Raises:
            UploadMissingError: The contributor never asked for such an upload.
            AnotherStandsError: The photograph is in the lake as somebody else's.
            UploadConflictError: It is not in the lake yet, or was taken out.
            QuotaExceededError: The contributor did too much today.
        """
        kept = self._kept(client_id, contributor)
        image_id = kept.metadata.image_id
        stands = self._corrections.current(image_id)
        if stands is None or stands.metadata is None:
            msg = f"the photograph of upload {client_id} is not in the lake: correct it when it is"
            raise UploadConflictError(msg)
        if stands.metadata.contributor != contributor:
            raise AnotherStandsError(stands_for(kept.metadata, stands))
        self.quotas.count_one(contributor, now=self.clock())
        self._corrections.add(
            image_id, request.values, request.removed, author=contributor,
            author_kind=AuthorKind.CONTRIBUTOR, now=self.clock,
        )  # fmt: skip
        return self._with_what_stands(kept, self._by_entry(kept))

    @property
    def _records(self) -> RecordStore:
        return RecordStore(self.raw)

    @property
    def _corrections(self) -> Corrections:
        return Corrections(self.raw)

    def _take_room(self, contributor: str, asked: UploadRecord) -> bool:
        now = self.clock()
        return self.quotas.take(
            contributor, asked.client_id, asked.metadata.size_bytes,
            now=now, until=now + timedelta(seconds=VALID_SECONDS),
        )  # fmt: skip

    def _end_room(self, contributor: str, asked: UploadRecord) -> None:
        self.quotas.give_back(contributor, asked.client_id, asked.metadata.size_bytes)

    def _keep(
        self, contributor: str, asked: UploadRecord, *, probably_new: bool
    ) -> tuple[UploadRecord, bool]:
        """What was asked under the client's id, and whether it is asked for the first time.

        Phones ask again and again: what is probably there is read first, which costs less.
        """
        key = keys.upload(contributor, asked.client_id)
        kept = None if probably_new else self._records.find(key, UploadRecord)
        if kept is None:
            if self._records.write_once(key, asked):
                return asked, True
            kept = self._records.read(key, UploadRecord)
        if not kept.asks_the_same(asked):
            msg = (
                f"the client_id {asked.client_id} was used for another photograph, or with "
                "other metadata: take a new one"
            )
            raise UploadConflictError(msg)
        return kept, False

    def _kept(self, client_id: str, contributor: str) -> UploadRecord:
        kept = self._records.find(keys.upload(contributor, client_id), UploadRecord)
        if kept is None:
            msg = f"there is no upload {client_id}: ask for it first"
            raise UploadMissingError(msg)
        return kept

    def _state(self, contributor: str, kept: UploadRecord) -> UploadState:
        """How far the upload is."""
        image_id = kept.metadata.image_id
        # Before the image: what is promoted in between is seen there.
        came = self.raw.head(keys.incoming(contributor, kept.client_id))
        found, first = RawZone(self.raw).first_metadata(image_id)
        if found:
            mine = self._is_what_stands(first, kept.metadata)
            return self._by_entry(kept) if mine else UploadState.CONFLICT
        if came:
            return UploadState.STORED
        entry = self.catalog.entries([image_id]).get(image_id)
        if entry and entry.state is EntryState.DELETED and entry.metadata:
            return UploadState.REMOVED
        refusal = self._records.find(keys.refusal(contributor, kept.client_id), UploadRefusal)
        return UploadState.REFUSED if refusal else UploadState.WAITING

    def _by_entry(self, kept: UploadRecord) -> UploadState:
        """What the catalog says of an image that is there; an old word of removal says nothing."""
        image_id = kept.metadata.image_id
        entry = self.catalog.entries([image_id]).get(image_id)
        if entry is None or entry.state is EntryState.DELETED:
            return UploadState.STORED
        # Without metadata it holds other bytes, as older versions let phones write them.
        return UploadState.CATALOGUED if entry.metadata else UploadState.CONFLICT

    def _is_what_stands(self, first: ImageMetadata | None, claimed: ImageMetadata) -> bool:
        """Whether a claim is the one that stands, as it was made first or as it was corrected."""
        if first is None:
            return False
        corrections = self._corrections.of
        return same_claim(claimed, first) or same_claim(
            claimed, corrected(first, corrections(claimed.image_id))
        )

    def _another_stands(self, claimed: ImageMetadata) -> AnotherStandsError:
        current = self._corrections.current(claimed.image_id)
        return AnotherStandsError(stands_for(claimed, current))

    def _with_what_stands(self, kept: UploadRecord, state: UploadState) -> Upload:
        upload = _as_upload(kept, state)
        if state not in IN_THE_LAKE:
            return upload
        current = self._corrections.current(kept.metadata.image_id)
        return upload.model_copy(update={"stands": stands_for(kept.metadata, current)})

    def _with_leave(self, contributor: str, kept: UploadRecord, state: UploadState) -> Upload:
        upload = _as_upload(kept, state)
        if state is UploadState.CONFLICT:
            raise self._another_stands(kept.metadata)
        if state not in TO_BE_SENT:
            return upload
        expires_at = self.clock() + timedelta(seconds=VALID_SECONDS)
        if not in_parts(kept.metadata):
            form = transfers_of(self.raw, contributor, kept).form()
            return upload.model_copy(update={"form": form, "expires_at": expires_at})
        parts = PartUploads(self.raw).missing(contributor, kept)
        return upload.model_copy(update={"parts": parts, "expires_at": expires_at})


def _as_upload(kept: UploadRecord, state: UploadState) -> Upload:
    return Upload(client_id=kept.client_id, image_id=kept.metadata.image_id, state=state)
