"""The checks' results of each batch, as a Parquet table: one row an image, one column a value."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from farmy_assets.cleansing.cleansed_set import Examined, KeptImage
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket

_COPY = {"copy_sha256": "sha256", "copy_width_px": "width_px", "copy_height_px": "height_px"}


@dataclass(frozen=True)
class QualityTables:
    """The tables of all batches."""

    bucket: Bucket

    def write(self, batch_id: str, examined: Sequence[Examined]) -> str:
        """Write a batch's table; returns its s3:// address."""
        import pyarrow as pa  # noqa: PLC0415 - takes long, which only this needs
        import pyarrow.parquet as pq  # noqa: PLC0415

        from farmy_assets.cleansing.tables import quality_fields  # noqa: PLC0415

        fields = [
            pa.field("image_id", pa.string()),
            *quality_fields(),
            pa.field("copy_sha256", pa.string()),
            pa.field("copy_width_px", pa.int64()),
            pa.field("copy_height_px", pa.int64()),
            pa.field("thumbnail", pa.binary()),
        ]
        rows = sorted(map(_row, examined), key=lambda row: str(row["image_id"]))
        buffer = BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), buffer)
        key = keys.quality(batch_id)
        self.bucket.put(key, buffer.getvalue(), media_type="application/vnd.apache.parquet")
        return f"s3://{self.bucket.name}/{key}"

    def read(self, batch_id: str) -> list[Examined]:
        """A batch's results, sorted by image id.

        Raises:
            ObjectMissingError: The batch has not been looked at yet.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        table = pq.read_table(BytesIO(self.bucket.get(keys.quality(batch_id))))
        return [_examined(row) for row in table.to_pylist()]

    def find(self, batch_id: str, image_ids: Collection[str]) -> list[Examined]:
        """The results of those of these images that are in a batch that has been looked at."""
        import pyarrow as pa  # noqa: PLC0415 - as above
        import pyarrow.compute as pc  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        content = self.bucket.find(keys.quality(batch_id))
        if content is None:
            return []
        wanted = pc.field("image_id").isin(pa.array(sorted(image_ids), pa.string()))
        return [
            _examined(row) for row in pq.read_table(BytesIO(content), filters=wanted).to_pylist()
        ]


def _row(examined: Examined) -> dict[str, Any]:
    from farmy_assets.cleansing.tables import quality_columns  # noqa: PLC0415 - brings pyarrow

    quality, copy, thumbnail = examined
    of_copy = {column: getattr(copy, field) if copy else None for column, field in _COPY.items()}
    named = {"image_id": quality.image_id, "thumbnail": thumbnail}
    return {**named, **quality_columns(quality), **of_copy}


def _examined(row: Mapping[str, Any]) -> Examined:
    from farmy_assets.cleansing.tables import quality_of_row  # noqa: PLC0415 - brings pyarrow

    quality = quality_of_row(row["image_id"], row)
    if row["copy_sha256"] is None:
        return Examined(quality, None, None)
    of_copy = {field: row[column] for column, field in _COPY.items()}
    copy = KeptImage.model_validate({"image_id": quality.image_id, **of_copy})
    return Examined(quality, copy, row["thumbnail"])
