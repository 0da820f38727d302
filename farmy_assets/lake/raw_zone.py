"""The raw zone: every photograph with its metadata, content-addressed and written once.

The metadata travels with the bytes, in one request: as the object's own user metadata. So the two
never come apart, and one request brings a photograph in. Metadata that is too long for that (S3
takes 2 kB) is written beside the object first, under its own digest, and the digest travels aboard:
what others wrote there, or a request that went no further, says nothing of the image. Older images
have theirs beside them without a digest.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote

from pydantic import ValidationError

from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import LakeDamagedError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.object_facts import ObjectFacts, ReadObject
from farmy_assets.lake.objects import Bucket

logger = logging.getLogger(__name__)

FIELD = "farmy"  # the header is x-amz-meta-farmy
BESIDE = "farmy-beside"  # the digest of metadata that lie beside
DIGEST_DIGITS = 32
LONGEST_BYTES = 2048 - len(FIELD)  # S3 counts names and values of all user metadata together
READABLE = '"{}[]:,/+'  # left as they are, for people who look at the object


class Outcome(StrEnum):
    """What became of one accepted file."""

    STORED = "stored"
    ALREADY_THERE = "already_there"


@dataclass(frozen=True)
class RawZone:
    """Photographs and their metadata, for reading and for writing once."""

    raw: Bucket

    def store(
        self, metadata: ImageMetadata, content: bytes, *, look_first: bool = False
    ) -> Outcome:
        """Put one image and its metadata into the raw zone, where nothing is yet.

        S3 checks the bytes against their sha256 as they arrive, and keeps it.

        Args:
            metadata: The metadata of exactly these bytes.
            content: The bytes.
            look_first: Check whether it is stored already before sending the bytes.

        Raises:
            LakeDamagedError: Other bytes lie there under this image's id.
            LakeUnavailableError: The image may not be stored; store it again.
        """
        key = keys.raw_image(metadata.image_id)
        found = self.raw.head(key) if look_first else None
        if found is None and self.raw.put_once(
            key, content, media_type=metadata.media_type, sha256=metadata.sha256,
            about=self._about(metadata),
        ):  # fmt: skip
            return Outcome.STORED
        return self._already_there(metadata, found)

    def store_copy(self, metadata: ImageMetadata, read: ReadObject, source_key: str) -> Outcome:
        """The same for bytes that lie in the raw bucket already, under another key, and were read.

        Raises:
            LakeDamagedError: Other bytes lie there under this image's id.
            LakeUnavailableError: The image may not be stored; store it again.
            ObjectMissingError: The bytes are not there any more.
        """
        key = keys.raw_image(metadata.image_id)
        found = self.raw.head(key)  # a copy takes three requests; most are no repetition
        if found is None and self.raw.copy_once(
            read, source_key, key, media_type=metadata.media_type, about=self._about(metadata)
        ):
            return Outcome.STORED
        return self._already_there(metadata, found)

    def holds(self, sha256: str) -> bool:
        """Whether bytes with this digest are in the raw zone, whatever their name and origin."""
        return next(self.raw.keys(keys.raw_images_of(sha256)), None) is not None

    def find_metadata(self, image_id: str) -> ImageMetadata | None:
        """The metadata of an image; None, and a line in the log, when there is none of use.

        Metadata are of no use when the bytes are not those that they speak of. S3 has checked most
        bytes; those that came in parts are read here.
        """
        return self._checked(image_id, self.raw.head(keys.raw_image(image_id)))

    def find(self, image_id: str) -> tuple[bool, ImageMetadata | None]:
        """Whether the image is there, and its metadata; that of a deleted image is found too."""
        key = keys.raw_image(image_id)
        found = self.raw.head(key)
        if found is None:
            return False, self._metadata(image_id, self.raw.head_of_deleted(key))
        return True, self._checked(image_id, found)

    def first_metadata(self, image_id: str) -> tuple[ObjectFacts | None, ImageMetadata | None]:
        """The stored object of an image, and the metadata of its arrival.

        None of the bytes are read, so metadata that S3 knows to be of other bytes are none.
        """
        found = self.raw.head(keys.raw_image(image_id))
        if found is None:
            return None, None
        metadata = self._metadata(image_id, found)
        if metadata is None or found.differs_from(metadata.sha256, metadata.size_bytes):
            return found, None
        return found, metadata

    def _already_there(self, metadata: ImageMetadata, found: ObjectFacts | None) -> Outcome:
        key = keys.raw_image(metadata.image_id)
        found = found or self.raw.head(key)
        if found is None:
            msg = f"image {metadata.image_id} came and went while it was stored: store it again"
            raise LakeUnavailableError(msg)
        if found.differs_from(metadata.sha256, metadata.size_bytes):
            msg = (
                f"s3://{self.raw.name}/{key} holds other bytes than were stored there: bring back "
                "its first version, S3 keeps them all"
            )
            raise LakeDamagedError(msg)
        return Outcome.ALREADY_THERE

    def _about(self, metadata: ImageMetadata) -> dict[str, str]:
        """What travels aboard; metadata that are too long for it are written beside first."""
        aboard = header_of(metadata)
        if aboard is not None:
            return {FIELD: aboard}
        content = metadata.to_json()
        digest = _digest(content)
        self.raw.put_once(keys.metadata_beside(metadata.image_id, digest), content)
        return {BESIDE: digest}

    def _checked(self, image_id: str, found: ObjectFacts | None) -> ImageMetadata | None:
        metadata = self._metadata(image_id, found)
        if metadata is None or found is None:
            return metadata
        sha256 = found.sha256 or self.raw.sha256_of(keys.raw_image(image_id))
        if sha256 != metadata.sha256 or found.size_bytes != metadata.size_bytes:
            logger.warning("image %s holds other bytes than its metadata say", image_id)
            return None
        return metadata

    def _metadata(self, image_id: str, found: ObjectFacts | None) -> ImageMetadata | None:
        content = self._content(image_id, found)
        if content is None:
            logger.warning("image %s has no metadata; it stays out of all batches", image_id)
            return None
        try:
            metadata = ImageMetadata.model_validate_json(content)
        except ValidationError as error:
            logger.warning("image %s has unusable metadata: %s", image_id, error)
            return None
        if metadata.image_id != image_id:
            logger.warning("image %s has the metadata of %s", image_id, metadata.image_id)
            return None
        return metadata

    def _content(self, image_id: str, found: ObjectFacts | None) -> str | bytes | None:
        """The metadata as they lie there, before anything of them is believed."""
        about = found.about if found else {}
        if aboard := about.get(FIELD):
            return unquote(aboard)
        digest = about.get(BESIDE)
        if digest is None:
            return self.raw.find(keys.raw_metadata(image_id))
        content = self.raw.find(keys.metadata_beside(image_id, digest))
        return content if content is not None and _digest(content) == digest else None


def header_of(metadata: ImageMetadata) -> str | None:
    """The metadata as they travel aboard: ASCII without white space; None when too long for it."""
    fields = metadata.model_dump(mode="json", exclude_none=True)
    text = quote(json.dumps(fields, separators=(",", ":"), ensure_ascii=False), safe=READABLE)
    return text if len(text) <= LONGEST_BYTES else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_DIGITS]
