"""What is in a bucket: listings, and objects without their content."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from farmy_assets.errors import LakeError, ObjectMissingError
from farmy_assets.lake.connection import error_code, translated
from farmy_assets.lake.object_facts import ListedObject, ObjectFacts, ObjectVersion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = len("2026-01-01")  # our clients leave a listing's times as the text that they are
DENIED = {"AccessDenied", "403"}


@dataclass(frozen=True)
class BucketLookups:
    """A bucket that is looked at; contents are read and written by `objects.Bucket`.

    Attributes:
        client: Talks to S3.
        name: The bucket's name.
        denied_is_missing: Whether an object that may not be read counts as one that is not there:
            to those who have no right to list a bucket, S3 says of both the same.
    """

    client: "S3Client"
    name: str
    denied_is_missing: bool = False

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

    def etag(self, key: str) -> str | None:
        """The ETag to hand to `put_if`, or None when there is no such object."""
        try:
            with self._reading(f"looking for s3://{self.name}/{key}"):
                return self.client.head_object(Bucket=self.name, Key=key)["ETag"]
        except ObjectMissingError:
            return None

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
