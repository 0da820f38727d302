"""Deploy the template's stack to the local platform, and make sure that it is what was asked for.

The emulator takes some of the template's properties and drops them in silence. They are applied
here from the template's own values, then read back; whatever still differs is an error.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from farmy_assets.errors import PlatformError
from farmy_assets.local.aws import Aws, Client
from farmy_assets.local.drift import NAMES, repair_and_compare
from farmy_assets.local.ministack import functions_python
from farmy_assets.local.packaging import Package, build_package, vendor_libraries
from farmy_assets.local.processes import Say
from farmy_assets.local.settings import PREFIX, REGION, LocalSettings, bucket, platform_environment
from farmy_assets.local.template import (
    Template,
    read_template,
    with_default,
    with_literal_names,
    with_literal_numbers,
)

# A variable of the product's environment, and the stack's output that must be equal.
TOLD = {
    "FARMY_RAW_BUCKET": "RawBucketName",
    "FARMY_CLEANSED_BUCKET": "CleansedBucketName",
    "FARMY_RECORDS_BUCKET": "RecordsBucketName",
    "FARMY_DATASETS_BUCKET": "DatasetsBucketName",
    "FARMY_LOGS_BUCKET": "LogsBucketName",
    "FARMY_CATALOG_TABLE": "CatalogTableName",
    "FARMY_QUOTA_TABLE": "QuotaTableName",
    "FARMY_INGEST_QUEUE_URL": "IngestQueueUrl",
    "FARMY_GLUE_DATABASE": "DatabaseName",
}
RUNTIME = "FunctionRuntime"  # the template's parameter
TEMPLATE_BODY_LIMIT_BYTES = 51_200
CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
# A stack in one of these states holds nothing, and can only be deleted.
NEVER_CREATED = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"}
)
STACK_WAIT = {"Delay": 1, "MaxAttempts": 120}


class Deployment(StrEnum):
    """What a deployment did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def code_bucket() -> str:
    """Where packages and templates are put before they are deployed."""
    return bucket("code")


def deploy(settings: LocalSettings, say: Say) -> Deployment:
    """Bring the stack to what the checkout says; a stack that is so already is left alone.

    Raises:
        PlatformError: The stack could not be deployed, or is not what the template says.
    """
    python = functions_python(settings)
    declared = read_template(settings.root / "deploy" / "aws" / "template.yaml")
    template = with_default(declared, RUNTIME, f"python{python}")
    package = build_package(settings.root, vendor_libraries(settings.root, settings.setup, python))
    aws = Aws.of(settings)
    try:
        done = _bring_up(aws, template, package)
        if done is not Deployment.UNCHANGED:
            say(f"stack {PREFIX} {done}")
        problems = [*repair_and_compare(aws, template), *_other_names(aws, settings)]
    except (ClientError, BotoCoreError) as error:
        msg = f"the stack {PREFIX} could not be deployed: {error}"
        raise PlatformError(msg) from error
    if problems:
        msg = f"the stack {PREFIX} is not what the template says: {'; '.join(problems)}"
        raise PlatformError(msg)
    return done


def stack_state(aws: Aws) -> str:
    """CloudFormation's status of the stack; `missing` when there is none."""
    try:
        return str(_stack(aws)["StackStatus"])
    except (ClientError, BotoCoreError):
        return "missing"


def outputs(aws: Aws) -> dict[str, str]:
    """The stack's outputs by name.

    Raises:
        ClientError: There is no stack.
    """
    return {item["OutputKey"]: item["OutputValue"] for item in _stack(aws).get("Outputs", [])}


def _stack(aws: Aws) -> dict[str, Any]:
    stacks = aws.client("cloudformation").describe_stacks(StackName=PREFIX)["Stacks"]
    return dict(stacks[0])


def _bring_up(aws: Aws, template: Template, package: Package) -> Deployment:
    fingerprint = hashlib.sha256(template.body.encode() + package.key.encode()).hexdigest()
    state = stack_state(aws)
    if state in NEVER_CREATED:
        _delete_stack(aws)
        state = "missing"
    if state.endswith("COMPLETE") and _fingerprint(aws) == fingerprint:
        return Deployment.UNCHANGED
    request = _request(aws, template, package, fingerprint)
    if state in {"missing", "DELETE_COMPLETE"}:
        return _create(aws, request)
    return _update(aws, request)


def _create(aws: Aws, request: Mapping[str, Any]) -> Deployment:
    """Create the stack; buckets and table that outlived an earlier one are taken over."""
    cloudformation = aws.client("cloudformation")
    names = {"StackName": PREFIX, "ChangeSetName": "create"}
    cloudformation.create_change_set(
        **request,
        **names,
        ChangeSetType="CREATE",
        ImportExistingResources=True,
        # The emulator's validation refuses the very names that it is asked to take over.
        DisableValidation=True,
    )
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            **names, WaiterConfig=STACK_WAIT
        )
    except WaiterError as error:
        reason = cloudformation.describe_change_set(**names).get("StatusReason")
        msg = f"the stack {PREFIX} cannot be created: {reason}"
        raise PlatformError(msg) from error
    cloudformation.execute_change_set(**names)
    _wait(aws, "stack_create_complete")
    return Deployment.CREATED


def _update(aws: Aws, request: Mapping[str, Any]) -> Deployment:
    try:
        aws.client("cloudformation").update_stack(StackName=PREFIX, **request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return Deployment.UNCHANGED
        raise
    _wait(aws, "stack_update_complete")
    return Deployment.UPDATED


def _wait(aws: Aws, state: str) -> None:
    try:
        waiter = aws.client("cloudformation").get_waiter(state)
        waiter.wait(StackName=PREFIX, WaiterConfig=STACK_WAIT)
    except WaiterError as error:
        msg = f"the stack {PREFIX} could not be deployed: {_reasons(aws)}"
        raise PlatformError(msg) from error


def _request(aws: Aws, template: Template, package: Package, fingerprint: str) -> dict[str, Any]:
    """What a creation and an update have in common, with what it points to put in place."""
    s3 = aws.client("s3")
    _make_code_bucket(s3)
    s3.put_object(Bucket=code_bucket(), Key=package.key, Body=package.content)
    text = with_literal_numbers(with_literal_names(template, NAMES), template)
    body = text.encode()
    source = {"TemplateBody": text}
    if len(body) > TEMPLATE_BODY_LIMIT_BYTES:
        key = f"templates/{hashlib.sha256(body).hexdigest()}.yaml"
        s3.put_object(Bucket=code_bucket(), Key=key, Body=body)
        source = {"TemplateURL": f"{aws.endpoint_url}/{code_bucket()}/{key}"}
    parameters = {
        "Prefix": PREFIX, "CodeBucket": code_bucket(), "CodeKey": package.key,
        RUNTIME: str(template.defaults()[RUNTIME]),
    }  # fmt: skip
    return {
        **source,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        "Capabilities": list(CAPABILITIES),
        "Tags": [{"Key": "fingerprint", "Value": fingerprint}],
    }


def _make_code_bucket(s3: Client) -> None:
    place = {"LocationConstraint": REGION}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=code_bucket(), CreateBucketConfiguration=place)
    switches = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    s3.put_public_access_block(
        Bucket=code_bucket(), PublicAccessBlockConfiguration=dict.fromkeys(switches, True)
    )


def _fingerprint(aws: Aws) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in _stack(aws).get("Tags", [])}
    return str(tags.get("fingerprint", ""))


def _delete_stack(aws: Aws) -> None:
    """Remove the rest of a stack that could not be created; its buckets and table are retained."""
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName=PREFIX)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=PREFIX, WaiterConfig=STACK_WAIT
    )


def _reasons(aws: Aws) -> str:
    events = aws.client("cloudformation").describe_stack_events(StackName=PREFIX)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return "; ".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(failed)
    )


def _other_names(aws: Aws, settings: LocalSettings) -> Iterator[str]:
    variables, deployed = platform_environment(settings), outputs(aws)
    for variable, output in TOLD.items():
        if variables[variable] != deployed.get(output):
            found = deployed.get(output)
            yield f"{variable} is {variables[variable]} and the stack's {output} {found}"
