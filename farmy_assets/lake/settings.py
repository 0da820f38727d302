"""Where the lake is: names of buckets and of the table, and nothing secret."""

from collections.abc import Mapping

from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

OPTIONAL_VARIABLES = {
    "ingest_queue_url": "FARMY_INGEST_QUEUE_URL",
    "quota_table": "FARMY_QUOTA_TABLE",
    "glue_database": "FARMY_GLUE_DATABASE",
    "athena_workgroup": "FARMY_ATHENA_WORKGROUP",
}
VARIABLES = {
    "raw_bucket": "FARMY_RAW_BUCKET",
    "cleansed_bucket": "FARMY_CLEANSED_BUCKET",
    "records_bucket": "FARMY_RECORDS_BUCKET",
    "datasets_bucket": "FARMY_DATASETS_BUCKET",
    "catalog_table": "FARMY_CATALOG_TABLE",
}


class LakeSettings(Record):
    """Names of the lake's parts; `endpoint_url` only for a local server.

    `ingest_queue_url` is only needed to move dead letters back and to send lost events again, and
    `quota_table` by the upload interface; the tables are registered in `glue_database`, and asked
    by Athena in `athena_workgroup`, where these are set.
    """

    raw_bucket: str
    cleansed_bucket: str
    records_bucket: str
    datasets_bucket: str
    catalog_table: str
    region_name: str = "eu-central-1"
    endpoint_url: str | None = None
    ingest_queue_url: str | None = None
    quota_table: str | None = None
    glue_database: str | None = None
    athena_workgroup: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "LakeSettings":
        """The settings in a process environment.

        Raises:
            InvalidInputError: A variable is missing; the text names all that are.
        """
        missing = sorted(name for name in VARIABLES.values() if not environment.get(name))
        if missing:
            msg = (
                f"the lake's settings are missing: {', '.join(missing)}. "
                "Start the local platform with `make up`, or set them."
            )
            raise InvalidInputError(msg)
        return cls(
            **{field: environment[name] for field, name in VARIABLES.items()},
            region_name=environment.get("AWS_DEFAULT_REGION", "eu-central-1"),
            endpoint_url=environment.get("FARMY_AWS_ENDPOINT_URL") or None,
            **{field: environment.get(v) or None for field, v in OPTIONAL_VARIABLES.items()},
        )

    def to_environment(self) -> dict[str, str]:
        """The settings as a process environment, for a child process."""
        return {
            **{name: str(getattr(self, field)) for field, name in VARIABLES.items()},
            **{name: getattr(self, field) or "" for field, name in OPTIONAL_VARIABLES.items()},
            "AWS_DEFAULT_REGION": self.region_name,
            "FARMY_AWS_ENDPOINT_URL": self.endpoint_url or "",
        }
