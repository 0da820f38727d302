"""Resources: plain fields in, a lake or a studio out. No rule and no request lives here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.cleansing.policy import CleansingPolicies
from farmy_assets.defs.secrets import read_secret
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.workflow.policy_file import read_policy


class LakeResource(dg.ConfigurableResource[Lake]):
    """The lake: names of its buckets and of its table, and who answers SQL over it.

    `athena_workgroup` is Athena's; without one, campaigns' queries are answered in the run.
    """

    raw_bucket: str
    cleansed_bucket: str
    records_bucket: str
    datasets_bucket: str
    catalog_table: str
    region_name: str
    endpoint_url: str
    glue_database: str = ""
    athena_workgroup: str = ""

    def open(self) -> Lake:
        """The lake, connected; nothing is asked of a server yet."""
        return Lake.connect(
            LakeSettings(
                raw_bucket=self.raw_bucket,
                cleansed_bucket=self.cleansed_bucket,
                records_bucket=self.records_bucket,
                datasets_bucket=self.datasets_bucket,
                catalog_table=self.catalog_table,
                region_name=self.region_name,
                endpoint_url=self.endpoint_url or None,
                glue_database=self.glue_database or None,
                athena_workgroup=self.athena_workgroup or None,
            )
        )


class StudioResource(dg.ConfigurableResource[Studio]):
    """Label Studio: its address and the platform's own token.

    `token_secret` is the ARN of a secret of AWS Secrets Manager that holds the token; where it is
    given, `token` is not read.
    """

    url: str
    token: str = ""
    cleansed_bucket: str
    token_secret: str = ""
    region_name: str = ""
    endpoint_url: str = ""

    def open(self) -> Studio:
        """Label Studio, connected; nothing is asked of it yet.

        Raises:
            LakeError: The secret with its token cannot be read.
            InvalidInputError: There is no token, or the address is none.
        """
        token = self.token
        if self.token_secret:
            token = read_secret(
                self.token_secret,
                region_name=self.region_name,
                endpoint_url=self.endpoint_url or None,
            )
        return Studio(
            StudioSettings(url=self.url, token=token, cleansed_bucket=self.cleansed_bucket)
        )


class SealingResource(dg.ConfigurableResource[SealingPolicy]):
    """When waiting images become a batch."""

    max_images: int = 500
    quiet_seconds: float = 1
    max_wait_seconds: float = 60

    def policy(self) -> SealingPolicy:
        """The policy as the catalog room knows it."""
        return SealingPolicy.model_validate(
            {
                "max_images": self.max_images,
                "quiet": self.quiet_seconds,
                "max_wait": self.max_wait_seconds,
            }
        )


class CleansingResource(dg.ConfigurableResource[CleansingPolicies]):
    """How cleansing judges, and where it computes.

    `policy_file` is a YAML file of thresholds, empty for the defaults; `ray_address` is that of a
    Ray cluster, empty for this machine.
    """

    policy_file: str = ""
    ray_address: str = ""

    def policies(self) -> CleansingPolicies:
        """The thresholds of the file.

        Raises:
            InvalidInputError: It cannot be read, or is no policy.
        """
        return read_policy(self.policy_file, named_by="FARMY_CLEANSING_POLICY")


class ScrapersResource(dg.ConfigurableResource[None]):
    """The scraper files: a folder of `<name>.yaml`, empty for none."""

    folder: str = ""

    def files(self) -> dict[str, Path]:
        """Every scraper file by its name, which is also the name of its partition."""
        if not self.folder:
            return {}
        found = (path for path in Path(self.folder).glob("*.yaml") if path.is_file())
        return {path.stem: path for path in found}

    def file_of(self, name: str) -> Path:
        """The file with this name.

        Raises:
            InvalidInputError: There is none.
        """
        files = self.files()
        if name not in files:
            msg = f"FARMY_SCRAPERS names {self.folder or 'no folder'}, without {name}.yaml in it"
            raise InvalidInputError(msg)
        return files[name]


def resources() -> Mapping[str, dg.ConfigurableResource[Any]]:
    """The resources of the running platform, all settings from the environment."""
    lake = LakeResource(
        raw_bucket=dg.EnvVar("FARMY_RAW_BUCKET"),
        cleansed_bucket=dg.EnvVar("FARMY_CLEANSED_BUCKET"),
        records_bucket=dg.EnvVar("FARMY_RECORDS_BUCKET"),
        datasets_bucket=dg.EnvVar("FARMY_DATASETS_BUCKET"),
        catalog_table=dg.EnvVar("FARMY_CATALOG_TABLE"),
        region_name=dg.EnvVar("AWS_DEFAULT_REGION"),
        endpoint_url=dg.EnvVar("FARMY_AWS_ENDPOINT_URL").get_value("") or "",
        glue_database=dg.EnvVar("FARMY_GLUE_DATABASE").get_value("") or "",
        athena_workgroup=dg.EnvVar("FARMY_ATHENA_WORKGROUP").get_value("") or "",
    )
    secret = dg.EnvVar("FARMY_LABEL_STUDIO_TOKEN_SECRET").get_value("") or ""
    studio = StudioResource(
        url=dg.EnvVar("FARMY_LABEL_STUDIO_URL"),
        token=dg.EnvVar("FARMY_LABEL_STUDIO_TOKEN") if not secret else "",
        cleansed_bucket=dg.EnvVar("FARMY_CLEANSED_BUCKET"),
        token_secret=secret,
        region_name=dg.EnvVar("AWS_DEFAULT_REGION"),
        endpoint_url=dg.EnvVar("FARMY_AWS_ENDPOINT_URL").get_value("") or "",
    )
    cleansing = CleansingResource(
        policy_file=dg.EnvVar("FARMY_CLEANSING_POLICY").get_value("") or "",
        ray_address=dg.EnvVar("FARMY_RAY_ADDRESS").get_value("") or "",
    )
    scrapers = ScrapersResource(folder=dg.EnvVar("FARMY_SCRAPERS").get_value("") or "")
    return {
        "lake": lake,
        "studio": studio,
        "sealing": SealingResource(),
        "cleansing": cleansing,
        "scrapers": scrapers,
    }
