"""The copy that annotators and data sets see: upright, sRGB, not too large, and nothing else in it.

The raw file is never changed. The copy holds no EXIF, no position, no serial number, no thumbnail
and no comment, because Label Studio shows it to people and a data set may be given away.
"""

import io
from typing import NamedTuple

from PIL import Image

from farmy_assets.cleansing.decoding import Undecodable, decode
from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.previews import small_jpeg


class NormalisedCopy(NamedTuple):
    """A baseline JPEG, with its size in pixels and the digest of its bytes."""

    content: bytes
    width_px: int
    height_px: int
    sha256: str
    thumbnail: bytes
    """The same as a small JPEG, for sheets and reports."""


def normalised_copy(content: bytes, *, policy: CleansingPolicy) -> NormalisedCopy | Undecodable:
    """The normalised copy of a file, or the reason why there can be none; never raises.

    The same bytes and policy give the same copy, byte for byte.
    """
    decoded = decode(content, policy=policy, enough_px=policy.max_long_side_px)
    if isinstance(decoded, Undecodable):
        return decoded
    image = decoded.image
    # From the original's size: the scaled decoding has rounded the shape already.
    original = decoded.width_px, decoded.height_px
    scale = min(1.0, policy.max_long_side_px / max(original))
    size = max(1, round(original[0] * scale)), max(1, round(original[1] * scale))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    copy = io.BytesIO()
    image.save(copy, "JPEG", quality=policy.jpeg_quality, progressive=False, optimize=False)
    written = copy.getvalue()
    return NormalisedCopy(written, *size, content_sha256(written), small_jpeg(image))
