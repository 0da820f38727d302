"""Resources: what the environment says, as ready values. No rule lives here.

Nothing is read while definitions load: each value is made when a run or a sensor needs it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.cleansing.policy import CleansingPolicies
from farmy_assets.defs.secrets import read_secret
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.label_studio.settings import TOKEN_VARIABLE
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.workflow.alerts.settings import SECRETS_OF, AlertSettings
from farmy_assets.workflow.policy_file import read_policy

TOKEN_SECRET_VARIABLE = "FARMY_LABEL_STUDIO_TOKEN_SECRET"  # noqa: S105 - the variable's name


@dataclass(frozen=True)
class CleansingSettings:
    """How cleansing judges, and where it computes.

    Attributes:
        policy_file: A YAML file of thresholds, empty for the defaults.
        ray_address: That of a Ray cluster, empty for this machine.
    """

    policy_file: str = ""
    ray_address: str = ""

    def policies(self) -> CleansingPolicies:
        """The thresholds of the file.

        Raises:
            InvalidInputError: It cannot be read, or is no policy.
        """
        return read_policy(self.policy_file, named_by="FARMY_CLEANSING_POLICY")


@dataclass(frozen=True)
class ScraperFiles:
    """The scraper files: `<name>.yaml` in a folder; an empty name of a folder for none."""

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


@dataclass(frozen=True)
class AlertEnvironment:
    """The variables that say where alerts go; secrets among them are read when they are needed."""

    variables: Mapping[str, str] = field(repr=False)

    def settings(self) -> AlertSettings:
        """Where alerts go.

        Raises:
            LakeError: A secret cannot be read.
            InvalidInputError: A variable makes no sense.
        """
        variables = dict(self.variables)
        for name, naming in SECRETS_OF.items():
            if arn := variables.get(naming):
                lake = LakeSettings.from_environment(variables)
                variables[name] = read_secret(
                    arn, region_name=lake.region_name, endpoint_url=lake.endpoint_url
                )
        return AlertSettings.from_environment(variables)


@dg.resource(description="The lake's buckets, catalog table and records.")
def _lake(_context: dg.InitResourceContext) -> Lake:
    """The lake that the environment names; `lake/settings.py` has the variables.

    Raises:
        InvalidInputError: A variable is missing; the text names all that are.
    """
    return Lake.from_environment(os.environ)


@dg.resource(description="Label Studio, as the platform itself.")
def _studio(_context: dg.InitResourceContext) -> Iterator[Studio]:
    """Label Studio, connected until the run or the sensor's look is over.

    The token is that of the environment, or of the secret in AWS Secrets Manager whose ARN
    FARMY_LABEL_STUDIO_TOKEN_SECRET has.

    Raises:
        LakeError: The secret with its token cannot be read.
        InvalidInputError: A variable is missing.
    """
    lake = LakeSettings.from_environment(os.environ)
    environment = dict(os.environ)
    if arn := environment.get(TOKEN_SECRET_VARIABLE):
        environment[TOKEN_VARIABLE] = read_secret(
            arn, region_name=lake.region_name, endpoint_url=lake.endpoint_url
        )
    settings = StudioSettings.from_environment(environment, cleansed_bucket=lake.cleansed_bucket)
    with closing(Studio(settings)) as studio:
        yield studio


@dg.resource(description="How cleansing judges, and where it computes.")
def _cleansing(_context: dg.InitResourceContext) -> CleansingSettings:
    return CleansingSettings(
        policy_file=os.environ.get("FARMY_CLEANSING_POLICY", ""),
        ray_address=os.environ.get("FARMY_RAY_ADDRESS", ""),
    )


@dg.resource(description="The folder of scraper files.")
def _scrapers(_context: dg.InitResourceContext) -> ScraperFiles:
    return ScraperFiles(folder=os.environ.get("FARMY_SCRAPERS", ""))


@dg.resource(description="Where alerts go.")
def _alerting(_context: dg.InitResourceContext) -> AlertEnvironment:
    return AlertEnvironment(dict(os.environ))


def resources() -> Mapping[str, object]:
    """The resources of the running platform, all settings from the environment."""
    return {
        "lake": _lake,
        "studio": _studio,
        "sealing": SealingPolicy(),
        "cleansing": _cleansing,
        "scrapers": _scrapers,
        "alerting": _alerting,
    }
