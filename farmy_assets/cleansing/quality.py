"""The verdict on one image's own bytes, with everything that it rests on."""

from typing import Annotated

from PIL import Image
from pydantic import Field, StringConstraints

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing import fingerprints
from farmy_assets.cleansing.check_kinds import ReadFile
from farmy_assets.cleansing.checks import content_changed, file_checks, missing_from_raw, too_costly
from farmy_assets.cleansing.decoding import Decoded, Undecodable, decode
from farmy_assets.cleansing.fidelity import kept_quality
from farmy_assets.cleansing.file_formats import FileFormat
from farmy_assets.cleansing.judging import judge, status_of
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.previews import THUMBNAIL_PX
from farmy_assets.cleansing.readings import Readings, measure, working_long_side_px
from farmy_assets.cleansing.verdicts import CheckName, CheckResult, Status, Verdict
from farmy_assets.cleansing.views import Views, views_of

Hash64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
SidePx = Annotated[int, Field(ge=1)]


class ImageQuality(Record):
    """What was measured and what follows; all that comes from pixels is None without a picture."""

    image_id: str
    sha256: Sha256 | None
    """Of the bytes that were looked at; None when there were none."""
    status: Status
    checks: tuple[CheckResult, ...]
    """In the order of the checks' list; without a picture only the one that failed."""
    detail: str = ""
    """What exactly is wrong with the bytes."""
    file_format: FileFormat | None = None
    mode: str | None = None
    width_px: SidePx | None = None
    height_px: SidePx | None = None
    pixel_hash: Sha256 | None = None
    phash: Hash64 | None = None
    dhash: Hash64 | None = None
    turned: str | None = None
    small_picture: str | None = None
    """What cut and framed copies are found by; None also in what was stored before they were."""
    small_picture_within_border: str | None = None
    kept_quality: Annotated[int, Field(ge=1, le=100)] | None = None
    is_camera_named: bool | None = None
    rule_version: str

    @property
    def reasons(self) -> tuple[CheckName, ...]:
        """The checks that failed."""
        return tuple(result.check for result in self.checks if result.verdict is Verdict.FAIL)

    @property
    def warnings(self) -> tuple[CheckName, ...]:
        """The checks that warn."""
        return tuple(result.check for result in self.checks if result.verdict is Verdict.WARN)

    def value_of(self, check: str) -> float | None:
        """What a check measured; None when it was not reached, or measures nothing."""
        return next((result.value for result in self.checks if result.check == check), None)


def assess(
    image_id: str,
    content: bytes | None,
    *,
    policy: CleansingPolicy,
    promised_sha256: str | None = None,
    name: str | None = None,
) -> ImageQuality:
    """Judges one image by its bytes, whatever these are.

    Args:
        image_id: Copied into the verdict.
        content: The whole file; None when the raw zone does not have it.
        policy: The thresholds.
        promised_sha256: What the metadata said of the content at its arrival.
        name: The file's name as it came, for its extension.

    Raises:
        MemoryError: Nothing else, and this only of the process's own limit.
    """
    return examine(image_id, content, policy=policy, promised_sha256=promised_sha256, name=name)[0]


def examine(
    image_id: str,
    content: bytes | None,
    *,
    policy: CleansingPolicy,
    promised_sha256: str | None = None,
    name: str | None = None,
) -> tuple[ImageQuality, Image.Image | None]:
    """The same as `assess`, with a picture that is enough for a thumbnail; None without one."""
    if content is None:
        return rejected(image_id, None, Undecodable(missing_from_raw.CHECK.name, ""), policy), None
    if len(content) > policy.max_bytes:
        too_large = Undecodable(
            too_costly.CHECK.name, f"a file of more than {policy.max_file_mb} MB"
        )
        return rejected(image_id, None, too_large, policy), None
    sha256 = fingerprints.content_sha256(content)
    if promised_sha256 is not None and promised_sha256 != sha256:
        return rejected(image_id, sha256, Undecodable(content_changed.CHECK.name, ""), policy), None
    decoded = decode(content, policy=policy, enough_px=working_long_side_px)
    if isinstance(decoded, Undecodable):
        return rejected(image_id, sha256, decoded, policy), None
    views = views_of(decoded.image)
    quality = _measured(image_id, sha256, content, decoded, views, name=name, policy=policy)
    # Reduced already: making a thumbnail of the whole would take three times as long.
    is_enough = max(views.coarse.size) >= THUMBNAIL_PX
    return quality, views.coarse if is_enough else decoded.image


def rejected(
    image_id: str, sha256: str | None, why: Undecodable, policy: CleansingPolicy
) -> ImageQuality:
    """The verdict on an image of which there is no picture.

    Args:
        image_id: Copied into the verdict.
        sha256: Of the bytes, where there were any.
        why: The check that failed.
        policy: Names the rules.
    """
    result = CheckResult(
        check=why.check, value=why.value, threshold=why.threshold, verdict=Verdict.FAIL
    )
    return ImageQuality(
        image_id=image_id,
        sha256=sha256,
        status=Status.REJECTED,
        checks=(result,),
        detail=why.detail,
        rule_version=policy.rule_version,
    )


def _measured(
    image_id: str,
    sha256: str,
    content: bytes,
    decoded: Decoded,
    views: Views,
    *,
    name: str | None,
    policy: CleansingPolicy,
) -> ImageQuality:
    size = (decoded.width_px, decoded.height_px)
    of_file = [check.look(ReadFile(decoded, name)) for check in file_checks()]
    measured = measure(Readings(views, *size))
    checks = (*of_file, *judge(measured, policy=policy))
    hashes, small = fingerprints.perceptual_hashes(views), fingerprints.small_picture(views)
    return ImageQuality(
        image_id=image_id,
        sha256=sha256,
        status=status_of(checks),
        checks=checks,
        detail=decoded.damage.detail if decoded.damage else "",
        file_format=decoded.file_format,
        mode=decoded.mode,
        width_px=size[0],
        height_px=size[1],
        pixel_hash=fingerprints.pixel_hash(views, width_px=size[0], height_px=size[1]),
        phash=fingerprints.hash_text(hashes[0].phash),
        dhash=fingerprints.hash_text(hashes[0].dhash),
        turned=fingerprints.turned_text(hashes),
        small_picture=small.whole,
        small_picture_within_border=small.within_border,
        kept_quality=kept_quality(content, decoded, views.levels, policy=policy),
        is_camera_named=decoded.stored.is_camera_named,
        rule_version=policy.rule_version,
    )
