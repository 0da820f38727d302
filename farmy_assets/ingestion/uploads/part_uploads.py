"""Uploads in parts: begun once for a client's id, and gone on with after a break."""

from dataclasses import dataclass

from farmy_assets.errors import ObjectMissingError
from farmy_assets.ingestion.uploads.contract import Part
from farmy_assets.ingestion.uploads.presigned import PresignedUploads
from farmy_assets.ingestion.uploads.upload_record import UploadRecord
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.record_store import RecordStore


def transfers_of(raw: Bucket, contributor: str, kept: UploadRecord) -> PresignedUploads:
    """Leave for the incoming bytes of one upload."""
    return PresignedUploads(raw, keys.incoming(contributor, kept.client_id), kept.metadata)


@dataclass(frozen=True)
class PartUploads:
    """The uploads in parts of all contributors."""

    raw: Bucket

    def missing(self, contributor: str, kept: UploadRecord) -> list[Part]:
        """The parts of an upload that are not there yet; it is begun if it was not, or has ended.

        Raises:
            LakeUnavailableError: Ask again later.
        """
        if kept.incoming_parts_id is not None:
            try:
                return transfers_of(self.raw, contributor, kept).missing_parts(
                    kept.incoming_parts_id
                )
            except ObjectMissingError:
                pass  # ended after a week, or its bytes were refused: begun anew
        begun = self._begun(contributor, kept)
        parts_id = begun.incoming_parts_id or ""
        return transfers_of(self.raw, contributor, begun).missing_parts(parts_id)

    def _begun(self, contributor: str, kept: UploadRecord) -> UploadRecord:
        """The record with a new upload in parts; of two that ask at once, the quicker one's."""
        key, records = keys.upload(contributor, kept.client_id), RecordStore(self.raw)
        transfers = transfers_of(self.raw, contributor, kept)
        parts_id = transfers.begin()
        begun = kept.model_copy(update={"incoming_parts_id": parts_id})
        there, etag = records.find_with_etag(key, UploadRecord)
        if there == kept and self.raw.put_if(key, begun.to_json(), etag=etag):
            return begun
        transfers.forget(parts_id)
        return records.read(key, UploadRecord)
