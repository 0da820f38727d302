"""What keeps the deployed parts from harm: policies of buckets, limits, protection.

Compared with the template like everything that `drift.py` compares, and repaired where the
emulator drops it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from farmy_assets.local.aws import Aws, Client
from farmy_assets.local.properties import Property
from farmy_assets.local.template import (
    BUCKET_POLICY,
    FUNCTION,
    STAGE,
    TABLE,
    Template,
    resolved,
)


def limits(aws: Aws, template: Template, names: Mapping[str, Any]) -> Iterator[Property]:
    """Every policy, limit and protection that is compared.

    Args:
        aws: Where the stack is deployed.
        template: Its template.
        names: What the template's references stand for.
    """
    s3 = aws.client("s3")
    for policy in template.resources(BUCKET_POLICY):
        bucket = resolved(policy.properties["Bucket"], names)
        yield _bucket_policy(s3, bucket, resolved(policy.properties["PolicyDocument"], names))
    for table in template.resources(TABLE):
        yield _deletion_protection(aws.client("dynamodb"), resolved(table.properties, names))
    for function in template.resources(FUNCTION):
        yield _concurrency(aws.client("lambda"), resolved(_limit_of(function.properties), names))
    yield from _stages(aws, template, names)


def _bucket_policy(s3: Client, bucket: str, wanted: Mapping[str, Any]) -> Property:
    def read() -> object:
        try:
            return json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucketPolicy":
                return None
            raise

    return Property(
        f"{bucket} policy",
        wanted,
        read,
        lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted)),
    )


def _deletion_protection(dynamodb: Client, wanted: Mapping[str, Any]) -> Property:
    name = wanted["TableName"]
    return Property(
        f"{name} deletion protection",
        wanted["DeletionProtectionEnabled"],
        lambda: dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"),
        lambda: dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True),
    )


def _limit_of(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {key: declared[key] for key in ("FunctionName", "ReservedConcurrentExecutions")}


def _concurrency(client: Client, wanted: Mapping[str, Any]) -> Property:
    name, limit = wanted["FunctionName"], wanted["ReservedConcurrentExecutions"]
    return Property(
        f"{name} reserved concurrency",
        limit,
        lambda: client.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        ),
        lambda: client.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=limit
        ),
    )


def _stages(aws: Aws, template: Template, names: Mapping[str, Any]) -> Iterator[Property]:
    for stage in template.resources(STAGE):
        wanted = resolved(stage.properties["DefaultRouteSettings"], names)
        yield _throttling(aws.client("apigatewayv2"), stage.properties["StageName"], wanted)


def _throttling(client: Client, stage: str, wanted: Mapping[str, Any]) -> Property:
    def api_id() -> str:
        (api,) = client.get_apis()["Items"]
        return str(api["ApiId"])

    def read() -> object:
        deployed = client.get_stage(ApiId=api_id(), StageName=stage)
        settings = deployed.get("DefaultRouteSettings", {})
        return {key: settings.get(key) for key in wanted}

    return Property(
        "uploads throttling",
        wanted,
        read,
        lambda: client.update_stage(
            ApiId=api_id(), StageName=stage, DefaultRouteSettings=dict(wanted)
        ),
    )
