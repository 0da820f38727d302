"""One bucket: put once, put, get, read, copy, delete."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from farmy_assets.errors import ObjectMissingError
from farmy_assets.lake.bucket_lookups import BucketLookups
from farmy_assets.lake.connection import THREADS, error_code, translated
from farmy_assets.lake.object_facts import ReadObject

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

PIECE_BYTES = 1024 * 1024
Item = TypeVar("Item")
Result = TypeVar("Result")
PRECONDITION_FAILED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def in_threads(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The work done on every item, several at a time, results in the order of the items."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, items))


def in_chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most this size, read from their source as they are needed."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


class Bucket(BucketLookups):
    """The objects of one bucket."""

    def put_once(
        self,
        key: str,
        content: bytes,
        *,
        media_type: str = "application/json",
        sha256: str | None = None,
        about: Mapping[str, str] | None = None,
    ) -> bool:
        """Write an object that must not be there yet; False when it already is.

        Args:
            key: Its key.
            content: Its bytes.
            media_type: What they are.
            sha256: Their sha256 in hex, for S3 to check them against and to keep.
            about: The object's user metadata: ASCII.
        """
        more: dict[str, Any] = {"Metadata": dict(about)} if about else {}
        if sha256:
            more["ChecksumAlgorithm"] = "SHA256"
            more["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        with translated(f"writing s3://{self.name}/{key}"):
            try:
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=content, ContentType=media_type,
                    IfNoneMatch="*", **more,
                )  # fmt: skip
            except ClientError as error:
                if error_code(error) in PRECONDITION_FAILED:
                    return False
                raise
        return True

    def put_if(
        self, key: str, content: bytes, *, etag: str | None, media_type: str = "application/json"
    ) -> bool:
        """Write only over the version with this ETag (None: only where nothing is).

        Returns False, and writes nothing, when somebody else was quicker.
        """
        if etag is None:
            return self.put_once(key, content, media_type=media_type)
        with translated(f"writing s3://{self.name}/{key}"):
            try:
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=content, ContentType=media_type, IfMatch=etag
                )
            except ClientError as error:
                if error_code(error) in PRECONDITION_FAILED:
                    return False
                raise
        return True

    def put(self, key: str, content: bytes, *, media_type: str = "application/json") -> None:
        """Write an object, over an older one if there is one."""
        with translated(f"writing s3://{self.name}/{key}"):
            self.client.put_object(Bucket=self.name, Key=key, Body=content, ContentType=media_type)

    def get(self, key: str) -> bytes:
        """The object's bytes.

        Raises:
            ObjectMissingError: There is none.
        """
        return self.get_with_etag(key)[0]

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """The object's bytes and the ETag to pass to `put_if`."""
        with self._reading(f"reading s3://{self.name}/{key}"):
            answer = self.client.get_object(Bucket=self.name, Key=key)
            return answer["Body"].read(), answer["ETag"]

    def find(self, key: str) -> bytes | None:
        """The object's bytes, or None when there is no such object."""
        try:
            return self.get(key)
        except ObjectMissingError:
            return None

    def sha256_of(self, key: str) -> str | None:
        """The sha256 of an object's bytes in hex, read piece by piece; None when there is none."""
        digest = hashlib.sha256()
        try:
            with self._reading(f"reading s3://{self.name}/{key}"):
                for piece in self.client.get_object(Bucket=self.name, Key=key)["Body"].iter_chunks(
                    PIECE_BYTES
                ):
                    digest.update(piece)
        except ObjectMissingError:
            return None
        return digest.hexdigest()

    def read(self, key: str, *, keep_up_to_bytes: int) -> ReadObject | None:
        """An object read once, piece by piece; None when there is none."""
        digest, kept = hashlib.sha256(), bytearray()
        try:
            with translated(f"reading s3://{self.name}/{key}"):
                answer = self.client.get_object(Bucket=self.name, Key=key)
                size = answer["ContentLength"]
                for piece in answer["Body"].iter_chunks(PIECE_BYTES):
                    digest.update(piece)
                    if size <= keep_up_to_bytes:
                        kept += piece
        except ObjectMissingError:
            return None
        return ReadObject(
            size_bytes=size,
            sha256=digest.hexdigest(),
            etag=answer["ETag"],
            version_id=answer.get("VersionId"),
            content=bytes(kept) if size <= keep_up_to_bytes else None,
        )

    def copy_once(
        self, source: ReadObject, source_key: str, key: str, *, media_type: str,
        about: Mapping[str, str],
    ) -> bool:  # fmt: skip
        """Copy what was read to a key where nothing is yet, on S3's side; False when something is.

        As an upload of one part: its completion takes If-None-Match everywhere, a plain copy on
        some servers only. Only the version that was read is copied.

        Raises:
            ObjectMissingError: That version is not there any more.
            LakeUnavailableError: It may be copied, or not; try again.
        """
        place: dict[str, Any] = {"Bucket": self.name, "Key": key}
        origin: CopySourceTypeDef = {"Bucket": self.name, "Key": source_key}
        if source.version_id:
            origin["VersionId"] = source.version_id
        with translated(f"copying s3://{self.name}/{source_key} to s3://{self.name}/{key}"):
            upload = self.client.create_multipart_upload(
                **place, ContentType=media_type, Metadata=dict(about)
            )
            place["UploadId"] = upload["UploadId"]
            try:
                part = self.client.upload_part_copy(
                    **place, PartNumber=1, CopySource=origin, CopySourceIfMatch=source.etag
                )["CopyPartResult"]
                self.client.complete_multipart_upload(
                    **place, IfNoneMatch="*",
                    MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
                )  # fmt: skip
            except ClientError as error:
                self.client.abort_multipart_upload(**place)
                if error_code(error) in PRECONDITION_FAILED:
                    return False
                raise
        return True

    def copy_from(self, source: "Bucket", source_key: str, key: str) -> None:
        """Copy an object on the server's side."""
        with translated(f"copying s3://{source.name}/{source_key} to s3://{self.name}/{key}"):
            self.client.copy_object(
                Bucket=self.name, Key=key, CopySource={"Bucket": source.name, "Key": source_key}
            )

    def delete_version(self, key: str, version_id: str | None) -> None:
        """Delete one version for good; in a bucket without versions, the object."""
        with translated(f"deleting a version of s3://{self.name}/{key}"):
            more: dict[str, Any] = {"VersionId": version_id} if version_id else {}
            self.client.delete_object(Bucket=self.name, Key=key, **more)

    def delete(self, key: str) -> None:
        """Delete an object; in a versioned bucket this leaves a marker over it."""
        with translated(f"deleting s3://{self.name}/{key}"):
            self.client.delete_object(Bucket=self.name, Key=key)
