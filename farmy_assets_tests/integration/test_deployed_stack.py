"""The deployed stack is what the template says: what is put in place by the deployment itself.

What the emulator drops or forgets, `local/drift.py` compares and repairs at each start.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from farmy_assets.local.aws import Aws
from farmy_assets.local.drift import NAMES, names_of, properties
from farmy_assets.local.template import (
    FUNCTION,
    QUEUE,
    QUEUE_POLICY,
    TABLE,
    Resource,
    read_template,
    resolved,
)
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

FUNCTION_KEYS = ("Handler", "Timeout", "MemorySize")  # the runtime is the deployment's choice
TEMPLATE = read_template(Path(__file__).parents[2] / "deploy" / "aws" / "template.yaml")
WANTED = names_of(TEMPLATE)


def each(kind: str) -> pytest.MarkDecorator:
    found = TEMPLATE.resources(kind)
    return pytest.mark.parametrize("resource", found, ids=[one.logical_id for one in found])


@pytest.fixture
def aws(platform: RunningPlatform) -> Aws:
    return Aws.of(platform.settings)


def attributes_of(aws: Aws, queue: str) -> Mapping[str, str]:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return dict(found["Attributes"])


def test_what_may_be_dropped_or_forgotten_is_as_the_template_says(aws: Aws) -> None:
    compared = list(properties(aws, TEMPLATE))
    assert len(compared) > len(WANTED) / 2
    assert [item.name for item in compared if item.read() != item.wanted] == []


@each(TABLE)
def test_a_table_has_its_keys_and_indexes(aws: Aws, resource: Resource) -> None:
    wanted = resolved(resource.properties, WANTED)
    found = aws.client("dynamodb").describe_table(TableName=wanted["TableName"])["Table"]
    assert found["KeySchema"] == wanted["KeySchema"]
    indexes = {index["IndexName"] for index in wanted.get("GlobalSecondaryIndexes", [])}
    assert {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", [])} == indexes


@each(QUEUE)
def test_a_queue_keeps_and_hides_messages_for_so_long(aws: Aws, resource: Resource) -> None:
    wanted = resolved(resource.properties, WANTED)
    found = attributes_of(aws, wanted["QueueName"])
    for key in ("VisibilityTimeout", "MessageRetentionPeriod"):
        assert key not in wanted or found[key] == str(wanted[key])
    redrive = json.loads(found.get("RedrivePolicy", "{}"))
    told = wanted.get("RedrivePolicy", {})
    assert redrive.get("deadLetterTargetArn") == told.get("deadLetterTargetArn")
    assert int(redrive.get("maxReceiveCount", 0)) == told.get("maxReceiveCount", 0)


@each(QUEUE_POLICY)
def test_a_queue_has_its_policy(aws: Aws, resource: Resource) -> None:
    (queue,) = resolved(resource.properties["Queues"], WANTED)
    wanted = resolved(resource.properties["PolicyDocument"], WANTED)
    assert json.loads(attributes_of(aws, queue)["Policy"]) == wanted


@each(FUNCTION)
def test_a_function_is_configured_and_triggered_as_the_template_says(
    aws: Aws, resource: Resource
) -> None:
    declared: Mapping[str, Any] = resource.properties
    client, name = aws.client("lambda"), resolved(declared["FunctionName"], NAMES)
    shared = TEMPLATE.document["Globals"]["Function"]
    found = client.get_function_configuration(FunctionName=name)
    for key in FUNCTION_KEYS:
        assert found[key] == resolved({**shared, **declared}[key], WANTED)
    triggers = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    wanted = [event["Properties"] for event in declared.get("Events", {}).values()]
    assert len(triggers) == len(wanted)
    for trigger, told in zip(triggers, wanted, strict=True):
        assert trigger["BatchSize"] == told["BatchSize"]
        assert trigger["FunctionResponseTypes"] == told["FunctionResponseTypes"]
        assert trigger["ScalingConfig"] == resolved(told["ScalingConfig"], WANTED)
