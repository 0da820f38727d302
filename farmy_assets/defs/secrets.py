"""Secrets that AWS keeps: read when they are needed, and never written anywhere."""

import time
from functools import lru_cache

from dagster_aws.secretsmanager import SecretsManagerResource

from farmy_assets.lake.connection import translated

KEPT_SECONDS = 300  # a sensor looks every few seconds; a changed secret is known after this time


def read_secret(arn: str, *, region_name: str, endpoint_url: str | None = None) -> str:
    """The text of a secret in AWS Secrets Manager.

    Args:
        arn: Its whole ARN, or its name.
        region_name: Where it is kept.
        endpoint_url: Of a local server; none for AWS.

    Raises:
        ObjectMissingError: There is no such secret.
        LakeUnavailableError: No answer; ask again later.
        LakeError: The run's role may not read it.
    """
    return _read(arn, region_name, endpoint_url, int(time.monotonic() // KEPT_SECONDS))


@lru_cache(maxsize=8)
def _read(arn: str, region_name: str, endpoint_url: str | None, _period: int) -> str:
    secrets = SecretsManagerResource(region_name=region_name, endpoint_url=endpoint_url)
    with translated(f"reading the secret {arn}"):
        return str(secrets.get_client().get_secret_value(SecretId=arn)["SecretString"])
