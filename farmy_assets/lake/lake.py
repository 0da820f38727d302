"""The lake as one value: its doors, connected."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from farmy_assets.annotation.tasks import CONNECTION_KEY
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.lake import keys
from farmy_assets.lake.batches import BatchRepository
from farmy_assets.lake.campaigns import CampaignRepository
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.connection import dynamodb_client, query_client, s3_client
from farmy_assets.lake.contributors import ContributorRepository
from farmy_assets.lake.corrections import Corrections
from farmy_assets.lake.datasets import DatasetRepository
from farmy_assets.lake.duplicate_index import DuplicateIndexRepository
from farmy_assets.lake.ledger import Ledger
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.pending_work import PendingWorkRepository
from farmy_assets.lake.quality_tables import QualityTables
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.lake.triage import TriageRepository

if TYPE_CHECKING:
    import pandas as pd

    from farmy_assets.query.athena import AthenaEngine
    from farmy_assets.query.engine import LocalEngine
    from farmy_assets.query.glue_tables import GlueTables
    from farmy_assets.query.similar_images import SimilarImages
    from farmy_assets.query.snapshots import Taken
    from farmy_assets.query.table_sources import TableSource


@dataclass(frozen=True)
class Lake:
    """Everything the platform keeps; nothing outside this room knows how."""

    settings: LakeSettings
    raw: Bucket
    cleansed: Bucket
    exports: Bucket
    records: RecordStore
    catalog: CatalogTable

    @classmethod
    def connect(cls, settings: LakeSettings | None = None) -> "Lake":
        """Clients for all parts; nothing is asked of a server yet.

        Without settings, those of the environment.

        Raises:
            InvalidInputError: A setting is missing.
        """
        settings = settings or LakeSettings.from_environment(os.environ)
        s3 = s3_client(settings)
        return cls(
            settings=settings,
            raw=Bucket(s3, settings.raw_bucket),
            cleansed=Bucket(s3, settings.cleansed_bucket),
            exports=Bucket(s3, settings.datasets_bucket),
            records=RecordStore(Bucket(s3, settings.records_bucket)),
            catalog=CatalogTable(dynamodb_client(settings), settings.catalog_table),
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Lake":
        """The lake that the environment's settings name.

        Raises:
            InvalidInputError: A setting is missing.
        """
        return cls.connect(LakeSettings.from_environment(environment))

    def web_address(self, bucket: Bucket, key: str) -> str:
        """Where a person opens an object in a browser: AWS's console, or the local server."""
        settings = self.settings
        if settings.endpoint_url:
            return f"{settings.endpoint_url}/{bucket.name}/{key}"
        console = f"https://{settings.region_name}.console.aws.amazon.com/s3/object/{bucket.name}"
        return f"{console}?region={settings.region_name}&prefix={quote(key)}"

    @property
    def ingestion(self) -> RawZone:
        """The way in."""
        return RawZone(self.raw)

    @property
    def contributors(self) -> ContributorRepository:
        """Who may upload."""
        return ContributorRepository(self.records)

    @property
    def corrections(self) -> Corrections:
        """What stands for each image."""
        return Corrections(self.raw)

    @property
    def batches(self) -> BatchRepository:
        """The sealed batches."""
        return BatchRepository(self.records, self.catalog)

    @property
    def quality(self) -> QualityTables:
        """What the checks found."""
        return QualityTables(self.records.bucket)

    @property
    def duplicates(self) -> DuplicateIndexRepository:
        """The fingerprints of everything that was kept."""
        return DuplicateIndexRepository(self.records)

    @property
    def campaigns(self) -> CampaignRepository:
        """The rules of annotation."""
        return CampaignRepository(self.records)

    @property
    def pending(self) -> PendingWorkRepository:
        """What tasks do not follow yet."""
        return PendingWorkRepository(self.records)

    @property
    def ledger(self) -> Ledger:
        """Who was asked what, and what came back."""
        return Ledger(self.records)

    @property
    def triage(self) -> TriageRepository:
        """Which flagged images people were asked about, and what they said."""
        return TriageRepository(self.records)

    @property
    def datasets(self) -> DatasetRepository:
        """The data set versions."""
        return DatasetRepository(self.records, self.exports, self.cleansed)

    def query(self, sql: str) -> "pd.DataFrame":
        """The answer to a question in Athena's SQL over the snapshots' tables.

        Raises:
            InvalidInputError: The query is not allowed, is wrong, or takes too much.
        """
        frame: pd.DataFrame = self.query_engine.query(sql).to_pandas()
        return frame

    def images(self, *, limit: int = 100, **wanted: str) -> "pd.DataFrame":
        """Images with what the checks found, the newest first.

            Lake.connect().images(crop="tomato", verdict="pass", limit=100)

        Args:
            limit: How many at most.
            **wanted: Column of `images` or `image_checks` to the value that it must have, or a
                question such as `check="blurry<2"`; `query/search_filters.py` has them all.

        Raises:
            InvalidInputError: There is no such column or question, or its value makes no sense.
        """
        from farmy_assets.query.search_filters import images_sql  # noqa: PLC0415 - as below

        return self.query(images_sql(wanted, limit=limit))

    def refresh(self, feed: "TableSource", *, full: bool = False) -> "Taken":
        """A table brought up to date where people query it: its snapshot, and Glue's if told.

        Raises:
            LakeUnavailableError: Others changed the table each time that it was tried.
        """
        from farmy_assets.query.snapshots import SnapshotRepository  # noqa: PLC0415 - brings Arrow

        taken = SnapshotRepository(self.records).take(feed, full=full)
        if glue := self.glue_tables:
            glue.register(feed.table, taken.manifest)
        return taken

    @cached_property
    def similar_images(self) -> "SimilarImages":
        """The search by a photograph."""
        from farmy_assets.query.similar_images import SimilarImages  # noqa: PLC0415 - brings Daft

        return SimilarImages(self.duplicates)

    @property
    def glue_tables(self) -> "GlueTables | None":
        """Where Athena finds the tables; None where no Glue database is told."""
        from farmy_assets.query.glue_tables import GlueTables  # noqa: PLC0415 - brings Arrow

        database = self.settings.glue_database
        if not database:
            return None
        return GlueTables(query_client(self.settings, "glue"), database, self.records.bucket)

    @property
    def query_engine(self) -> "LocalEngine | AthenaEngine":
        """What answers SQL: Athena where a workgroup is told, else this machine."""
        if self.settings.athena_workgroup:
            from farmy_assets.query.athena import AthenaEngine  # noqa: PLC0415 - brings Arrow

            client = query_client(self.settings, "athena")
            database = self.settings.glue_database or ""
            return AthenaEngine(client, self.settings.athena_workgroup, database)
        from farmy_assets.query.engine import LocalEngine  # noqa: PLC0415 - brings DuckDB
        from farmy_assets.query.snapshots import SnapshotRepository  # noqa: PLC0415

        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return LocalEngine(SnapshotRepository(self.records), home / "farmy" / "lake")

    def mark_cleansed_bucket(self) -> None:
        """Put there what Label Studio looks for when it is connected to this bucket."""
        self.cleansed.put_once(CONNECTION_KEY, b"{}")

    def kept_images(self, campaign: str) -> dict[str, KeptImage]:
        """All images that a campaign's batches kept, by id."""
        sets = self.records.read_all(keys.CLEANSED_SETS, CleansedSet)
        return {i.image_id: i for s in sets if s.campaign == campaign for i in s.kept}
