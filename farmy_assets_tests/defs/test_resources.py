"""What the environment says, as ready values: the lake, and the token of Label Studio."""

import boto3
import dagster as dg
import pytest
from moto import mock_aws

from farmy_assets.defs import secrets
from farmy_assets.defs.resources import resources
from farmy_assets.errors import InvalidInputError, ObjectMissingError
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import VARIABLES

REGION = "eu-central-1"
NAME = "farmy/label-studio-token"
SECRET = "FARMY_LABEL_STUDIO_TOKEN_SECRET"
TOKEN = "FARMY_LABEL_STUDIO_TOKEN"

warned = pytest.mark.filterwarnings("ignore::dagster._utils.warnings.BetaWarning")


@pytest.fixture(autouse=True)
def _the_environment_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: name.lower() for name in VARIABLES.values()}
    given |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    given |= {"AWS_DEFAULT_REGION": REGION, "FARMY_LABEL_STUDIO_URL": "http://127.0.0.1:1"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for name in (SECRET, TOKEN, "FARMY_AWS_ENDPOINT_URL", "FARMY_RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    secrets._read.cache_clear()


def token_of_a_run() -> str:
    with dg.build_resources(dict(resources())) as made:
        assert isinstance(made.lake, Lake)
        assert isinstance(made.studio, Studio)
        return made.studio._settings.token


@mock_aws
@warned
def test_the_token_of_label_studio_comes_from_the_secret_that_a_setting_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    arn = client.create_secret(Name=NAME, SecretString="a" * 40)["ARN"]
    monkeypatch.setenv(SECRET, arn)
    monkeypatch.setenv(TOKEN, "another")
    assert token_of_a_run() == "a" * 40
    # A sensor that looks every five seconds does not ask each time.
    client.put_secret_value(SecretId=arn, SecretString="b" * 40)
    assert token_of_a_run() == "a" * 40
    secrets._read.cache_clear()
    assert token_of_a_run() == "b" * 40


@mock_aws
@warned
def test_a_secret_that_is_not_there_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, NAME)
    with pytest.raises(dg.DagsterError) as failure:
        token_of_a_run()
    assert isinstance(failure.value.__cause__, ObjectMissingError)
    assert NAME in str(failure.value.__cause__)


def test_without_a_secret_the_token_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, "t" * 40)
    assert token_of_a_run() == "t" * 40


def test_a_missing_variable_is_named_when_a_run_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FARMY_RAW_BUCKET")
    made = resources()  # nothing is read yet
    with pytest.raises(dg.DagsterError) as failure, dg.build_resources({"lake": made["lake"]}):
        pass
    assert isinstance(failure.value.__cause__, InvalidInputError)
    assert "FARMY_RAW_BUCKET" in str(failure.value.__cause__)


def test_cleansing_and_scrapers_are_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARMY_RAY_ADDRESS", "ray://head:10001")
    monkeypatch.delenv("FARMY_SCRAPERS", raising=False)
    given = {name: resources()[name] for name in ("cleansing", "scrapers")}
    with dg.build_resources(given) as made:
        assert made.cleansing.ray_address == "ray://head:10001"
        assert made.scrapers.files() == {}
