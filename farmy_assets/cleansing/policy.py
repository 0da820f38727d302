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
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from farmy_assets.catalog.metadata import Source
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.checks import (
    decompression_bomb,
    measured_checks,
    near_duplicate,
    too_costly,
)
from farmy_assets.cleansing.verdicts import Limit
from farmy_assets.errors import InvalidInputError

# Raised whenever a fingerprint, or what all checks share, gives other numbers than before; a check
# whose own measure changes raises its `version` instead.
MEASURES_VERSION = 6


class CleansingPolicy(Record):
    """When an image is refused, held for a person, or taken for a copy of another one."""

    limits: Mapping[str, Limit] = Field(default_factory=dict, validate_default=True)
    """The limits of each measured check, by its name; those not named have the check's own.

    Files and records have them beside the other settings, as in the example above.
    """

    max_pixels: Annotated[int, Field(ge=1, le=decompression_bomb.PILLOW_MAX_PIXELS)] = (
        decompression_bomb.MAX_PIXELS
    )
    """Width times height that the file may declare; read before anything is decoded."""
    max_file_mb: Annotated[int, Field(ge=1, le=2000)] = too_costly.MAX_FILE_MB
    """Larger files are not looked into."""
    near_duplicate_max_distance_bits: Annotated[int, Field(ge=0, le=16)] = (
        near_duplicate.MAX_DISTANCE_BITS
    )
    """Near duplicates: pHash and dHash (64 bits each) both differ in no more bits than this."""
    max_long_side_px: Annotated[int, Field(ge=64, le=16_384)] = 2048
    """The long side of the normalised copy; smaller images keep their size."""
    jpeg_quality: Annotated[int, Field(ge=1, le=95)] = 92
    """Quality of the normalised copy's JPEG."""
    seconds_per_image: Annotated[float, Field(gt=0, le=3600)] = too_costly.SECONDS_PER_IMAGE
    """Decoding and checking one image may take so long."""
    memory_mb_per_worker: Annotated[int, Field(ge=256, le=65_536)] = too_costly.MEMORY_MB_PER_WORKER
    """A process that decodes images may hold so much memory."""

    @property
    def max_bytes(self) -> int:
        """`max_file_mb` in bytes."""
        return self.max_file_mb * 1_000_000

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, given: object) -> object:
        """Limits that stand beside the other settings, gathered in one field."""
        if not isinstance(given, Mapping) or "limits" in given:
            return given
        known = {check.name for check in measured_checks()}
        limits = {name: limit for name, limit in given.items() if name in known}
        settings = {name: value for name, value in given.items() if name not in known}
        return {"limits": limits, **settings} if limits else settings

    @field_validator("limits")
    @classmethod
    def _of_every_check(cls, given: Mapping[str, Limit]) -> Mapping[str, Limit]:
        """All measured checks in their order, each with its own limits where none are given."""
        checks = measured_checks()
        unknown = given.keys() - {check.name for check in checks}
        if unknown:
            msg = f"{', '.join(sorted(unknown))}: no check of this name is measured"
            raise ValueError(msg)
        limits = {check.name: given.get(check.name, check.limit) for check in checks}
        for check in checks:
            limit = limits[check.name]
            if limit.warn is None or limit.fail is None:
                continue
            too_late = limit.warn > limit.fail if check.fails_above else limit.warn < limit.fail
            if too_late:
                msg = f"{check.name}: warn {limit.warn:g} lies beyond fail {limit.fail:g}"
                raise ValueError(msg)
        return limits

    @model_serializer(mode="wrap")
    def _beside_the_settings(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings = serialise(self)
        limits = settings.pop("limits", {})
        return {**limits, **settings}

    def __hash__(self) -> int:
        """Equal policies have equal rules."""
        return hash(self.rule_version)

    def limit(self, check: str) -> Limit:
        """The limits of a measured check."""
        return self.limits[check]

    @cached_property
    def rule_version(self) -> str:
        """Names measures and thresholds; differs whenever a verdict could differ."""
        text = self.model_dump_json()
        # Only those raised are included: a measure that never changed leaves the digest as it was.
        raised = {check.name: check.version for check in measured_checks() if check.version > 1}
        if raised:
            text += json.dumps(raised)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return f"{MEASURES_VERSION}.{digest[:8]}"


class CleansingPolicies(Record):
    """The policy for all photographs, and a policy for each source that has its own."""

    default: CleansingPolicy = Field(default_factory=CleansingPolicy)
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
            f"  {_place(detail['loc'])}: {detail['msg']}"
            for detail in error.errors(
                include_url=False, include_context=False, include_input=False
            )
        ]
        msg = "the policy file is not valid:\n" + "\n".join(lines)
        raise InvalidInputError(msg) from error


def _place(location: tuple[int | str, ...]) -> str:
    """Where the file has it: there limits stand beside the other settings."""
    return ".".join(str(part) for part in location if part != "limits")


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
