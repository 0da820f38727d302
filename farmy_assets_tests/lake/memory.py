"""A bucket in memory with S3's conditions, for tests of many short histories.

Before each request a test can have something happen: a process is killed, or another one is
quicker.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from farmy_assets.errors import ObjectMissingError
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.settings import LakeSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from farmy_assets.lake.catalog_table import CatalogTable


class BucketInMemory(Bucket):
    """The requests that records need; ETags are digests of the bytes, as S3's are."""

    def __init__(self, name: str = "records") -> None:
        super().__init__(cast("S3Client", None), name)
        object.__setattr__(self, "objects", {})
        object.__setattr__(self, "before_request", [])

    objects: dict[str, bytes]
    before_request: list[Callable[[], None]]

    def _request(self) -> None:
        for happen in list(self.before_request):
            happen()

    def put_once(self, key: str, content: bytes, **_: object) -> bool:
        self._request()
        return key not in self.objects and self.objects.setdefault(key, content) is not None

    def put_if(self, key: str, content: bytes, *, etag: str | None, **_: object) -> bool:
        self._request()
        present = _etag(self.objects[key]) if key in self.objects else None
        if present == etag:
            self.objects[key] = content
        return present == etag

    def put(self, key: str, content: bytes, **_: object) -> None:
        self._request()
        self.objects[key] = content

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        self._request()
        if key not in self.objects:
            raise ObjectMissingError(key)
        return self.objects[key], _etag(self.objects[key])

    def etag(self, key: str) -> str | None:
        self._request()
        return _etag(self.objects[key]) if key in self.objects else None

    def size_bytes(self, key: str) -> int | None:
        self._request()
        return len(self.objects[key]) if key in self.objects else None

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        self._request()
        return iter(sorted(k for k in self.objects if k.startswith(prefix) and k > after))

    def keys_at(self, prefix: str) -> Iterator[str]:
        return (key for key in self.keys(prefix) if "/" not in key.removeprefix(prefix))

    def listing(self, prefix: str) -> Iterator[ListedObject]:
        return iter(
            [ListedObject(k, _etag(self.objects[k]), "2026-06-01") for k in self.keys(prefix)]
        )

    def delete(self, key: str) -> None:
        self._request()
        self.objects.pop(key, None)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def lake_in_memory(bucket: BucketInMemory) -> Lake:
    """A lake of which only the records are there."""
    nothing = BucketInMemory("nothing")
    names = ("raw_bucket", "cleansed_bucket", "records_bucket", "datasets_bucket", "catalog_table")
    return Lake(
        settings=LakeSettings.model_validate(dict.fromkeys(names, "none")),
        raw=nothing,
        cleansed=nothing,
        exports=nothing,
        records=RecordStore(bucket),
        catalog=cast("CatalogTable", None),
    )
