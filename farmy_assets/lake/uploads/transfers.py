"""Leave to write one object of the raw zone, given to somebody who has no rights of his own.

A small file travels as a form, which S3 checks against its policy: this key, this size, this
sha256, these metadata. A large one travels in parts, each with an address of its own.
Sources: Amazon S3 User Guide, "POST policy" and "Uploading an object using multipart upload".
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.connection import error_code, translated
from farmy_assets.lake.objects import PRECONDITION_FAILED, Bucket
from farmy_assets.lake.raw_zone import FIELD, header_of
from farmy_assets.lake.uploads.contract import Form, Part

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

VALID_SECONDS = 3600
PART_BYTES = 8 * 1024 * 1024  # S3's parts, but for the last one, have 5 MiB or more
WHOLE_UP_TO_BYTES = 2 * PART_BYTES


def in_parts(metadata: ImageMetadata) -> bool:
    """Whether a file is so large that a broken connection should not cost all of it."""
    return metadata.size_bytes > WHOLE_UP_TO_BYTES


@dataclass(frozen=True)
class Transfers:
    """Forms and parts for the raw zone's bucket."""

    raw: Bucket

    def form(self, metadata: ImageMetadata) -> Form:
        """A form with which these very bytes can be sent, and nothing else."""
        digest = base64.b64encode(bytes.fromhex(metadata.sha256)).decode()
        fields = {
            "Content-Type": metadata.media_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": digest,
            **self._about(metadata),
        }
        size = metadata.size_bytes
        made = self.raw.client.generate_presigned_post(
            self.raw.name,
            keys.raw_image(metadata.image_id),
            Fields=dict(fields),
            Conditions=[
                *({name: value} for name, value in fields.items()),
                ["content-length-range", size, size],
            ],
            ExpiresIn=VALID_SECONDS,
        )
        return Form(url=made["url"], fields=made["fields"])

    def begin(self, metadata: ImageMetadata) -> str:
        """Open an upload in parts; its id."""
        about = {name.removeprefix("x-amz-meta-"): v for name, v in self._about(metadata).items()}
        with translated(f"beginning the upload of image {metadata.image_id}"):
            return self.raw.client.create_multipart_upload(
                Bucket=self.raw.name, Key=keys.raw_image(metadata.image_id),
                ContentType=metadata.media_type, Metadata=about,
            )["UploadId"]  # fmt: skip

    def forget(self, metadata: ImageMetadata, upload_id: str) -> None:
        """Close an upload in parts that nobody will go on with."""
        with translated(f"ending the upload of image {metadata.image_id}"):
            self.raw.client.abort_multipart_upload(**self._place(metadata, upload_id))

    def missing_parts(self, metadata: ImageMetadata, upload_id: str) -> list[Part]:
        """The parts that are not there yet, each with where to send it.

        Raises:
            ObjectMissingError: The upload was ended, as is one that waited for a week.
        """
        there = {number: size for number, size, _ in self._sent(metadata, upload_id)}
        missing = []
        for offset in range(0, metadata.size_bytes, PART_BYTES):
            number, size = offset // PART_BYTES + 1, min(PART_BYTES, metadata.size_bytes - offset)
            if there.get(number) != size:
                url = self.raw.client.generate_presigned_url(
                    "upload_part",
                    # The length is signed with the rest: a part cannot be larger than asked for.
                    Params={
                        **self._place(metadata, upload_id),
                        "PartNumber": number, "ContentLength": size,
                    },
                    ExpiresIn=VALID_SECONDS,
                )  # fmt: skip
                missing.append(Part(number=number, offset_bytes=offset, size_bytes=size, url=url))
        return missing

    def finish(self, metadata: ImageMetadata, upload_id: str, *, nothing_there: bool) -> None:
        """Make one object of all parts.

        Args:
            metadata: The photograph's.
            upload_id: That of `begin`.
            nothing_there: Do nothing if somebody else was quicker.

        Raises:
            ObjectMissingError: The upload was ended, or finished already.
            LakeError: S3 does not take the parts.
        """
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag}
            for number, _, etag in self._sent(metadata, upload_id)
        ]
        if not parts:
            msg = f"no part of image {metadata.image_id} was sent"
            raise LakeError(msg)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if nothing_there else {}
        with translated(f"finishing the upload of image {metadata.image_id}"):
            try:
                self.raw.client.complete_multipart_upload(
                    **self._place(metadata, upload_id), **condition,
                    MultipartUpload={"Parts": parts},
                )  # fmt: skip
            except ClientError as error:
                if error_code(error) not in PRECONDITION_FAILED:
                    raise

    def _about(self, metadata: ImageMetadata) -> dict[str, str]:
        """The metadata as a field; too long for one, they are put beside before the bytes come."""
        aboard = header_of(metadata)
        if aboard is None:
            self.raw.put_once(keys.raw_metadata(metadata.image_id), metadata.to_json())
            return {}
        return {f"x-amz-meta-{FIELD}": aboard}

    def _place(self, metadata: ImageMetadata, upload_id: str) -> dict[str, Any]:
        key = keys.raw_image(metadata.image_id)
        return {"Bucket": self.raw.name, "Key": key, "UploadId": upload_id}

    def _sent(self, metadata: ImageMetadata, upload_id: str) -> Iterator[tuple[int, int, str]]:
        with translated(f"looking for parts of image {metadata.image_id}"):
            pages = self.raw.client.get_paginator("list_parts")
            for page in pages.paginate(**self._place(metadata, upload_id)):
                for part in page.get("Parts", []):
                    yield part["PartNumber"], part["Size"], part["ETag"]
