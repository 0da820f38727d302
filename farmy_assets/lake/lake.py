"""Access to the lake's buckets, catalog table and record repositories."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from farmy_assets.annotation.inboxes import CONNECTION_KEY
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.lake.agreements import AgreementRepository
from farmy_assets.lake.alerts import AlertRepository
from farmy_assets.lake.assignments import AssignmentRepository
from farmy_assets.lake.batches import BatchRepository
from farmy_assets.lake.campaign_pages import CampaignPageRepository
from farmy_assets.lake.campaigns import CampaignRepository
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.cleansed_sets import CleansedSetRepository
from farmy_assets.lake.connection import dynamodb_client, s3_client
from farmy_assets.lake.contributors import ContributorRepository
from farmy_assets.lake.corrections import Corrections
from farmy_assets.lake.datasets import DatasetRepository
from farmy_assets.lake.duplicate_index import DuplicateIndexRepository
from farmy_assets.lake.evaluations import EvaluationRepository
from farmy_assets.lake.gold import GoldRepository
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.pauses import PauseRepository
from farmy_assets.lake.pending_work import PendingWorkRepository
from farmy_assets.lake.prediction_use import PredictionUseRepository
from farmy_assets.lake.predictions import PredictionRepository
from farmy_assets.lake.quality_tables import QualityTables
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.released import ReleasedRepository
from farmy_assets.lake.reviews import ReviewRepository
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.lake.submissions import SubmissionRepository
from farmy_assets.lake.triage import TriageRepository
from farmy_assets.lake.votes import VoteRepository


@dataclass(frozen=True)
class Lake:
    """The platform's storage, passed to those who read and write it."""

    settings: LakeSettings
    raw: Bucket
    cleansed: Bucket
    exports: Bucket
    records: RecordStore
    catalog: CatalogTable

    @classmethod
    def connect(cls, settings: LakeSettings | None = None) -> "Lake":
        """The lake with its clients; no request is sent yet.

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
        """The lake that the environment's variables describe.

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
        """The raw zone, which images are written to."""
        return RawZone(self.raw)

    @property
    def contributors(self) -> ContributorRepository:
        """Contributors, who may upload, and their tokens."""
        return ContributorRepository(self.records)

    @property
    def corrections(self) -> Corrections:
        """The current metadata of each image: as delivered, with its corrections."""
        return Corrections(self.raw)

    @property
    def batches(self) -> BatchRepository:
        """The sealed batches, and the sealing of new ones."""
        return BatchRepository(self.records, self.catalog)

    @property
    def quality(self) -> QualityTables:
        """The values that the checks measured, one table a batch."""
        return QualityTables(self.records.bucket)

    @property
    def cleansed_sets(self) -> CleansedSetRepository:
        """What became of each image of each batch."""
        return CleansedSetRepository(self.records)

    @property
    def duplicates(self) -> DuplicateIndexRepository:
        """The fingerprints of all images that were kept."""
        return DuplicateIndexRepository(self.records)

    @property
    def campaigns(self) -> CampaignRepository:
        """Campaigns: the rules of annotation, every version."""
        return CampaignRepository(self.records)

    @property
    def pending(self) -> PendingWorkRepository:
        """Changes of a campaign that its tasks do not reflect yet."""
        return PendingWorkRepository(self.records)

    @property
    def assignments(self) -> AssignmentRepository:
        """Who was asked about which image, and which batches have their tasks."""
        return AssignmentRepository(self.records)

    @property
    def gold(self) -> GoldRepository:
        """Images with a known answer, who was given them, and how right people were."""
        return GoldRepository(self.records)

    @property
    def pauses(self) -> PauseRepository:
        """Who is asked nothing more for the time being."""
        return PauseRepository(self.records)

    @property
    def votes(self) -> VoteRepository:
        """What annotators and adjudicators answered."""
        return VoteRepository(self.records)

    @property
    def agreements(self) -> AgreementRepository:
        """How far people agree, from the evaluations."""
        return AgreementRepository(self.records)

    @property
    def reviews(self) -> ReviewRepository:
        """Which images were reopened, and which were drawn for a review."""
        return ReviewRepository(self.records)

    @property
    def submissions(self) -> SubmissionRepository:
        """What Label Studio held of each vote, word for word."""
        return SubmissionRepository(self.records)

    @property
    def predictions(self) -> PredictionRepository:
        """What models saw in images, and which tasks show it."""
        return PredictionRepository(self.records)

    @property
    def prediction_use(self) -> PredictionUseRepository:
        """What people made of the predictions that they were shown."""
        return PredictionUseRepository(self.records)

    @property
    def evaluations(self) -> EvaluationRepository:
        """The consensus that was computed from assignments and votes."""
        return EvaluationRepository(self.records)

    @property
    def campaign_pages(self) -> CampaignPageRepository:
        """The figures of campaigns, and the pages made of them."""
        return CampaignPageRepository(self.records)

    @property
    def alerts(self) -> AlertRepository:
        """Which troubles there are, and who was told of them."""
        return AlertRepository(self.records)

    @property
    def triage(self) -> TriageRepository:
        """Which flagged images people were asked about, and what they decided."""
        return TriageRepository(self.records)

    @property
    def datasets(self) -> DatasetRepository:
        """The versions of data sets, and their exports."""
        return DatasetRepository(self.records, self.exports, self.cleansed)

    @property
    def released(self) -> ReleasedRepository:
        """What the newest version of each data set was made of."""
        return ReleasedRepository(self.records)

    def mark_cleansed_bucket(self) -> None:
        """Write the object that Label Studio checks for when it connects to the bucket."""
        self.cleansed.put_once(CONNECTION_KEY, b"{}")

    def kept_images(self, campaign: str) -> dict[str, KeptImage]:
        """All images that a campaign's batches kept, by id."""
        return {i.image_id: i for s in self.cleansed_sets.all(campaign) for i in s.kept}
