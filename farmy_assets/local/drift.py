"""What the emulator drops of the template, and what it forgets, put in place after a deployment.

It accepts a bucket's lifecycle and tags, and a table's point-in-time recovery and encryption, in a
template, and does nothing about them; by API call it does. A bucket's other settings are lost when
it is killed. So these are applied after each deployment. Wanted values come from the template
alone. That the rest of the stack is deployed as the template says, a test looks after.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from farmy_assets.local.api_forms import cors_rules, lifecycle_rules, notifications
from farmy_assets.local.aws import Aws, Client
from farmy_assets.local.limits import limits
from farmy_assets.local.properties import Property
from farmy_assets.local.settings import ACCOUNT_ID, PREFIX, REGION
from farmy_assets.local.template import BUCKET, QUEUE, TABLE, Template, resolved

NAMES = {
    "Prefix": PREFIX,
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
}


def repair_and_compare(aws: Aws, template: Template) -> list[str]:
    """Apply what the emulator dropped; what still differs, one sentence each.

    Raises:
        ClientError: The emulator refused a call.
    """
    problems = []
    for item in properties(aws, template):
        found = item.read()
        if found != item.wanted:
            item.write()
            found = item.read()
        if found != item.wanted:
            problems.append(f"{item.name} is {found!r} and not {item.wanted!r}")
    return problems


def properties(aws: Aws, template: Template) -> Iterator[Property]:
    """Every property that may have to be repaired after a deployment or a loss of state."""
    names = names_of(template)
    for bucket in template.resources(BUCKET):
        yield from _bucket(aws, resolved(bucket.properties, names))
    for table in template.resources(TABLE):
        yield from _table(aws, resolved(table.properties, names))
    yield from limits(aws, template, names)


def names_of(template: Template) -> dict[str, Any]:
    """What the template's references stand for, where it is deployed here without parameters."""
    buckets = {
        one.logical_id: resolved(one.properties["BucketName"], NAMES)
        for one in template.resources(BUCKET)
    }
    queues = {
        one.logical_id: resolved(one.properties["QueueName"], NAMES)
        for one in template.resources(QUEUE)
    }
    arns = {f"{name}.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{queues[name]}" for name in queues}
    return {**template.defaults(), **NAMES, **buckets, **queues, **arns}


def _bucket(aws: Aws, wanted: Mapping[str, Any]) -> Iterator[Property]:
    s3 = aws.client("s3")
    name = wanted["BucketName"]
    yield from _bucket_safety(s3, name, wanted)
    rules = lifecycle_rules(wanted["LifecycleConfiguration"])
    yield Property(
        f"{name} lifecycle",
        rules,
        lambda: _or_nothing(lambda: _read_rules(s3, name), []),
        lambda: s3.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration={"Rules": rules}
        ),
    )
    yield Property(
        f"{name} tags",
        _pairs(wanted["Tags"]),
        lambda: _or_nothing(lambda: _read_tags(s3, name), {}),
        lambda: s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": wanted["Tags"]}),
    )
    if "CorsConfiguration" in wanted:
        cors = cors_rules(wanted["CorsConfiguration"])
        yield Property(
            f"{name} CORS",
            cors,
            lambda: _or_nothing(lambda: s3.get_bucket_cors(Bucket=name)["CORSRules"], []),
            lambda: s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": cors}),
        )
    if "NotificationConfiguration" in wanted:
        targets = notifications(wanted["NotificationConfiguration"])
        yield Property(
            f"{name} notifications",
            targets,
            lambda: _read_notifications(s3, name),
            lambda: s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"QueueConfigurations": targets}
            ),
        )


def _bucket_safety(s3: Client, name: str, wanted: Mapping[str, Any]) -> Iterator[Property]:
    versioning = wanted["VersioningConfiguration"]
    private = wanted["PublicAccessBlockConfiguration"]
    encryption = [
        {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
        for rule in wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    ]
    yield Property(
        f"{name} versioning",
        versioning["Status"],
        lambda: s3.get_bucket_versioning(Bucket=name).get("Status"),
        lambda: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning),
    )
    yield Property(
        f"{name} public access block",
        private,
        lambda: _or_nothing(
            lambda: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"], {}
        ),
        lambda: s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=private),
    )
    yield Property(
        f"{name} encryption",
        encryption,
        lambda: _or_nothing(lambda: _read_encryption(s3, name), []),
        lambda: s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": encryption}
        ),
    )


def _table(aws: Aws, wanted: Mapping[str, Any]) -> Iterator[Property]:
    dynamodb = aws.client("dynamodb")
    name = wanted["TableName"]
    recovery = wanted["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    encrypted = wanted["SSESpecification"]["SSEEnabled"]

    def described() -> dict[str, Any]:
        return dict(dynamodb.describe_table(TableName=name)["Table"])

    yield Property(
        f"{name} point-in-time recovery",
        recovery,
        lambda: (
            dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"][
                "PointInTimeRecoveryDescription"
            ]["PointInTimeRecoveryStatus"]
            == "ENABLED"
        ),
        lambda: dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": recovery},
        ),
    )
    yield Property(
        f"{name} encryption",
        encrypted,
        lambda: described().get("SSEDescription", {}).get("Status") == "ENABLED",
        lambda: dynamodb.update_table(TableName=name, SSESpecification={"Enabled": encrypted}),
    )


def _read_rules(s3: Client, name: str) -> list[dict[str, Any]]:
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    return sorted(rules, key=lambda rule: str(rule["ID"]))


def _read_encryption(s3: Client, name: str) -> list[dict[str, Any]]:
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    kind = "ApplyServerSideEncryptionByDefault"
    return [{kind: rule[kind]} for rule in rules]


def _read_notifications(s3: Client, name: str) -> list[dict[str, Any]]:
    found = s3.get_bucket_notification_configuration(Bucket=name).get("QueueConfigurations", [])
    for item in found:
        item.pop("Id", None)
        for rule in item["Filter"]["Key"]["FilterRules"]:
            rule["Name"] = rule["Name"].lower()
    return sorted(found, key=lambda item: (str(item["Events"]), str(item["Filter"])))


def _pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _read_tags(s3: Client, name: str) -> dict[str, str]:
    tags = _pairs(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def _or_nothing(read: Callable[[], object], nothing: object) -> object:
    """S3 answers with an error where a bucket has no such setting; that is `nothing`."""
    try:
        return read()
    except ClientError as error:
        if any(word in error.response["Error"]["Code"] for word in ("NoSuch", "NotFound")):
            return nothing
        raise
