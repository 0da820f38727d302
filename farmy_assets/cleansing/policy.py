"""The thresholds of cleansing, in one value that is recorded with every verdict.

How the defaults were found, on which photographs, and what they cost in false alarms:
docs/calibration.md. A policy file changes some of them, for all photographs or for one source:

    default:
      blurry: {warn: 4.0, fail: 2.5}
    by_source:
      scraper:
        screenshot: {fail: 0.5}
        too_small: {warn: 480, fail: 320}
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from farmy_assets.catalog.metadata import Source
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.checks import FAILS_ABOVE, MEASURED, Check
from farmy_assets.errors import InvalidInputError

MEASURES_VERSION = 6  # raise it whenever a measure or a fingerprint gives other numbers than before
PILLOW_MAX_PIXELS = 178_956_970  # Pillow refuses larger pictures whatever a policy says

Threshold = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Limit(Record):
    """From where on a check warns and fails; None: never."""

    warn: Threshold | None = None
    fail: Threshold | None = None


class CleansingPolicy(Record):
    """When an image is refused, held for a person, or taken for a copy of another one."""

    too_small: Limit = Limit(warn=224, fail=160)
    """The short side in pixels: below, an annotator cannot tell the classes apart."""
    odd_aspect_ratio: Limit = Limit(warn=0.42, fail=0.4)
    """The short side divided by the long one."""
    dark: Limit = Limit(warn=0.4, fail=0.32)
    """The 95th percentile of brightness, 0 (black) to 1 (white)."""
    bright: Limit = Limit(warn=0.6, fail=0.7)
    """The 5th percentile of brightness, 0 (black) to 1 (white)."""
    clipped: Limit = Limit(warn=0.3, fail=0.45)
    """The share of pixels that are burnt out to white or have sunk to black."""
    blurry: Limit = Limit(warn=2.7, fail=2.4)
    """The sharpness of the sharpest parts."""
    low_information: Limit = Limit(warn=4.0, fail=3.0)
    """The entropy of the brightness, in bits."""
    low_contrast: Limit = Limit(warn=0.15, fail=0.08)
    """The distance of the 95th from the 5th percentile of brightness."""
    no_colour: Limit = Limit(warn=0.04, fail=0.02)
    """The colourfulness of the most colourful parts."""
    screenshot: Limit = Limit(warn=0.7, fail=0.85)
    """How much the picture looks drawn rather than photographed, 0 to 1."""
    little_vegetation: Limit = Limit(warn=0.02)
    """The share of the picture that is green plants; a hint only."""

    max_pixels: Annotated[int, Field(ge=1, le=PILLOW_MAX_PIXELS)] = 100_000_000
    """Width times height that the file may declare; read before anything is decoded."""
    max_file_mb: Annotated[int, Field(ge=1, le=2000)] = 200
    """Larger files are not looked into."""
    near_duplicate_max_distance_bits: Annotated[int, Field(ge=0, le=16)] = 6
    """Near duplicates: pHash and dHash (64 bits each) both differ in no more bits than this."""
    max_long_side_px: Annotated[int, Field(ge=64, le=16_384)] = 2048
    """The long side of the normalised copy; smaller images keep their size."""
    jpeg_quality: Annotated[int, Field(ge=1, le=95)] = 92
    """Quality of the normalised copy's JPEG."""
    seconds_per_image: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Decoding and checking one image may take so long."""
    memory_mb_per_worker: Annotated[int, Field(ge=256, le=65_536)] = 2048
    """A process that decodes images may hold so much memory."""

    @property
    def max_bytes(self) -> int:
        """`max_file_mb` in bytes."""
        return self.max_file_mb * 1_000_000

    @model_validator(mode="after")
    def _warns_before_it_fails(self) -> "CleansingPolicy":
        for check in MEASURED:
            limit = self.limit(check)
            if limit.warn is None or limit.fail is None:
                continue
            too_late = limit.warn > limit.fail if check in FAILS_ABOVE else limit.warn < limit.fail
            if too_late:
                msg = f"{check.value}: warn {limit.warn:g} lies beyond fail {limit.fail:g}"
                raise ValueError(msg)
        return self

    def limit(self, check: Check) -> Limit:
        """The limit of a measured check."""
        limit: Limit = getattr(self, check.value)
        return limit

    @cached_property
    def rule_version(self) -> str:
        """Names measures and thresholds; differs whenever a verdict could differ."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{MEASURES_VERSION}.{digest[:8]}"


class CleansingPolicies(Record):
    """The policy for all photographs, and a policy for each source that has its own."""

    default: CleansingPolicy = CleansingPolicy()
    by_source: dict[Source, CleansingPolicy] = Field(default_factory=dict)

    def for_source(self, source: Source | None) -> CleansingPolicy:
        """The thresholds for photographs of a source."""
        return self.by_source.get(source, self.default) if source else self.default


def parse_policy(text: str) -> CleansingPolicies:
    """The policies that a YAML file describes; what it does not name keeps its default.

    Raises:
        InvalidInputError: The file is no policy; the text names every problem and its place.
    """
    import yaml  # noqa: PLC0415 - most processes that need a policy are given it as JSON

    try:
        document = yaml.safe_load(text) or {}
    except (yaml.YAMLError, RecursionError) as error:
        msg = f"the policy file is not readable YAML: {' '.join(str(error).split())}"
        raise InvalidInputError(msg) from error
    if not isinstance(document, dict) or not set(document) <= {"default", "by_source"}:
        msg = "the policy file may hold `default:` and `by_source:`, and nothing else"
        raise InvalidInputError(msg)
    general, special = _mapping(document.get("default")), _mapping(document.get("by_source"))
    try:
        return CleansingPolicies.model_validate(
            {
                "default": general,
                "by_source": {
                    source: _laid_over(general, _mapping(changes))
                    for source, changes in special.items()
                },
            }
        )
    except ValidationError as error:
        lines = [
            f"  {'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
            for detail in error.errors(
                include_url=False, include_context=False, include_input=False
            )
        ]
        msg = "the policy file is not valid:\n" + "\n".join(lines)
        raise InvalidInputError(msg) from error


def _mapping(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f"the policy file has {str(value)[:40]!r} where it needs names with values"
        raise InvalidInputError(msg)
    return value


def _laid_over(general: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A limit that is changed for a source keeps what the file does not name of it."""
    return {
        name: {**general[name], **value}
        if isinstance(value, dict) and isinstance(general.get(name), dict)
        else value
        for name, value in {**general, **changes}.items()
    }
