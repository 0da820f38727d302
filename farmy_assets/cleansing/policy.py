"""The thresholds of cleansing, in one value that is recorded with every verdict.

The defaults were set on real photographs: field photographs from phones (4000 x 1846), leaf
photographs (224 x 224) and small web photographs (400 x 533).
"""

import hashlib
from typing import Annotated

from pydantic import Field

from farmy_assets.catalog.records import Record

MEASURES_VERSION = 1  # raise it whenever a measure or a fingerprint gives other numbers than before
PILLOW_MAX_PIXELS = 178_956_970  # Pillow refuses larger pictures whatever a policy says

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class CleansingPolicy(Record):
    """When an image is refused, held for a person, or taken for a copy of another one."""

    max_pixels: Annotated[int, Field(ge=1, le=PILLOW_MAX_PIXELS)] = 100_000_000
    """Width times height that the file may declare; read before anything is decoded."""

    min_short_side_px: Annotated[int, Field(ge=1)] = 160
    """Below this an annotator cannot tell the classes apart; leaf crops of 224 px still pass."""

    dark_below_p99: Share = 0.32
    """Too dark: the 99th percentile of brightness (0 black, 1 white) is lower than this."""

    bright_above_p05: Share = 0.70
    """Too bright: the 5th percentile of brightness is higher than this."""

    bright_above_clipped_share: Share = 0.60
    """Too bright: a larger share of the pixels than this is burnt out to white."""

    blurry_below_sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.8
    """Blurry: the sharpest parts lose less than this factor of fine detail when blurred again."""

    near_duplicate_max_distance_bits: Annotated[int, Field(ge=0, le=64)] = 6
    """Near duplicates: pHash and dHash (64 bits each) both differ in no more bits than this."""

    max_long_side_px: Annotated[int, Field(ge=64, le=16_384)] = 2048
    """The long side of the normalised copy; smaller images keep their size."""

    jpeg_quality: Annotated[int, Field(ge=1, le=95)] = 92
    """Quality of the normalised copy's JPEG."""

    @property
    def rule_version(self) -> str:
        """Names measures and thresholds; differs whenever a verdict could differ."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{MEASURES_VERSION}.{digest[:8]}"
