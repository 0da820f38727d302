"""Photographs in another owner's bucket, which is listed and read, never written to."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError

from farmy_assets.catalog.arrivals import Refusal, RefusalReason
from farmy_assets.catalog.claims import NOTHING_CLAIMED, SuppliedMetadata
from farmy_assets.catalog.file_names import with_side_cars
from farmy_assets.catalog.metadata import MAX_SIZE_BYTES
from farmy_assets.errors import InvalidInputError, LakeError, LakeUnavailableError
from farmy_assets.ingestion.source_files import Loaded, SourceFile, SourceFiles, SourceOptions
from farmy_assets.ingestion.sources.side_cars import LARGEST_SIDE_CAR_BYTES, claims_in
from farmy_assets.lake.connection import client_config, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"


FORM = "s3://BUCKET/PREFIX"


def takes(address: str) -> bool:
    """Whether it is an address of S3."""
    return address.startswith(SCHEME)


def source_files(address: str, options: SourceOptions) -> SourceFiles:
    """Everything under an address; see `ForeignStore.files`."""
    store = ForeignStore(options.client())
    return partial(store.files, address, side_cars=options.side_cars)


def parse_address(address: str) -> tuple[str, str]:
    """Bucket and key, or prefix, of an address s3://bucket/key.

    Raises:
        InvalidInputError: It is no such address.
    """
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not address.startswith(SCHEME) or not bucket:
        msg = f"{address!r} is not an address like s3://bucket/prefix"
        raise InvalidInputError(msg)
    return bucket, key


@dataclass(frozen=True)
class ForeignStore:
    """Another owner's S3, read with credentials other than those of the lake."""

    client: "S3Client"

    @classmethod
    def connect(
        cls, *, profile: str | None, endpoint_url: str | None, region_name: str
    ) -> "ForeignStore":
        """A client by a named profile, or by the usual chain of credentials.

        Raises:
            InvalidInputError: There is no such profile.
        """
        try:
            session = boto3.Session(profile_name=profile)
            region = session.region_name or region_name
            return cls(
                session.client(
                    "s3", endpoint_url=endpoint_url, region_name=region, config=client_config()
                )
            )
        except (BotoCoreError, ValueError) as error:
            raise InvalidInputError(str(error)) from error

    def files(self, address: str, *, side_cars: bool = True) -> Iterator[SourceFile]:
        """Everything under an address, page by page, named by what follows the prefix.

        Side-cars are read with their photographs, beside which a listing has them.

        Raises:
            InvalidInputError: It is no such address.
            LakeError: It cannot be listed.
        """
        bucket, prefix = parse_address(address)
        folder = prefix[: prefix.rfind("/") + 1]
        for _, some in groupby(self._keys(bucket, prefix), key=_before_the_dot):
            together = tuple(some)
            pairs = with_side_cars(together) if side_cars else ((key, None) for key in together)
            for key, side_car in pairs:
                yield self._source_file(
                    key.removeprefix(folder), bucket, key, NOTHING_CLAIMED, side_car=side_car
                )

    def source_file(self, address: str, claims: SuppliedMetadata) -> SourceFile:
        """The one object at an address, under this address as its name."""

        def load() -> Loaded | Refusal:
            try:
                bucket, key = parse_address(address)
            except InvalidInputError as error:
                reason = RefusalReason.BAD_METADATA
                return Refusal(name=address, reason=reason, detail=str(error))
            if not key:
                reason = RefusalReason.BAD_METADATA
                return Refusal(name=address, reason=reason, detail="names no object")
            return self._source_file(address, bucket, key, claims).load()

        return SourceFile(address, load)

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        with translated(f"listing s3://{bucket}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    if not item["Key"].endswith("/"):  # a marker of a folder
                        yield item["Key"]

    def _source_file(
        self,
        name: str,
        bucket: str,
        key: str,
        claims: SuppliedMetadata,
        *,
        side_car: str | None = None,
    ) -> SourceFile:
        def load() -> Loaded | Refusal:
            try:
                content = self._read(bucket, key, MAX_SIZE_BYTES)
                if content is None:
                    detail = f"more than {MAX_SIZE_BYTES} bytes"
                    return Refusal(name=name, reason=RefusalReason.TOO_LARGE, detail=detail)
                if side_car is None:
                    return Loaded(content, claims)
                side_car_content = self._read(bucket, side_car, LARGEST_SIDE_CAR_BYTES)
                return Loaded(content, claims_in(side_car.rpartition("/")[2], side_car_content))
            except LakeUnavailableError:
                raise  # temporary: the import ends, and continues when it is run again
            except InvalidInputError as error:
                return Refusal(name=name, reason=RefusalReason.BAD_METADATA, detail=str(error))
            except LakeError as error:
                return Refusal(name=name, reason=RefusalReason.UNREADABLE, detail=str(error))

        return SourceFile(name, load)

    def _read(self, bucket: str, key: str, most_bytes: int) -> bytes | None:
        """The bytes of an object; None when there are more than that."""
        with translated(f"reading s3://{bucket}/{key}"):
            answer = self.client.get_object(Bucket=bucket, Key=key)
            with answer["Body"] as body:
                return body.read() if answer["ContentLength"] <= most_bytes else None


def _before_the_dot(key: str) -> str:
    """What a photograph and its side-car have in common: in a listing nothing comes between."""
    before, dot, _ = key.partition(".")
    return before + dot
