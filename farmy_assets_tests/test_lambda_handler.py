"""The Lambda door: each message stands for itself, and nothing of Dagster travels with it."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from farmy_assets import lambda_handler
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import arrival, jpeg, s3_event
from farmy_assets_tests.faults import THROTTLED, dynamodb_error


@pytest.fixture
def image_id(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("RAW_BUCKET", "raw")
    monkeypatch.setenv("CATALOG_TABLE", "catalog")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    lambda_handler._intake.cache_clear()
    metadata = arrival("a.jpg", jpeg())
    lake.ingestion.store(metadata, jpeg())
    yield metadata.image_id
    lambda_handler._intake.cache_clear()


def delivery(*bodies: str) -> dict[str, object]:
    records = [{"messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
    return {"Records": records}


def test_a_delivery_is_catalogued(lake: Lake, image_id: str) -> None:
    event = delivery(s3_event(keys.raw_image(image_id), "01"))
    assert lambda_handler.handler(event, None) == {"batchItemFailures": []}
    assert [w.image_id for w in lake.catalog.waiting()] == [image_id]


def test_a_poisoned_message_does_not_hold_up_the_others(lake: Lake, image_id: str) -> None:
    event = delivery("poison", s3_event(keys.raw_image(image_id), "01"), json.dumps({"x": 1}))
    answer = lambda_handler.handler(event, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m2"}]}
    assert len(lake.catalog.waiting()) == 1


def test_a_throttled_table_has_the_message_delivered_again(
    image_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    client = lambda_handler._intake().catalog.client
    dynamodb_error(client, "UpdateItem", THROTTLED, times=5)  # as often as the SDK tries
    event = delivery(s3_event(keys.raw_image(image_id), "01"))
    assert lambda_handler.handler(event, None) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert lambda_handler.handler(event, None) == {"batchItemFailures": []}


def test_the_lambda_needs_neither_dagster_nor_image_libraries() -> None:
    code = (
        "import sys, farmy_assets.lambda_handler; "
        "print([m for m in ('dagster', 'PIL', 'numpy', 'pandas', 'daft', 'scipy') "
        "if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
