"""The checks' results of each batch, as a Parquet table: one row an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket


@dataclass(frozen=True)
class QualityTables:
    """The tables of all batches."""

    bucket: Bucket

    def write(self, batch_id: str, qualities: Sequence[ImageQuality]) -> str:
        """Write a batch's table; returns its s3:// address."""
        frame = as_table(qualities)
        buffer = BytesIO()
        frame.to_parquet(buffer, index=False)
        key = keys.quality(batch_id)
        self.bucket.put(key, buffer.getvalue(), media_type="application/vnd.apache.parquet")
        return f"s3://{self.bucket.name}/{key}"

    def read(self, batch_id: str) -> list[ImageQuality]:
        """A batch's results.

        Raises:
            ObjectMissingError: The batch has not been looked at yet.
        """
        import pandas as pd  # noqa: PLC0415 - takes a second, which only this needs

        frame = pd.read_parquet(BytesIO(self.bucket.get(keys.quality(batch_id))))
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return [
            ImageQuality.model_validate({**row, "reasons": tuple(row["reasons"])}) for row in rows
        ]


def as_table(qualities: Sequence[ImageQuality]) -> "pd.DataFrame":
    """The results as a table, sorted by image id; `reasons` is a list of texts."""
    import pandas as pd  # noqa: PLC0415 - as above

    rows = [quality.model_dump(mode="json") for quality in qualities]
    frame = pd.DataFrame(rows, columns=list(ImageQuality.model_fields))
    whole = {"width_px": "Int64", "height_px": "Int64"}
    return frame.astype(whole).sort_values("image_id", ignore_index=True)
