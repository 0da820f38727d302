"""The tables in the Glue catalog, where Athena finds them.

A table's place is a list of the Parquet files that its manifest names, in the symlink format that
Athena reads: each generation has a list of its own, written first, and one call switches the table
over to it. So Athena, too, sees the table before or after, never between.
Source of the format: Hive's SymlinkTextInputFormat, one address a line.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from farmy_assets.errors import ObjectMissingError
from farmy_assets.lake import keys
from farmy_assets.lake.connection import translated
from farmy_assets.lake.objects import Bucket
from farmy_assets.query.snapshots import SnapshotManifest
from farmy_assets.query.tables import Table

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_HIVE_TYPES = {
    pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double",
    pa.timestamp("ms"): "timestamp", pa.list_(pa.string()): "array<string>",
}  # fmt: skip
_INPUT = "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@dataclass(frozen=True)
class GlueTables:
    """One Glue database's tables over the files of the records bucket."""

    client: "GlueClient"
    database: str
    records: Bucket

    def register(self, table: Table, manifest: SnapshotManifest) -> bool:
        """Have Glue's table consist of the manifest's files; False when it already does.

        Raises:
            LakeError: Glue refused; what is registered stays as it was.
            LakeUnavailableError: Glue does not answer; register it again later.
        """
        name = manifest.generation_of(table)
        wanted = self._described(table, name)
        found = self._found(table.name)
        if found == wanted["StorageDescriptor"]["Location"]:
            return False
        files = "".join(f"s3://{self.records.name}/{file.key}\n" for file in manifest.files)
        self.records.put(keys.snapshot_links(table.name, name) + "files.txt", files.encode(),
                         media_type="text/plain")  # fmt: skip
        with translated(f"registering the table {table.name} in Glue"):
            if found is None:
                self.client.create_table(DatabaseName=self.database, TableInput=wanted)  # type: ignore[arg-type]
            else:
                self.client.update_table(DatabaseName=self.database, TableInput=wanted)  # type: ignore[arg-type]
        return True

    def _found(self, name: str) -> str | None:
        """The table's location in Glue; None when there is no such table."""
        try:
            with translated(f"looking for the table {name} in Glue"):
                found = self.client.get_table(DatabaseName=self.database, Name=name)["Table"]
        except ObjectMissingError:
            return None
        return found["StorageDescriptor"].get("Location", "")

    def _described(self, table: Table, generation: str) -> dict[str, Any]:
        place = f"s3://{self.records.name}/{keys.snapshot_links(table.name, generation)}"
        columns = [
            {"Name": c.name, "Type": _HIVE_TYPES[c.type], "Comment": c.meaning[:255]}
            for c in table.columns
        ]
        return {
            "Name": table.name,
            "Description": table.meaning,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
            "StorageDescriptor": {
                "Columns": columns,
                "Location": place,
                "InputFormat": _INPUT,
                "OutputFormat": _OUTPUT,
                "SerdeInfo": {"SerializationLibrary": _SERDE},
            },
        }
