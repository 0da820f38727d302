"""House rules for the template, and that nothing in it is beyond what `drift.py` looks after."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from farmy_assets.errors import InvalidInputError, PlatformError
from farmy_assets.ingestion.uploads.quota_limits import USUAL_LIMITS, VARIABLES, limits_from
from farmy_assets.local.api_forms import lifecycle_rules, notifications
from farmy_assets.local.drift import NAMES
from farmy_assets.local.settings import platform_environment, read_settings
from farmy_assets.local.template import (
    BUCKET,
    FUNCTION,
    QUEUE,
    TABLE,
    Resource,
    read_template,
    resolved,
    with_default,
    with_literal_names,
)

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template(ROOT / "deploy" / "aws" / "template.yaml")
BUCKETS = TEMPLATE.resources(BUCKET)
TABLES = {table.logical_id: table for table in TEMPLATE.resources(TABLE)}
TABLE_RESOURCE = TABLES["CatalogTable"]
FUNCTIONS = {one.logical_id: one.properties for one in TEMPLATE.resources(FUNCTION)}
QUEUES = {queue.logical_id: queue.properties for queue in TEMPLATE.resources(QUEUE)}

each_bucket = pytest.mark.parametrize("bucket", BUCKETS, ids=[b.logical_id for b in BUCKETS])


def test_the_lake_has_four_buckets_and_one_for_the_logs_of_runs() -> None:
    assert [bucket.logical_id for bucket in BUCKETS] == [
        "RawBucket", "CleansedBucket", "RecordsBucket", "DatasetsBucket", "LogsBucket",
    ]  # fmt: skip


@each_bucket
def test_a_bucket_is_private_versioned_and_encrypted(bucket: Resource) -> None:
    properties = bucket.properties
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]


@each_bucket
def test_a_bucket_survives_its_stack(bucket: Resource) -> None:
    declared = TEMPLATE.document["Resources"][bucket.logical_id]
    assert declared["DeletionPolicy"] == declared["UpdateReplacePolicy"] == "Retain"


@each_bucket
def test_no_object_in_use_ever_expires(bucket: Resource) -> None:
    for rule in lifecycle_rules(bucket.properties["LifecycleConfiguration"]):
        passing = ({"Prefix": "incoming/"}, {"Prefix": "runs/"})
        assert "Expiration" not in rule or rule["Filter"] in passing


def test_nothing_in_the_raw_zone_expires_but_bytes_that_were_not_checked_yet() -> None:
    (raw,) = (bucket for bucket in BUCKETS if bucket.logical_id == "RawBucket")
    first, second = lifecycle_rules(raw.properties["LifecycleConfiguration"])
    assert first["ID"] == "abort-incomplete-uploads"
    assert first.keys() == {"ID", "Status", "Filter", "AbortIncompleteMultipartUpload"}
    assert second["Filter"] == {"Prefix": "incoming/"}


def test_a_lifecycle_rule_that_would_be_dropped_is_an_error() -> None:
    with pytest.raises(PlatformError, match="Transitions"):
        lifecycle_rules({"Rules": [{"Id": "cold", "Status": "Enabled", "Transitions": []}]})


def test_the_table_has_recovery_and_encryption_and_no_property_that_nobody_applies() -> None:
    for table in TABLES.values():
        properties = table.properties
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["SSESpecification"]["SSEEnabled"] is True
        # The emulator drops it, and drift.py does not know it.
        assert "TimeToLiveSpecification" not in properties


def test_only_waiting_images_are_in_the_waiting_index() -> None:
    (index,) = TABLE_RESOURCE.properties["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == [
        "waiting_shard",
        "waiting_since",
    ]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["campaign"]}


def test_an_event_that_cannot_be_handled_ends_in_the_dead_letter_queue_for_14_days() -> None:
    redrive = QUEUES["IngestQueue"]["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == 5
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": "IngestDeadLetters.Arn"}
    assert QUEUES["IngestDeadLetters"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_message_is_not_delivered_again_while_the_function_may_still_work_on_it() -> None:
    timeout = FUNCTIONS["IngestFunction"]["Timeout"]
    assert QUEUES["IngestQueue"]["VisibilityTimeout"] >= 6 * timeout


def test_one_bad_message_does_not_repeat_its_whole_batch() -> None:
    trigger = FUNCTIONS["IngestFunction"]["Events"]["Ingest"]["Properties"]
    assert trigger["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert trigger["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "IngestConcurrency"}}


def test_images_raise_events_when_they_come_and_go_and_incoming_bytes_when_they_come() -> None:
    (raw,) = (bucket for bucket in BUCKETS if bucket.logical_id == "RawBucket")
    arn = "arn:aws:sqs:eu-central-1:1:q"
    wanted = resolved(raw.properties["NotificationConfiguration"], {"IngestQueue.Arn": arn})
    found = notifications(wanted)
    told = []
    for item in found:
        (event,), (rule,) = item["Events"], item["Filter"]["Key"]["FilterRules"]
        assert rule["Name"] == "prefix"
        told.append((event, rule["Value"]))
    assert told == [
        ("s3:ObjectCreated:*", "corrections/"), ("s3:ObjectCreated:*", "images/"),
        ("s3:ObjectCreated:*", "incoming/"), ("s3:ObjectRemoved:*", "images/"),
    ]  # fmt: skip


def test_the_ingest_function_writes_images_and_deletes_incoming_bytes_alone() -> None:
    statements = statements_of("IngestRole")
    actions = {action for statement in statements for action in statement["Action"]}
    assert not any("*" in action for action in actions)
    assert "dynamodb:DeleteItem" not in actions
    assert all(statement["Resource"] != "*" for statement in statements)
    assert places_of("IngestRole", "s3:PutObject") == ["/images/*", "/metadata/*", "/refusals/*"]
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert places_of("IngestRole", action) == ["/incoming/*"]


def test_the_upload_function_writes_no_image_and_deletes_nothing() -> None:
    for statement in statements_of("UploadRole"):
        assert not any("*" in a or "Delete" in a for a in statement["Action"])
        assert statement["Resource"] != "*"
    written = places_of("UploadRole", "s3:PutObject")
    assert written == ["/corrections/*", "/incoming/*", "/uploads/*"]


def places_of(role: str, action: str) -> list[str]:
    """Where a role may do this: paths of the raw bucket, and of no other."""
    found = []
    for statement in statements_of(role):
        if action in statement["Action"]:
            places = statement["Resource"]
            found += places if isinstance(places, list) else [places]
    assert all("${Prefix}-raw-" in place["Fn::Sub"] for place in found)
    return sorted(place["Fn::Sub"].split("AccountId}")[-1] for place in found)


def test_the_limits_of_uploads_are_parameters_with_the_usual_defaults() -> None:
    variables = FUNCTIONS["UploadFunction"]["Environment"]["Variables"]
    parameters = TEMPLATE.document["Parameters"]
    names = {name: parameter["Default"] for name, parameter in parameters.items()
             if "Default" in parameter}  # fmt: skip
    told = {name: resolved(variables[name], {n: str(v) for n, v in names.items()})
            for name in VARIABLES.values()}  # fmt: skip
    assert limits_from(told) == USUAL_LIMITS


def statements_of(role: str) -> list[dict[str, Any]]:
    properties = TEMPLATE.document["Resources"][role]["Properties"]
    return list(properties["Policies"][0]["PolicyDocument"]["Statement"])


def test_the_product_gets_the_names_that_the_template_gives(tmp_path: Path) -> None:
    told = platform_environment(read_settings({"FARMY_HOME": str(tmp_path)}))
    names = {resolved(bucket.properties["BucketName"], NAMES) for bucket in BUCKETS}
    zones = ("RAW", "CLEANSED", "RECORDS", "DATASETS", "LOGS")
    assert names == {told[f"FARMY_{zone}_BUCKET"] for zone in zones}
    assert resolved(TABLE_RESOURCE.properties["TableName"], NAMES) == told["FARMY_CATALOG_TABLE"]
    quotas = TABLES["QuotaTable"].properties["TableName"]
    assert resolved(quotas, NAMES) == told["FARMY_QUOTA_TABLE"]


def test_buckets_and_table_can_be_taken_over_by_their_literal_names() -> None:
    text = with_literal_names(TEMPLATE, NAMES)
    assert "BucketName: farmy-raw-000000000000" in text
    assert "TableName: farmy-catalog" in text
    assert text.count("Name: !Sub") == TEMPLATE.body.count("Name: !Sub") - 7


def test_a_function_that_is_not_understood_is_an_error_and_no_guess() -> None:
    with pytest.raises(InvalidInputError, match="Fn::Split"):
        resolved({"Fn::Split": ["-", "a-b"]}, NAMES)
    with pytest.raises(InvalidInputError, match="Nobody"):
        resolved({"Ref": "Nobody"}, NAMES)


def test_yaml_aliases_which_cloudformation_refuses_are_not_used() -> None:
    for line in TEMPLATE.body.splitlines():
        assert ": *" not in line
        assert ": &" not in line


def test_the_functions_run_on_a_python_that_the_platform_runs_on() -> None:
    runtime = TEMPLATE.document["Parameters"]["FunctionRuntime"]
    assert runtime["Default"] in runtime["AllowedValues"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = SpecifierSet(project["requires-python"])
    for name in runtime["AllowedValues"]:
        assert name.removeprefix("python") in supported
    assert TEMPLATE.document["Globals"]["Function"]["Runtime"] == {"Ref": "FunctionRuntime"}


def test_another_default_changes_that_declaration_alone() -> None:
    changed = with_default(TEMPLATE, "FunctionRuntime", "python3.12")
    assert changed.defaults() == {**TEMPLATE.defaults(), "FunctionRuntime": "python3.12"}
    assert changed.body == TEMPLATE.body
    assert TEMPLATE.defaults()["FunctionRuntime"] == "python3.13"
