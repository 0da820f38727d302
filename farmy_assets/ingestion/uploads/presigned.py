"""Leave to write one object of incoming bytes, given to somebody who has no rights of his own.

A small file travels as a form, which S3 checks against its policy: this key, this size, this
sha256. A large one travels in parts, each with an address of its own. Metadata do not travel with
them: those of the request count. Leave is for a key of the request alone, so that the worst that
can be done with it concerns this request.
Sources: Amazon S3 User Guide, "POST policy" and "Uploading an object using multipart upload".
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import LakeError
from farmy_assets.ingestion.uploads.contract import Form, Part
from farmy_assets.lake.connection import error_code, translated
from farmy_assets.lake.objects import PRECONDITION_FAILED, Bucket

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

VALID_SECONDS = 3600
PART_BYTES = 8 * 1024 * 1024  # S3's parts, but for the last one, have 5 MiB or more
WHOLE_UP_TO_BYTES = 2 * PART_BYTES


def in_parts(metadata: ImageMetadata) -> bool:
    """Whether a file is so large that a broken connection should not cost all of it."""
    return metadata.size_bytes > WHOLE_UP_TO_BYTES


@dataclass(frozen=True)
class PresignedUploads:
    """Forms and parts for one key of the raw zone's bucket, and for bytes with these metadata."""

    raw: Bucket
    key: str
    metadata: ImageMetadata

    def form(self) -> Form:
        """A form with which these very bytes can be sent, and nothing else."""
        metadata = self.metadata
        digest = base64.b64encode(bytes.fromhex(metadata.sha256)).decode()
        fields = {
            "Content-Type": metadata.media_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": digest,
        }
        size = metadata.size_bytes
        made = self.raw.client.generate_presigned_post(
            self.raw.name,
            self.key,
            Fields=dict(fields),
            Conditions=[
                *({name: value} for name, value in fields.items()),
                ["content-length-range", size, size],
            ],
            ExpiresIn=VALID_SECONDS,
        )
        return Form(url=made["url"], fields=made["fields"])

    def begin(self) -> str:
        """Open an upload in parts; its id."""
        with translated(f"beginning the upload {self.key}"):
            return self.raw.client.create_multipart_upload(
                Bucket=self.raw.name, Key=self.key, ContentType=self.metadata.media_type
            )["UploadId"]

    def forget(self, upload_id: str) -> None:
        """Close an upload in parts that nobody will go on with."""
        with translated(f"ending the upload {self.key}"):
            self.raw.client.abort_multipart_upload(**self._place(upload_id))

    def missing_parts(self, upload_id: str) -> list[Part]:
        """The parts that are not there yet, each with where to send it.

        Raises:
            ObjectMissingError: The upload was ended, as is one that waited for a week.
        """
        there = {number: size for number, size, _ in self._sent(upload_id)}
        missing = []
        metadata = self.metadata
        for offset in range(0, metadata.size_bytes, PART_BYTES):
            number, size = offset // PART_BYTES + 1, min(PART_BYTES, metadata.size_bytes - offset)
            if there.get(number) != size:
                url = self.raw.client.generate_presigned_url(
                    "upload_part",
                    # The length is signed with the rest: a part cannot be larger than asked for.
                    Params={
                        **self._place(upload_id),
                        "PartNumber": number, "ContentLength": size,
                    },
                    ExpiresIn=VALID_SECONDS,
                )  # fmt: skip
                missing.append(Part(number=number, offset_bytes=offset, size_bytes=size, url=url))
        return missing

    def finish(self, upload_id: str) -> None:
        """Make one object of all parts, unless one is there already.

        Raises:
            ObjectMissingError: The upload was ended, or finished already.
            LakeError: S3 does not take the parts.
        """
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag} for number, _, etag in self._sent(upload_id)
        ]
        if not parts:
            msg = f"no part of the upload {self.key} was sent"
            raise LakeError(msg)
        with translated(f"finishing the upload {self.key}"):
            try:
                self.raw.client.complete_multipart_upload(
                    **self._place(upload_id), IfNoneMatch="*", MultipartUpload={"Parts": parts}
                )
            except ClientError as error:
                if error_code(error) not in PRECONDITION_FAILED:
                    raise

    def _place(self, upload_id: str) -> dict[str, Any]:
        return {"Bucket": self.raw.name, "Key": self.key, "UploadId": upload_id}

    def _sent(self, upload_id: str) -> Iterator[tuple[int, int, str]]:
        with translated(f"looking for parts of the upload {self.key}"):
            pages = self.raw.client.get_paginator("list_parts")
            for page in pages.paginate(**self._place(upload_id)):
                for part in page.get("Parts", []):
                    yield part["PartNumber"], part["Size"], part["ETag"]
