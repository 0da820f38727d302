"""The image work of a batch as Daft plans: lazy frames in, lazy frames out.

Nothing here starts, distributes or fetches anything. Whoever calls gives a frame with the columns
`image_id` and `promised_sha256` (text) and `content` (bytes, null when the object is missing), and
collects the answer. The same plan runs on this machine and on a Ray cluster.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import daft
from daft import DataType

from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.cleansing.normalise import NormalisedCopy, normalised_copy
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets.cleansing.verdicts import Reason

# One processor needs about this for each file and each of its bytes (measured). Decoding leaves
# Python's lock, so one process keeps two cores busy: 1,000 small photographs took 3.7 to 4.7 s in
# one process and 4.2 to 4.4 s in two, 40 of 12 megapixels 1.5 to 1.9 s and 2.4 to 2.6 s. Processes
# are for more cores and more work than that.
_SECONDS_PER_IMAGE = 0.006
_SECONDS_PER_BYTE = 10e-9
_WORKERS_PAY_FROM_S = 30.0

INPUT_COLUMNS = ("image_id", "promised_sha256", "content")

_QUALITY_TYPES = {
    "image_id": DataType.string(),
    "sha256": DataType.string(),
    "status": DataType.string(),
    "reasons": DataType.list(DataType.string()),
    "width_px": DataType.int64(),
    "height_px": DataType.int64(),
    "brightness_p05": DataType.float64(),
    "brightness_p50": DataType.float64(),
    "brightness_p99": DataType.float64(),
    "clipped_share": DataType.float64(),
    "sharpness": DataType.float64(),
    "pixel_hash": DataType.string(),
    "phash": DataType.string(),
    "dhash": DataType.string(),
    "rule_version": DataType.string(),
}
_COPY_TYPES = {
    "image_id": DataType.string(),
    "copy_content": DataType.binary(),
    "copy_width_px": DataType.int64(),
    "copy_height_px": DataType.int64(),
    "copy_sha256": DataType.string(),
    "copy_reason": DataType.string(),
}
# A batch travels to a worker through shared memory, of which containers often have 64 MB only.
_IMAGES_IN_HAND = 8


class RawImage(NamedTuple):
    """One row of a plan's input."""

    image_id: str
    promised_sha256: str | None
    content: bytes | None


class _ImageWork:
    """What a worker process holds: the policy, read once."""

    def __init__(self, policy_json: str) -> None:
        self._policy = CleansingPolicy.model_validate_json(policy_json)

    @daft.method.batch(
        return_dtype=DataType.struct(_QUALITY_TYPES), unnest=True, batch_size=_IMAGES_IN_HAND
    )
    def quality(
        self, image_id: daft.Series, promised_sha256: daft.Series, content: daft.Series
    ) -> list[dict[str, Any]]:
        rows = _rows(image_id, promised_sha256, content)
        return [verdict.model_dump(mode="json") for verdict in assess_many(rows, self._policy)]

    @daft.method.batch(
        return_dtype=DataType.struct(_COPY_TYPES), unnest=True, batch_size=_IMAGES_IN_HAND
    )
    def copy(
        self, image_id: daft.Series, promised_sha256: daft.Series, content: daft.Series
    ) -> list[dict[str, Any]]:
        rows = _rows(image_id, promised_sha256, content)
        return [_copy_row(row, self._policy) for row in rows]


def assess_many(images: Iterable[RawImage], policy: CleansingPolicy) -> Iterator[ImageQuality]:
    """The verdicts on some images, one after the other, in this process."""
    for image in images:
        yield assess(
            image.image_id, image.content, policy=policy, promised_sha256=image.promised_sha256
        )


def worth_workers(image_count: int, *, total_bytes: int) -> bool:
    """Whether so many images repay the start of worker processes.

    They do from about 5,000 small web photographs, or 800 phone photographs of 3 MB.
    """
    alone_s = image_count * _SECONDS_PER_IMAGE + total_bytes * _SECONDS_PER_BYTE
    return alone_s > _WORKERS_PAY_FROM_S


def quality_frame(
    images: daft.DataFrame, *, policy: CleansingPolicy, workers: int
) -> daft.DataFrame:
    """A plan for the verdicts: one row an image, the columns of `ImageQuality`, in any order.

    Args:
        images: The input columns named above; others are left behind.
        policy: The thresholds.
        workers: Processes to spread the images over; 0 works in the process that runs the plan.
    """
    return _planned(images, _ImageWork.quality, policy=policy, workers=workers)


def quality_records(frame: daft.DataFrame) -> list[ImageQuality]:
    """Runs the plan; the verdicts, sorted by image id."""
    rows = sorted(frame.to_pylist(), key=lambda row: str(row["image_id"]))
    return [ImageQuality.model_validate({**row, "reasons": tuple(row["reasons"])}) for row in rows]


def copies_frame(
    images: daft.DataFrame, *, policy: CleansingPolicy, workers: int
) -> daft.DataFrame:
    """A plan for the normalised copies: one row an image, in any order.

    Columns: `image_id`, `copy_content`, `copy_width_px`, `copy_height_px`, `copy_sha256`, and
    `copy_reason`, which is null when there is a copy and else says why there is none.

    Args:
        images: The input columns named above; others are left behind.
        policy: Size and quality of the copies.
        workers: Processes to spread the images over; 0 works in the process that runs the plan.
    """
    return _planned(images, _ImageWork.copy, policy=policy, workers=workers)


def _planned(
    images: daft.DataFrame, work: Callable[..., Any], *, policy: CleansingPolicy, workers: int
) -> daft.DataFrame:
    # Naming a concurrency makes Daft start processes even where none were asked for.
    placed = (
        daft.cls(_ImageWork, use_process=True, max_concurrency=workers)
        if workers
        else daft.cls(_ImageWork, use_process=False)
    )
    method = getattr(placed(policy.model_dump_json()), work.__name__)
    return images.select(method(*(daft.col(name) for name in INPUT_COLUMNS)))


def _rows(
    image_id: daft.Series, promised_sha256: daft.Series, content: daft.Series
) -> Iterator[RawImage]:
    columns = (series.to_pylist() for series in (image_id, promised_sha256, content))
    return (RawImage(*row) for row in zip(*columns, strict=True))


def _copy_row(image: RawImage, policy: CleansingPolicy) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_COPY_TYPES)
    row["image_id"] = image.image_id
    copy = _copy_of(image, policy)
    if isinstance(copy, Reason):
        row["copy_reason"] = copy.value
    else:
        row |= {f"copy_{name}": value for name, value in copy._asdict().items()}
    return row


def _copy_of(image: RawImage, policy: CleansingPolicy) -> NormalisedCopy | Reason:
    if image.content is None:
        return Reason.MISSING_FROM_RAW
    if image.promised_sha256 not in {None, content_sha256(image.content)}:
        return Reason.CONTENT_CHANGED
    return normalised_copy(image.content, policy=policy)
