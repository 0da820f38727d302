"""House rules for the template: who may do what, what nobody may, limits, and who is told."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from farmy_assets.annotation.inboxes import CONNECTION_KEY
from farmy_assets.local.drift import names_of
from farmy_assets.local.settings import LABEL_STUDIO_USER
from farmy_assets.local.template import (
    BUCKET,
    BUCKET_POLICY,
    FUNCTION,
    QUEUE,
    QUEUE_POLICY,
    TABLE,
    read_template,
    resolved,
    with_literal_numbers,
)

TEMPLATE = read_template(Path(__file__).parents[2] / "deploy" / "aws" / "template.yaml")
RESOURCES = TEMPLATE.document["Resources"]
NAMES = names_of(TEMPLATE)
ALARMS = {one.logical_id: one.properties for one in TEMPLATE.resources("AWS::CloudWatch::Alarm")}
DEAD_LETTERS = {"Fn::GetAtt": "IngestDeadLetters.QueueName"}
UNSAFE = {"Bool": {"aws:SecureTransport": "false"}}
RAW = "arn:aws:s3:::farmy-raw-000000000000"
RECORDS = "arn:aws:s3:::farmy-records-000000000000"
CLEANSED = "arn:aws:s3:::farmy-cleansed-000000000000"

each_bucket = pytest.mark.parametrize("bucket", [b.logical_id for b in TEMPLATE.resources(BUCKET)])
each_queue = pytest.mark.parametrize("queue", [q.logical_id for q in TEMPLATE.resources(QUEUE)])


def statements(document: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """A policy's statements, each with lists of resources, but for what only a deployment knows."""
    found = []
    for statement in document["Statement"]:
        known = {key: value for key, value in statement.items() if "Resource" not in key}
        places = statement.get("Resource", statement.get("NotResource"))
        shown = places if isinstance(places, list) else [places]
        found.append({**known, "Resource": [_shown(place) for place in shown]})
    return found


def _shown(place: Any) -> str:  # noqa: ANN401
    text = json.dumps(place)
    return str(resolved(place, NAMES)) if "Table" not in text and "Log" not in text else text


def of_role(role: str) -> list[dict[str, Any]]:
    (policy,) = RESOURCES[role]["Properties"]["Policies"]
    return statements(policy["PolicyDocument"])


def of_managed(policy: str) -> list[dict[str, Any]]:
    document = RESOURCES[policy]["Properties"]["PolicyDocument"]
    return [s for s in document["Statement"] if s]


def of_bucket(bucket: str) -> list[dict[str, Any]]:
    (policy,) = (
        one
        for one in TEMPLATE.resources(BUCKET_POLICY)
        if one.properties["Bucket"] == {"Ref": bucket}
    )
    return statements(policy.properties["PolicyDocument"])


@each_bucket
def test_a_bucket_is_reached_over_tls_alone(bucket: str) -> None:
    (rule,) = (s for s in of_bucket(bucket) if s.get("Condition") == UNSAFE)
    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
    arn = f"arn:aws:s3:::{NAMES[bucket]}"
    assert rule["Resource"] == [arn, f"{arn}/*"]


@each_queue
def test_a_queue_is_reached_over_tls_alone(queue: str) -> None:
    (policy,) = (
        one
        for one in TEMPLATE.resources(QUEUE_POLICY)
        if one.properties["Queues"] == [{"Ref": queue}]
    )
    rules = statements(policy.properties["PolicyDocument"])
    (rule,) = (s for s in rules if s["Effect"] == "Deny")
    assert (rule["Principal"], rule["Action"], rule["Condition"]) == ("*", "sqs:*", UNSAFE)
    assert rule["Resource"] == [NAMES[f"{queue}.Arn"]]


def test_nobody_can_write_an_image_or_its_metadata_over_what_is_there() -> None:
    (rule,) = (s for s in of_bucket("RawBucket") if s["Action"] == "s3:PutObject")
    assert (rule["Effect"], rule["Principal"]) == ("Deny", "*")
    assert {f"{RAW}/images/*", f"{RAW}/metadata/*"} <= set(rule["Resource"])
    assert rule["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }


def test_nobody_can_end_a_version_of_what_came_in() -> None:
    (policy,) = (
        s for s in RESOURCES["RawPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if s["Action"] == "s3:DeleteObjectVersion"
    )  # fmt: skip
    assert (policy["Effect"], policy["Principal"]) == ("Deny", "*")
    assert "Resource" not in policy
    assert resolved(policy["NotResource"], NAMES) == f"{RAW}/incoming/*"


def test_the_upload_function_lists_no_bucket_but_the_names_of_campaigns() -> None:
    for statement in of_role("UploadRole"):
        if "s3:ListBucket" in statement["Action"]:
            assert statement["Resource"] == [RECORDS]
            told = statement["Condition"]
            assert list(told.values()) in (
                [{"s3:prefix": "campaigns/*"}],
                [{"s3:prefix": ["campaigns/*"]}],
            )


def test_the_pipeline_cannot_touch_contributors_whatever_else_it_is_given() -> None:
    (rule,) = (s for s in of_managed("PipelinePolicy") if s["Effect"] == "Deny")
    assert rule["Action"] == "s3:*"
    assert resolved(rule["Resource"], NAMES) == f"{RECORDS}/contributors/*"


def test_the_pipeline_writes_run_logs_and_reads_the_secrets_made_for_it() -> None:
    rules = {s["Sid"]: s for s in of_managed("PipelinePolicy")}
    logs = rules["KeepRunLogs"]
    assert logs["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert resolved(logs["Resource"], NAMES) == "arn:aws:s3:::farmy-logs-000000000000/runs/*"
    secret = rules["ReadTheTokenOfLabelStudio"]
    assert secret["Action"] == ["secretsmanager:GetSecretValue"]
    assert resolved(secret["Resource"], NAMES).endswith(":secret:farmy/label-studio-token-*")
    named = [s for s in rules.values() if "secretsmanager" in str(s["Action"])]
    alerts = rules["ReadWhereAlertsGo"]
    assert resolved(alerts["Resource"], NAMES).endswith(":secret:farmy/alert-*")
    assert named == [secret, alerts]


def test_label_studio_is_somebody_who_reads_cleansed_copies_and_nothing_else() -> None:
    user = RESOURCES["LabelStudioUser"]["Properties"]
    assert resolved(user["UserName"], NAMES) == LABEL_STUDIO_USER
    assert user["ManagedPolicyArns"] == [{"Ref": "LabelStudioPolicy"}]
    assert not user.keys() & {"Policies", "Groups", "LoginProfile"}
    read, look = of_managed("LabelStudioPolicy")
    assert read["Action"] == ["s3:GetObject"]
    assert resolved(read["Resource"], NAMES) == f"{CLEANSED}/images/*"
    assert look["Action"] == ["s3:ListBucket"]
    assert resolved(look["Resource"], NAMES) == CLEANSED
    assert look["Condition"]["StringEquals"] == {"s3:prefix": CONNECTION_KEY}
    for statement in (read, look):
        assert statement["Condition"]["Bool"] == {"aws:SecureTransport": "true"}


def test_no_key_and_no_password_is_in_the_template_or_comes_out_of_it() -> None:
    types = {resource["Type"] for resource in RESOURCES.values()}
    assert "AWS::IAM::AccessKey" not in types
    for name, output in TEMPLATE.document["Outputs"].items():
        assert not re.search("secret|password|key", name + json.dumps(output), re.IGNORECASE)


@pytest.mark.parametrize(
    ("namespace", "metric", "about"),
    [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", DEAD_LETTERS),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", {"Fn::GetAtt": "IngestQueue.QueueName"}),
        ("AWS/Lambda", "Errors", {"Ref": "IngestFunction"}),
        ("AWS/Lambda", "Errors", {"Ref": "UploadFunction"}),
        ("AWS/Lambda", "Throttles", {"Ref": "IngestFunction"}),
        ("AWS/Lambda", "Throttles", {"Ref": "UploadFunction"}),
        ("AWS/ApiGateway", "5xx", {"Ref": "UploadApi"}),
        ("AWS/DynamoDB", "WriteThrottleEvents", {"Ref": "CatalogTable"}),
    ],
)  # fmt: skip
def test_there_is_an_alarm_of(namespace: str, metric: str, about: object) -> None:
    (_,) = (
        alarm for alarm in ALARMS.values()
        if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric)
        and [one["Value"] for one in alarm["Dimensions"]] == [about]
    )  # fmt: skip


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_reaches_somebody_when_it_begins_and_when_it_ends(alarm: str) -> None:
    topic = [{"Ref": "AlarmTopic"}]
    assert ALARMS[alarm]["AlarmActions"] == ALARMS[alarm]["OKActions"] == topic
    assert ALARMS[alarm]["TreatMissingData"] == "notBreaching"


def test_alarms_go_to_an_e_mail_address_where_one_is_given() -> None:
    subscription = RESOURCES["AlarmSubscription"]
    assert subscription["Condition"] == "SomebodyIsTold"
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"},
    }  # fmt: skip
    parameter = TEMPLATE.document["Parameters"]["AlarmEmail"]
    assert parameter["Default"] == ""
    for text, is_good in (("", True), ("a@b.org", True), ("a", False), ("a@b c", False)):
        assert bool(re.fullmatch(parameter["AllowedPattern"], text)) is is_good
    allow, deny = RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "aws:SourceAccount" in allow["Condition"]["StringEquals"]
    assert deny["Condition"] == UNSAFE


def test_every_function_has_so_much_of_the_account_and_no_more() -> None:
    limits = {
        one.logical_id: one.properties["ReservedConcurrentExecutions"]
        for one in TEMPLATE.resources(FUNCTION)
    }
    assert limits["IngestFunction"] == {"Ref": "IngestConcurrency"}
    assert limits["UploadFunction"] == {"Ref": "UploadConcurrency"}
    trigger = RESOURCES["IngestFunction"]["Properties"]["Events"]["Ingest"]["Properties"]
    # SQS asks for no more than are reserved: a throttled delivery would count as an attempt.
    assert trigger["ScalingConfig"]["MaximumConcurrency"] == limits["IngestFunction"]
    assert TEMPLATE.document["Parameters"]["IngestConcurrency"]["MinValue"] == 2


def test_upload_requests_are_throttled_and_each_leaves_a_line_without_a_token() -> None:
    stage = RESOURCES["UploadStage"]["Properties"]
    throttle = resolved(stage["DefaultRouteSettings"], NAMES)
    assert 0 < throttle["ThrottlingRateLimit"] <= throttle["ThrottlingBurstLimit"] <= 1000
    log = stage["AccessLogSettings"]
    assert log["DestinationArn"] == {"Fn::GetAtt": "UploadAccessLogs.Arn"}
    line = json.loads(log["Format"])
    assert {"$context.status", "$context.path", "$context.identity.sourceIp"} <= set(line.values())
    assert not re.search("authorization|header|query|authorizer", log["Format"], re.IGNORECASE)
    assert RESOURCES["UploadAccessLogs"]["Properties"]["RetentionInDays"] <= 90


def test_no_table_can_be_deleted_by_mistake() -> None:
    for table in TEMPLATE.resources(TABLE):
        declared = RESOURCES[table.logical_id]
        assert table.properties["DeletionProtectionEnabled"] is True
        assert declared["DeletionPolicy"] == declared["UpdateReplacePolicy"] == "Retain"


def test_a_number_that_the_emulator_would_take_for_text_is_written_out_for_it() -> None:
    text = with_literal_numbers(TEMPLATE.body, TEMPLATE)
    assert "MaximumConcurrency: 2" in text
    assert "!Ref IngestConcurrency" not in text
    assert "Endpoint: !Ref AlarmEmail" in text
