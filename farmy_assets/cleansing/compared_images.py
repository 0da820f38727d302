"""What is known of images for comparing them, and which of several copies is the best."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.checks import blurry
from farmy_assets.cleansing.fingerprints import PerceptualHash, hashes_of_text
from farmy_assets.cleansing.hamming import Hashes
from farmy_assets.cleansing.patterns import ORIENTATIONS
from farmy_assets.cleansing.quality import Hash64, ImageQuality, SidePx
from farmy_assets.cleansing.small_pictures import SmallPicture, kept_patterns

_NEVER = datetime.max.replace(tzinfo=UTC)
_PREFIX_DIGITS = 16
_GOOD_QUALITY = 92  # of a JPEG: what a higher one keeps, nobody sees


class Fingerprint(Record):
    """What duplicates are found by, and what tells the better copy."""

    image_id: str
    sha256: Sha256
    pixel_hash: Sha256
    phash: Hash64
    dhash: Hash64
    turned: str
    width_px: SidePx
    height_px: SidePx
    sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    taken_at: AwareDatetime | None = None
    small_picture: str | None = None
    small_picture_within_border: str | None = None
    kept_quality: Annotated[int, Field(ge=1, le=100)] | None = None
    is_camera_named: bool | None = None

    @property
    def small(self) -> SmallPicture:
        """What cut and framed copies are found by."""
        return SmallPicture(self.small_picture, self.small_picture_within_border)

    @property
    def perceptual_hashes(self) -> tuple[PerceptualHash, ...]:
        """The hashes as the picture is, then in its seven other orientations."""
        found = hashes_of_text(f"{self.phash}{self.dhash}{self.turned}")
        return tuple(map(PerceptualHash, found[::2], found[1::2]))


class KnownImages(NamedTuple):
    """Images that earlier decisions kept, as columns; `contents` and `pixels` are 64-bit prefixes.

    Each array has the shape (images,). `patterns` are what `kept_patterns` gave, nothing for images
    of which only hashes are known.
    """

    image_ids: NDArray[np.str_]
    contents: Hashes
    pixels: Hashes
    phashes: Hashes
    dhashes: Hashes
    patterns: Sequence[bytes | None] = ()


def fingerprint_of(
    quality: ImageQuality, *, taken_at: datetime | None = None
) -> Fingerprint | None:
    """The fingerprint in a verdict; None when the image could not be decoded."""
    if quality.pixel_hash is None:
        return None
    own = set(Fingerprint.model_fields) - {"sharpness", "taken_at"}
    return Fingerprint.model_validate(
        {
            **{name: getattr(quality, name) for name in own},
            "sharpness": quality.value_of(blurry.CHECK.name) or 0.0,
            "taken_at": taken_at,
        }
    )


def known_images(kept: Sequence[Fingerprint]) -> KnownImages:
    """The columns of some images, in their order."""
    return KnownImages(
        np.array([image.image_id for image in kept], dtype=np.str_),
        *prefixes(kept),
        _numbers(image.phash for image in kept),
        _numbers(image.dhash for image in kept),
        kept_patterns([image.small for image in kept]),
    )


def best_first(image: Fingerprint) -> tuple[int, int, bool, int, float, datetime, str]:
    """By resolution, then by how much the file kept of it, then sharpness, then age.

    Above a good quality the file of a camera comes before a finer one that names none.
    """
    pixels = image.width_px * image.height_px
    kept = image.kept_quality or 0
    is_from_camera = image.is_camera_named or False
    return (
        -pixels, -min(kept, _GOOD_QUALITY), not is_from_camera, -kept, -image.sharpness,
        image.taken_at or _NEVER, image.image_id,
    )  # fmt: skip


def looks_of(images: Sequence[Fingerprint]) -> Hashes:
    """The pHash and dHash of each image in each orientation, shape (images, 8, 2)."""
    digits = "".join(f"{image.phash}{image.dhash}{image.turned}" for image in images)
    looks = np.frombuffer(bytes.fromhex(digits), dtype=">u8").astype(np.uint64)
    return looks.reshape(len(images), ORIENTATIONS, 2)


def prefixes(images: Sequence[Fingerprint]) -> tuple[Hashes, Hashes]:
    """Of the digests of content and pixels, 64 bits each."""
    return (
        _numbers(image.sha256[:_PREFIX_DIGITS] for image in images),
        _numbers(image.pixel_hash[:_PREFIX_DIGITS] for image in images),
    )


def _numbers(texts: Iterable[str]) -> Hashes:
    return np.array([int(text, 16) for text in texts], dtype=np.uint64)
