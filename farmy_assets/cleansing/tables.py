"""Verdicts as a table: one row an image, one column a value; the same for a folder and a batch."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from farmy_assets.cleansing.checks import valued_checks
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import Verdict

_PLAIN = ("sha256", "detail", "file_format", "mode", "pixel_hash", "phash", "dhash", "turned")
_SIZES = ("width_px", "height_px")
_COPIES = {
    "small_picture": pa.string(),
    "small_picture_within_border": pa.string(),
    "kept_quality": pa.int64(),
    "is_camera_named": pa.bool_(),
}
"""What copies are found by, and distinguished from originals; earlier tables do not have it."""
_CHECK = pa.struct(
    [
        ("check", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("verdict", pa.string()),
    ]
)


def quality_fields() -> tuple[pa.Field, ...]:
    """The columns of `quality_columns`; a table's writer puts the image's name before them."""
    return (
        pa.field("status", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("warnings", pa.list_(pa.string())),
        *(pa.field(name, pa.string()) for name in _PLAIN),
        *(pa.field(name, pa.int64()) for name in _SIZES),
        *(pa.field(name, kind) for name, kind in _COPIES.items()),
        *(pa.field(check.name, pa.float64()) for check in valued_checks()),
        pa.field("checks", pa.list_(_CHECK)),
        pa.field("rule_version", pa.string()),
    )


def quality_columns(quality: ImageQuality) -> dict[str, Any]:
    """The values of one row, but for the image's name."""
    fields = quality.model_dump(mode="json")
    values = {result.check: result.value for result in quality.checks}
    behind = quality.reasons or quality.warnings  # the checks behind the verdict
    return {
        "status": fields["status"],
        "verdict": verdict_on(quality).value,
        "reasons": list(behind),
        "warnings": list(quality.warnings),
        **{name: fields[name] for name in (*_PLAIN, *_SIZES, *_COPIES)},
        **{check.name: values.get(check.name) for check in valued_checks()},
        "checks": fields["checks"],
        "rule_version": quality.rule_version,
    }


def quality_of_row(image_id: str, row: Mapping[str, Any]) -> ImageQuality:
    """The verdict that a row was made of."""
    kept = ("status", *_PLAIN, *_SIZES, "checks", "rule_version")
    copies = {name: row.get(name) for name in _COPIES}
    return ImageQuality.model_validate(
        {"image_id": image_id} | {name: row[name] for name in kept} | copies
    )


def verdict_on(quality: ImageQuality) -> Verdict:
    """The worst verdict of an image's checks."""
    if quality.reasons:
        return Verdict.FAIL
    return Verdict.WARN if quality.warnings else Verdict.PASS
