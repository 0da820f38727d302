"""The verdict on one image's own bytes, with everything that it rests on."""

from typing import Annotated

from pydantic import Field, StringConstraints

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing import fingerprints, measures
from farmy_assets.cleansing.decoding import Decoded, decode
from farmy_assets.cleansing.policy import CleansingPolicy, Share
from farmy_assets.cleansing.verdicts import Reason, Status, status_for

Hash64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
SidePx = Annotated[int, Field(ge=1)]


class ImageQuality(Record):
    """What was measured and what follows; all that comes from pixels is None without a picture."""

    image_id: str
    sha256: Sha256 | None
    """Of the bytes that were looked at; None when there were none."""
    status: Status
    reasons: tuple[Reason, ...]
    """In the order of `Reason`; empty when the image is fit."""
    width_px: SidePx | None = None
    height_px: SidePx | None = None
    brightness_p05: Share | None = None
    brightness_p50: Share | None = None
    brightness_p99: Share | None = None
    clipped_share: Share | None = None
    sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    pixel_hash: Sha256 | None = None
    phash: Hash64 | None = None
    dhash: Hash64 | None = None
    rule_version: str


def assess(
    image_id: str,
    content: bytes | None,
    *,
    policy: CleansingPolicy,
    promised_sha256: str | None = None,
) -> ImageQuality:
    """Judges one image by its bytes; never raises, whatever the bytes are.

    Args:
        image_id: Copied into the verdict.
        content: The whole file; None when the raw zone does not have it.
        policy: The thresholds.
        promised_sha256: What the metadata said of the content at its arrival.
    """
    if content is None:
        return _rejected(image_id, None, Reason.MISSING_FROM_RAW, policy)
    sha256 = fingerprints.content_sha256(content)
    if promised_sha256 is not None and promised_sha256 != sha256:
        return _rejected(image_id, sha256, Reason.CONTENT_CHANGED, policy)
    decoded = decode(content, policy=policy, enough_px=measures.ENOUGH_LONG_SIDE_PX)
    if isinstance(decoded, Reason):
        return _rejected(image_id, sha256, decoded, policy)
    return _measured(image_id, sha256, decoded, policy)


def _rejected(
    image_id: str, sha256: str | None, reason: Reason, policy: CleansingPolicy
) -> ImageQuality:
    return ImageQuality(
        image_id=image_id,
        sha256=sha256,
        status=Status.REJECTED,
        reasons=(reason,),
        rule_version=policy.rule_version,
    )


def _measured(
    image_id: str, sha256: str, decoded: Decoded, policy: CleansingPolicy
) -> ImageQuality:
    grey = decoded.image.convert("L")
    p05, p50, p99 = (measures.brightness_percentile(grey, percent) for percent in (5, 50, 99))
    clipped = measures.clipped_share(grey)
    small = measures.at_small_scale(grey)
    sharpness = measures.sharpness(small)
    findings = {
        Reason.TOO_SMALL: min(decoded.width_px, decoded.height_px) < policy.min_short_side_px,
        Reason.TOO_DARK: p99 < policy.dark_below_p99,
        Reason.TOO_BRIGHT: p05 > policy.bright_above_p05
        or clipped > policy.bright_above_clipped_share,
        Reason.BLURRY: sharpness < policy.blurry_below_sharpness,
    }
    reasons = tuple(reason for reason, found in findings.items() if found)
    return ImageQuality(
        image_id=image_id,
        sha256=sha256,
        status=status_for(reasons),
        reasons=reasons,
        width_px=decoded.width_px,
        height_px=decoded.height_px,
        brightness_p05=p05,
        brightness_p50=p50,
        brightness_p99=p99,
        clipped_share=clipped,
        sharpness=sharpness,
        pixel_hash=fingerprints.pixel_hash(decoded),
        phash=fingerprints.hash_text(fingerprints.perceptual_hash(small)),
        dhash=fingerprints.hash_text(fingerprints.difference_hash(small)),
        rule_version=policy.rule_version,
    )
