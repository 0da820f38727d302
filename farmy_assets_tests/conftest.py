"""A lake in memory, shaped like the template's; and, for integration tests, the real servers."""

from collections.abc import Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings

if TYPE_CHECKING:
    from farmy_assets_tests.integration.running import RunningPlatform

REGION = "eu-central-1"


_ONE_AT_A_TIME = RLock()
_answered = BotocoreStubber.__call__


def _answered_one_at_a_time(self: BotocoreStubber, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - moto's
    with _ONE_AT_A_TIME:
        return _answered(self, *given, **named)


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    # moto's conditional writes are not atomic, as S3's are, when threads ask it at the same time.
    monkeypatch.setattr(BotocoreStubber, "__call__", _answered_one_at_a_time)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    settings = LakeSettings(
        raw_bucket="raw",
        cleansed_bucket="cleansed",
        records_bucket="records",
        datasets_bucket="datasets",
        catalog_table="catalog",
        quota_table="quotas",
        region_name=REGION,
    )
    with mock_aws():
        made = Lake.connect(settings)  # its clients serve to begin with: to make one takes long
        for bucket in ("raw", "cleansed", "records", "datasets"):
            made.raw.client.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
        made.catalog.client.create_table(
            TableName="catalog",
            KeySchema=[{"AttributeName": "image_id", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("image_id", "waiting_shard", "waiting_since")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "waiting",
                    "KeySchema": [
                        {"AttributeName": "waiting_shard", "KeyType": "HASH"},
                        {"AttributeName": "waiting_since", "KeyType": "RANGE"},
                    ],
                    "Projection": {
                        "ProjectionType": "INCLUDE",
                        "NonKeyAttributes": ["campaign"],
                    },
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        made.catalog.client.create_table(
            TableName="quotas",
            KeySchema=[{"AttributeName": "contributor", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "contributor", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RunningPlatform]":
    """One platform with real servers for the whole session."""
    # Dagster and the simulation take seconds to load, and the fast tests need none of this.
    from farmy_assets_tests.integration.secret_search import (  # noqa: PLC0415
        platform_secrets_found,
    )
    from farmy_assets_tests.integration.servers import running_platform  # noqa: PLC0415

    with running_platform(tmp_path_factory.mktemp("home")) as running:
        yield running
    # Whatever tests ran on it; the tests may be spread over several platforms.
    assert platform_secrets_found(running.settings) == set()
