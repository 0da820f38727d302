"""The image work of a batch: bytes from the raw zone, through a Daft plan, to the lake.

Daft reads the objects itself, next to the workers that decode them; nothing here distributes.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import boto3
import daft
from daft.io import IOConfig, S3Config

from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.cleansing.plan import (
    copies_frame,
    quality_frame,
    quality_records,
    worth_workers,
)
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import Reason
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.connection import THREADS
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.settings import LakeSettings

UPLOADS_IN_HAND = 4 * THREADS


class Promise(NamedTuple):
    """What an image's metadata told of its bytes; unknown for an image without metadata."""

    sha256: str | None
    size_bytes: int


@dataclass(frozen=True)
class ImageWork:
    """Checks and copies of a batch's images."""

    settings: LakeSettings
    raw: Bucket
    cleansed: Bucket

    def check(
        self, promised: Mapping[str, Promise], *, policy: CleansingPolicy, workers: int
    ) -> list[ImageQuality]:
        """The verdicts on these images, sorted by image id.

        Args:
            promised: Image id to what its metadata tells.
            policy: The thresholds.
            workers: Processes for a batch that is worth them.

        Raises:
            LakeUnavailableError: An object that is there could not be read.
        """
        frame = quality_frame(
            self._frame(promised), policy=policy, workers=_worth(promised, workers)
        )
        verdicts = quality_records(frame)
        self._make_sure_they_are_missing(
            [v.image_id for v in verdicts if v.reasons == (Reason.MISSING_FROM_RAW,)]
        )
        return verdicts

    def copy(
        self, promised: Mapping[str, Promise], *, policy: CleansingPolicy, workers: int
    ) -> tuple[list[KeptImage], dict[str, Reason]]:
        """Put the normalised copy of each image where annotators can see it.

        Returns:
            The images with a copy, sorted by image id, and the reason for each that got none.

        Raises:
            LakeUnavailableError: An object that is there could not be read, or a copy not written.
        """
        if not promised:  # of a plan without rows Daft cannot tell the columns' types
            return [], {}
        frame = copies_frame(
            self._frame(promised), policy=policy, workers=_worth(promised, workers)
        )
        kept: list[KeptImage] = []
        failed: dict[str, Reason] = {}
        uploads: list[Future[None]] = []
        with ThreadPoolExecutor(THREADS) as pool:
            for row in frame.iter_rows():
                image_id = str(row["image_id"])
                if row["copy_reason"] is not None:
                    failed[image_id] = Reason(row["copy_reason"])
                    continue
                if len(uploads) >= UPLOADS_IN_HAND:  # keeps no more copies in memory than that
                    uploads.pop(0).result()
                key = keys.cleansed_image(image_id)
                uploads.append(pool.submit(self._upload, key, row["copy_content"]))
                kept.append(
                    KeptImage(
                        image_id=image_id,
                        sha256=row["copy_sha256"],
                        width_px=row["copy_width_px"],
                        height_px=row["copy_height_px"],
                    )
                )
            for upload in uploads:
                upload.result()
        missing = [i for i, reason in failed.items() if reason is Reason.MISSING_FROM_RAW]
        self._make_sure_they_are_missing(missing)
        return sorted(kept, key=lambda image: image.image_id), failed

    def _upload(self, key: str, content: bytes) -> None:
        self.cleansed.put(key, content, media_type="image/jpeg")

    def _frame(self, promised: Mapping[str, Promise]) -> daft.DataFrame:
        image_ids = sorted(promised)
        frame = daft.from_pydict(
            {
                "image_id": image_ids,
                "promised_sha256": [promised[image_id].sha256 for image_id in image_ids],
                "url": [f"s3://{self.raw.name}/{keys.raw_image(i)}" for i in image_ids],
            }
        )
        content = daft.col("url").download(
            on_error="null", max_connections=THREADS, io_config=self._io_config()
        )
        return frame.with_column("content", content)

    def _io_config(self) -> IOConfig:
        session = boto3.Session(region_name=self.settings.region_name)
        found = session.get_credentials()
        credentials = found.get_frozen_credentials() if found else None
        return IOConfig(
            s3=S3Config(
                region_name=self.settings.region_name,
                endpoint_url=self.settings.endpoint_url,
                key_id=credentials.access_key if credentials else None,
                access_key=credentials.secret_key if credentials else None,
                session_token=credentials.token if credentials else None,
                force_virtual_addressing=False,
            )
        )

    def _make_sure_they_are_missing(self, image_ids: list[str]) -> None:
        """Daft tells a failed read and a missing object apart no more than we let it: so look."""
        for image_id in image_ids:
            if self.raw.size_bytes(keys.raw_image(image_id)) is not None:
                msg = f"image {image_id} is in the raw zone but could not be read; try again"
                raise LakeUnavailableError(msg)


def _worth(promised: Mapping[str, Promise], workers: int) -> int:
    """How many processes the images are worth; 0 keeps the work in this one."""
    total_bytes = sum(promise.size_bytes for promise in promised.values())
    return workers if worth_workers(len(promised), total_bytes=total_bytes) else 0
