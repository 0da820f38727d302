"""The image work of a batch: bytes from the raw zone, through a Daft plan, to the lake.

Daft itself reads the objects, next to the workers that decode; nothing here distributes. The copies
are written from here, as they come.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import daft
from daft.io import IOConfig, S3Config

from farmy_assets.cleansing.checks import missing_from_raw
from farmy_assets.cleansing.cleansed_set import Examined, KeptImage
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.execution.engines import use_engine
from farmy_assets.execution.plan import image_work, in_portions
from farmy_assets.execution.work_order import WorkOrder
from farmy_assets.lake import keys
from farmy_assets.lake.connection import THREADS, credentials_of
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.settings import LakeSettings

NO_COPIES: Mapping[str, KeptImage] = MappingProxyType({})
_UPLOADS_IN_HAND = 4 * THREADS


class ExpectedContent(NamedTuple):
    """What an image's metadata state; unknown for an image without metadata."""

    sha256: str | None
    name: str | None


@dataclass(frozen=True)
class ImageWork:
    """Checks and copies of a batch's images."""

    settings: LakeSettings
    raw: Bucket
    cleansed: Bucket

    @classmethod
    def of(cls, lake: Lake) -> Self:
        """From a lake's raw zone to its cleansed bucket."""
        return cls(lake.settings, lake.raw, lake.cleansed)

    def examine(
        self,
        promised: Mapping[str, ExpectedContent],
        *,
        policy: CleansingPolicy,
        ray_address: str = "",
        copies_there: Mapping[str, KeptImage] = NO_COPIES,
    ) -> list[Examined]:
        """Check these images, and put the normalised copies where annotators can see them.

        Args:
            promised: Image id to what its metadata tell.
            policy: The thresholds, and the size of the copies.
            ray_address: A Ray cluster to work on; empty for this machine.
            copies_there: Images whose copy is there and stays as it is: others rely on it.

        Returns:
            One for each image, sorted by image id.

        Raises:
            LakeUnavailableError: An object that is there could not be read, or a copy not written.
            InvalidInputError: There is no Ray cluster at the address.
        """
        if not promised:  # of a plan without rows Daft cannot tell the columns' types
            return []
        use_engine(ray_address)
        worked = image_work(self._fetched(promised), WorkOrder(policy=policy, copies=True))
        examined: list[Examined] = []
        uploads: list[Future[None]] = []
        with ThreadPoolExecutor(THREADS) as pool:
            for row in worked.iter_rows():
                examined.append(_examined(row, copies_there))
                if row["copy_content"] is not None and row["image_id"] not in copies_there:
                    if len(uploads) >= _UPLOADS_IN_HAND:  # keeps no more copies in memory than that
                        uploads.pop(0).result()
                    uploads.append(pool.submit(self._upload, row["image_id"], row["copy_content"]))
            for upload in uploads:
                upload.result()
        examined.sort(key=lambda image: image.quality.image_id)
        self._make_sure_they_are_missing(examined)
        return examined

    def _upload(self, image_id: str, content: bytes) -> None:
        self.cleansed.put(keys.cleansed_image(image_id), content, media_type="image/jpeg")

    def _fetched(self, promised: Mapping[str, ExpectedContent]) -> daft.DataFrame:
        image_ids = sorted(promised)
        named = daft.from_pydict(
            {
                "image_id": image_ids,
                "name": [promised[image_id].name for image_id in image_ids],
                "promised_sha256": [promised[image_id].sha256 for image_id in image_ids],
                "url": [f"s3://{self.raw.name}/{keys.raw_image(i)}" for i in image_ids],
            }
        )
        content = daft.col("url").download(
            on_error="null", max_connections=THREADS, io_config=self._io_config()
        )
        return in_portions(named, len(image_ids)).with_column("content", content)

    def _io_config(self) -> IOConfig:
        credentials = credentials_of(self.settings)
        return IOConfig(
            s3=S3Config(
                region_name=self.settings.region_name,
                endpoint_url=self.settings.endpoint_url,
                key_id=credentials.access_key if credentials else None,
                access_key=credentials.secret_key if credentials else None,
                session_token=credentials.token if credentials else None,
                force_virtual_addressing=False,
                # The limits of our own clients: by default Daft retries for many minutes, and
                # the run would hang as long after the lake has gone away.
                num_tries=4,
                retry_initial_backoff_ms=300,
                connect_timeout_ms=3_000,
                read_timeout_ms=60_000,
            )
        )

    def _make_sure_they_are_missing(self, examined: Sequence[Examined]) -> None:
        """Daft tells a failed read and a missing object apart no more than we let it: so look."""
        for quality, _, _ in examined:
            if quality.reasons != (missing_from_raw.CHECK.name,):
                continue
            if self.raw.size_bytes(keys.raw_image(quality.image_id)) is not None:
                msg = f"image {quality.image_id} is in the raw zone, but was not read; try again"
                raise LakeUnavailableError(msg)


def _examined(row: Mapping[str, Any], copies_there: Mapping[str, KeptImage]) -> Examined:
    quality = ImageQuality.model_validate_json(row["quality"])
    if row["copy_sha256"] is None:
        return Examined(quality, None, None)
    if there := copies_there.get(quality.image_id):
        return Examined(quality, there, row["thumbnail"])
    copy = {
        "image_id": quality.image_id,
        "sha256": row["copy_sha256"],
        "width_px": row["copy_width_px"],
        "height_px": row["copy_height_px"],
    }
    return Examined(quality, KeptImage.model_validate(copy), row["thumbnail"])
