"""The query layer of a lake: its tables brought up to date, SQL over them, and search.

    QueryLayer(Lake.connect()).images(crop="tomato", verdict="pass", limit=100)

`table_sources` defines the rows of each table, `snapshots` how they are stored.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from farmy_assets.lake.connection import query_client
from farmy_assets.lake.lake import Lake
from farmy_assets.query.athena import AthenaEngine
from farmy_assets.query.engine import LocalEngine
from farmy_assets.query.glue_tables import GlueTables
from farmy_assets.query.search_filters import images_sql
from farmy_assets.query.snapshots import SnapshotRepository, Taken
from farmy_assets.query.table_sources import TableSource, table_sources

if TYPE_CHECKING:  # both take long to load, and most commands need neither
    import pandas as pd

    from farmy_assets.query.similar_images import SimilarImages


@dataclass(frozen=True)
class QueryLayer:
    """Answers questions about what a lake holds; nothing is asked of a server when it is made."""

    lake: Lake

    def query(self, sql: str) -> "pd.DataFrame":
        """The answer to a question in Athena's SQL over the snapshots' tables.

        Raises:
            InvalidInputError: The query is not allowed, is wrong, or takes too much.
        """
        frame: pd.DataFrame = self.engine.query(sql).to_pandas()
        return frame

    def images(self, *, limit: int = 100, **wanted: str) -> "pd.DataFrame":
        """Images with what the checks found, in each campaign that has them, the newest first.

        Args:
            limit: The largest number of rows.
            **wanted: Column of `images` or `image_checks` to the value that it must have, or a
                question such as `check="blurry<2"`; `query/search_filters.py` has them all.

        Raises:
            InvalidInputError: There is no such column or question, or its value makes no sense.
        """
        return self.query(images_sql(wanted, limit=limit))

    def refresh(self, table_source: TableSource, *, full: bool = False) -> Taken:
        """Update a table's snapshot, and its Glue table if a Glue database is configured.

        Raises:
            LakeUnavailableError: Others changed the table each time that it was tried.
        """
        taken = SnapshotRepository(self.lake.records).take(table_source, full=full)
        if glue := self.glue_tables:
            glue.register(table_source.table, taken.manifest)
        return taken

    def bring_up_to_date(
        self, tables: Iterable[str], *, crops: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Take snapshots of these tables now; returns table name to the name of its state.

        `runs` is left as it is: it is made of Dagster's own records. `crops` are as for
        `table_sources`.

        Raises:
            LakeUnavailableError: Others changed a table each time that it was tried.
        """
        made = table_sources(self.lake, crops=crops)
        return {
            name: self.refresh(made[name]).manifest.generation for name in tables if name in made
        }

    @cached_property
    def similar_images(self) -> "SimilarImages":
        """The search by a photograph."""
        from farmy_assets.query.similar_images import SimilarImages  # noqa: PLC0415 - brings Daft

        return SimilarImages(self.lake.duplicates)

    @property
    def glue_tables(self) -> GlueTables | None:
        """Where Athena finds the tables; None where no Glue database is configured."""
        settings = self.lake.settings
        if not settings.glue_database:
            return None
        client = query_client(settings, "glue")
        return GlueTables(client, settings.glue_database, self.lake.records.bucket)

    @property
    def engine(self) -> LocalEngine | AthenaEngine:
        """The SQL engine: Athena where a workgroup is configured, else DuckDB on this machine."""
        settings = self.lake.settings
        if settings.athena_workgroup:
            client = query_client(settings, "athena")
            return AthenaEngine(client, settings.athena_workgroup, settings.glue_database or "")
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return LocalEngine(SnapshotRepository(self.lake.records), home / "farmy" / "lake")
