"""What the environment says, as resources: settings of AWS and the token of Label Studio."""

import boto3
import pytest
from moto import mock_aws

from farmy_assets.defs import secrets
from farmy_assets.defs.resources import StudioResource
from farmy_assets.errors import ObjectMissingError

REGION = "eu-central-1"
NAME = "farmy/label-studio-token"


@pytest.fixture(autouse=True)
def _nothing_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    secrets._read.cache_clear()


def studio_by(arn: str, token: str = "") -> StudioResource:
    return StudioResource(
        url="http://127.0.0.1:1", cleansed_bucket="cleansed", token=token,
        token_secret=arn, region_name=REGION,
    )  # fmt: skip


@mock_aws
@pytest.mark.filterwarnings("ignore::dagster._utils.warnings.BetaWarning")
def test_the_token_of_label_studio_comes_from_the_secret_that_a_setting_names() -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    arn = client.create_secret(Name=NAME, SecretString="a" * 40)["ARN"]
    assert studio_by(arn, token="another").open()._settings.token == "a" * 40
    # A sensor that looks every five seconds does not ask each time.
    client.put_secret_value(SecretId=arn, SecretString="b" * 40)
    assert studio_by(arn).open()._settings.token == "a" * 40
    secrets._read.cache_clear()
    assert studio_by(arn).open()._settings.token == "b" * 40


@mock_aws
@pytest.mark.filterwarnings("ignore::dagster._utils.warnings.BetaWarning")
def test_a_secret_that_is_not_there_is_named_in_the_error() -> None:
    with pytest.raises(ObjectMissingError, match=NAME):
        studio_by(NAME).open()


def test_without_a_secret_the_token_is_that_of_the_environment() -> None:
    assert studio_by("", token="t" * 40).open()._settings.token == "t" * 40
