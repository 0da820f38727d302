"""One bucket: put once, put, get, head, list, copy."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from farmy_assets.errors import LakeError, ObjectMissingError
from farmy_assets.lake.connection import THREADS, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

DAY = len("2026-01-01")  # our clients leave a listing's times as the text that they are
PIECE_BYTES = 1024 * 1024
Item = TypeVar("Item")
Result = TypeVar("Result")
DENIED = {"AccessDenied", "403"}
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


class ListedObject(NamedTuple):
    """What a listing tells of an object: the ETag changes with its bytes; the day is UTC's."""

    key: str
    etag: str
    modified_on: str


@dataclass(frozen=True)
class ObjectFacts:
    """What S3 knows of an object: size, sha256 in hex if it was told one, and user metadata."""

    size_bytes: int
    sha256: str | None
    about: Mapping[str, str]

    def differs_from(self, sha256: str, size_bytes: int) -> bool:
        """Whether S3 knows that other bytes lie there; of one sent in parts it has no sha256."""
        return self.sha256 not in {None, sha256} or self.size_bytes != size_bytes


class ObjectVersion(NamedTuple):
    """One version of an object, or the marker of its deletion."""

    key: str
    is_latest: bool
    is_marker: bool


@dataclass(frozen=True)
class ReadObject:
    """What was read of an object: exactly this version had these bytes.

    Attributes:
        size_bytes: How many there are.
        sha256: Their digest in hex.
        etag: The version's ETag.
        version_id: The version's id; None where the bucket keeps none.
        content: The bytes; None where there are more than were to be kept in memory.
    """

    size_bytes: int
    sha256: str
    etag: str
    version_id: str | None
    content: bytes | None


@dataclass(frozen=True)
class Bucket:
    """The objects of one bucket.

    Attributes:
        client: Talks to S3.
        name: The bucket's name.
        denied_is_missing: Whether an object that may not be read counts as one that is not there:
            to those who have no right to list a bucket, S3 says of both the same.
    """

    client: "S3Client"
    name: str
    denied_is_missing: bool = False

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
        """The object's bytes and the ETag to hand to `put_if`."""
        with self._reading(f"reading s3://{self.name}/{key}"):
            answer = self.client.get_object(Bucket=self.name, Key=key)
            return answer["Body"].read(), answer["ETag"]

    @contextmanager
    def _reading(self, doing: str) -> Iterator[None]:
        try:
            with translated(doing):
                yield
        except LakeError as error:
            refusal = error.__cause__
            if (
                self.denied_is_missing
                and isinstance(refusal, ClientError)
                and error_code(refusal) in DENIED
            ):
                raise ObjectMissingError(str(error)) from refusal
            raise

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

    def size_bytes(self, key: str) -> int | None:
        """The object's size, or None when there is no such object."""
        try:
            with self._reading(f"looking for s3://{self.name}/{key}"):
                return self.client.head_object(Bucket=self.name, Key=key)["ContentLength"]
        except ObjectMissingError:
            return None

    def head(self, key: str) -> ObjectFacts | None:
        """An object's size, digest and metadata, without its content; None when there is none."""
        return self._head(key)

    def head_of_deleted(self, key: str) -> ObjectFacts | None:
        """The same of the newest version under a deletion marker; None when there is none."""
        with translated(f"looking for versions of s3://{self.name}/{key}"):
            answer = self.client.list_object_versions(Bucket=self.name, Prefix=key, MaxKeys=10)
        versions = [v for v in answer.get("Versions", []) if v["Key"] == key]
        return self._head(key, {"VersionId": versions[0]["VersionId"]}) if versions else None

    def _head(self, key: str, version: Mapping[str, Any] | None = None) -> ObjectFacts | None:
        try:
            with self._reading(f"looking for s3://{self.name}/{key}"):
                found = self.client.head_object(
                    Bucket=self.name, Key=key, ChecksumMode="ENABLED", **(version or {})
                )
        except ObjectMissingError:
            return None
        checksum = found.get("ChecksumSHA256", "")
        # An object made of parts has a checksum of checksums, and behind it the number of parts.
        whole = len(checksum) == len(base64.b64encode(bytes(32)))
        return ObjectFacts(
            size_bytes=found["ContentLength"],
            sha256=base64.b64decode(checksum).hex() if whole else None,
            about=found["Metadata"],
        )

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """All keys with the prefix, in order, page by page, starting behind `after`."""
        with translated(f"listing s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, StartAfter=after
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield item["Key"]

    def keys_at(self, prefix: str) -> Iterator[str]:
        """The keys with the prefix and no further slash behind it, in order, page by page."""
        with translated(f"listing s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield item["Key"]

    def listing(self, prefix: str) -> Iterator[ListedObject]:
        """All objects with the prefix, in the order of their keys, as a listing shows them."""
        with translated(f"listing s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield ListedObject(item["Key"], item["ETag"], str(item["LastModified"])[:DAY])

    def keys_older_than(self, prefix: str, moment: datetime) -> Iterator[str]:
        """The keys with the prefix that were written before a moment."""
        with translated(f"listing s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    if datetime.fromisoformat(str(item["LastModified"])) < moment:
                        yield item["Key"]

    def versions(self, prefix: str) -> Iterator[ObjectVersion]:
        """All versions and deletion markers under a prefix; in no promised order."""
        with translated(f"listing versions of s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for page in pages:
                for version in page.get("Versions", []):
                    yield ObjectVersion(version["Key"], version["IsLatest"], is_marker=False)
                for marker in page.get("DeleteMarkers", []):
                    yield ObjectVersion(marker["Key"], marker["IsLatest"], is_marker=True)

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
