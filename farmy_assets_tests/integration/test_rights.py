"""The template's rights, enforced: each part works with its own, and is refused the rest."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.definitions import defs
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.errors import LakeError
from farmy_assets.ingestion.dead_letters import DeadLetters
from farmy_assets.ingestion.importing import import_folder
from farmy_assets.lake import connection, keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import Bucket
from farmy_assets.local import ministack
from farmy_assets.local.aws import Aws
from farmy_assets.local.deployment import outputs
from farmy_assets.local.settings import bucket as bucket_name
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.table_sources import table_sources
from farmy_assets.workflow.reconcile import Reconciler
from farmy_assets_tests.arrivals import ORIGIN
from farmy_assets_tests.integration.photographs import photograph, write_photographs
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.servers import running_platform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TO_THE_SET = ("raw_images", "catalog_entries", "image_quality", "cleansed_set")
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
COUNT = 4


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A lake that refuses what nobody was given a right to."""
    home = tmp_path_factory.mktemp("rights")
    with running_platform(home, parts={"ministack"}) as running:
        yield running


@contextmanager
def having(platform: RunningPlatform, *policies: str) -> Iterator[Lake]:
    """The lake as somebody sees it who was given these policies of the stack, and no other."""
    aws = Aws.of(platform.settings)
    iam, deployed = aws.client("iam"), outputs(aws)
    user = "-".join(policies)
    iam.create_user(UserName=user)
    for policy in policies:
        iam.attach_user_policy(UserName=user, PolicyArn=deployed[f"{policy}Arn"])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    with pytest.MonkeyPatch.context() as patch:
        for name, field in zip(KEYS, ("AccessKeyId", "SecretAccessKey"), strict=True):
            patch.setenv(name, key[field])
        connection._session.cache_clear()
        yield Lake.connect(platform.lake.settings)
    connection._session.cache_clear()
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    for policy in policies:
        iam.detach_user_policy(UserName=user, PolicyArn=deployed[f"{policy}Arn"])
    iam.delete_user(UserName=user)


def refused(*attempts: Callable[[], object]) -> None:
    """Each of these is denied, and not for another reason."""
    for attempt in attempts:
        with pytest.raises(LakeError, match="AccessDenied"):
            attempt()


def bucket_of(lake: Lake, zone: str) -> Any:  # noqa: ANN401
    return {"raw": lake.raw, "cleansed": lake.cleansed, "records": lake.records.bucket}[zone]


def test_a_photograph_goes_from_import_to_query_with_the_rights_of_each_part_alone(
    guarded: RunningPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_photographs(tmp_path / "photographs", of="rights", count=COUNT)
    raw_key = ""
    with having(guarded, "ImportPolicy") as lake:
        report = import_folder(
            lake.ingestion, tmp_path / "photographs", origin=ORIGIN,
            clock=lambda: datetime.now(UTC),
        )  # fmt: skip
        assert report.stored == COUNT
        raw_key = next(lake.raw.keys(keys.RAW_IMAGES))
        refused(
            lambda: lake.raw.delete(raw_key),
            # What it may write, it may write once: only a condition makes an image or its metadata.
            lambda: lake.raw.put(raw_key, b"other bytes"),
            lambda: lake.raw.put("images/new", b"bytes"),
            lambda: lake.raw.put("metadata/new.json", b"{}"),
            lambda: lake.cleansed.put("images/x.jpg", b"x"),
            lambda: lake.records.bucket.put("batches/000001.json", b"{}"),
            lambda: list(lake.exports.keys("")),
            lambda: list(lake.catalog.scan()),
        )
    # The ingest function works with its own role.
    guarded.wait_until("all entries", lambda: len(guarded.lake.catalog.waiting()) == COUNT)

    with having(guarded, "PipelinePolicy") as lake:
        policy = SealingPolicy(quiet=timedelta(0))
        (batch,) = lake.batches.seal_waiting(policy=policy, now=datetime.now(UTC))
        _materialize(lake, batch.batch_id)
        for name in ("images", "image_checks"):
            QueryLayer(lake).refresh(table_sources(lake)[name])
        assert Reconciler.of(lake).reconcile(now=datetime.now(UTC)).is_none
        refused(
            lambda: lake.raw.put(raw_key, b"other bytes"),
            lambda: lake.raw.delete(raw_key),
            lambda: lake.records.bucket.delete(keys.batch(1)),
            lambda: lake.raw.put("uploads/c-1/forged.json", b"{}"),
            lambda: lake.records.bucket.get("contributors/c-1.json"),
            lambda: lake.records.bucket.put("contributors/c-1.json", b"{}"),
        )
        logs = Bucket(lake.raw.client, bucket_name("logs"))
        logs.put("runs/storage/a-run/compute_logs/x.err", b"what it printed")
        assert logs.get("runs/storage/a-run/compute_logs/x.err") == b"what it printed"
        refused(
            lambda: logs.delete("runs/storage/a-run/compute_logs/x.err"),
            lambda: logs.put("other/x.err", b"what it printed"),
            lambda: list(logs.keys("")),
        )

    with having(guarded, "ReaderPolicy") as lake:
        found = QueryLayer(lake).query(
            "SELECT i.image_id, c.verdict FROM images i JOIN image_checks c "
            "ON c.image_id = i.image_id"
        )
        assert len(found) == COUNT
        assert lake.cleansed.get(keys.cleansed_image(found["image_id"][0]))
        refused(
            lambda: lake.raw.get(raw_key),
            lambda: list(lake.raw.keys("")),
            lambda: lake.records.bucket.get(keys.batch(1)),
            lambda: lake.records.bucket.put("snapshots/images/MANIFEST.json", b"{}"),
            lambda: list(lake.catalog.scan()),
        )

    with having(guarded, "RedrivePolicy") as lake:
        assert list(DeadLetters.connect(lake.settings).redrive(move=True)) == []
        refused(lambda: lake.raw.get(raw_key), lambda: list(lake.catalog.scan()))


def _materialize(lake: Lake, batch_id: str) -> None:
    graph = [defs.get_assets_def(name) for name in TO_THE_SET]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("batches", [batch_id])
        done = dg.materialize(
            graph, partition_key=batch_id, instance=instance,
            resources={"lake": lake, "cleansing": CleansingSettings()},
        )  # fmt: skip
    assert done.success


def test_the_upload_function_gives_leave_with_its_own_role_and_no_more(
    guarded: RunningPlatform,
) -> None:
    server = guarded.settings.address(ministack.NAME)
    deployed = outputs(Aws.of(guarded.settings))
    token = guarded.lake.contributors.give_token("c-4711", now=datetime.now(UTC))
    headers = {
        "Host": f"{deployed['UploadApiId']}.execute-api.{server.removeprefix('http://')}",
        "Authorization": f"Bearer {token}",
    }
    content = photograph("by a phone")
    request = {
        "client_id": "the-rights-1", "name": "a.jpg", "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "media_type": "image/jpeg",
        "campaign": "weeds",
    }  # fmt: skip
    asked = httpx.post(f"{server}/uploads", json=request, headers=headers, timeout=60)
    assert asked.status_code == 200, asked.text
    form = asked.json()["form"]
    sent = httpx.post(form["url"], data=form["fields"], files={"file": ("x", content)})
    assert sent.status_code == 204, sent.text

    def catalogued() -> bool:
        answer = httpx.get(f"{server}/uploads/the-rights-1", headers=headers)
        return bool(answer.json()["state"] == "catalogued")

    guarded.wait_until("the upload in the catalog", catalogued)
    forged = form["fields"] | {"x-amz-signature": "0" * 64}
    file = {"file": ("x", content)}
    assert httpx.post(form["url"], data=forged, files=file).status_code == 403


@pytest.mark.parametrize(
    ("role", "action", "place"),
    [
        ("IngestRole", "s3:PutObject", "raw/uploads/x"),
        ("IngestRole", "s3:PutObject", "raw/corrections/x"),
        ("IngestRole", "s3:DeleteObject", "raw/images/x"),
        ("IngestRole", "s3:DeleteObjectVersion", "raw/images/x"),
        ("UploadRole", "s3:PutObject", "raw/images/x"),
        ("UploadRole", "s3:PutObject", "raw/metadata/x"),
        ("IngestRole", "s3:GetObject", "records/votes/x"),
        ("UploadRole", "s3:DeleteObject", "raw/images/x"),
        ("UploadRole", "s3:PutObject", "records/contributors/c-1.json"),
        ("UploadRole", "s3:GetObject", "records/votes/x"),
        ("UploadRole", "s3:PutObject", "cleansed/images/x"),
    ],
)
def test_a_functions_role_does_not_allow(
    guarded: RunningPlatform, role: str, action: str, place: str
) -> None:
    aws = Aws.of(guarded.settings)
    stack = aws.client("cloudformation").describe_stack_resource(
        StackName="farmy", LogicalResourceId=role
    )
    name = stack["StackResourceDetail"]["PhysicalResourceId"].rpartition("/")[2]
    iam = aws.client("iam")
    policies = [
        json.dumps(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    zone, _, key = place.partition("/")
    told = guarded.lake.settings.model_dump()[f"{zone}_bucket"]
    answer = iam.simulate_custom_policy(
        PolicyInputList=policies, ActionNames=[action], ResourceArns=[f"arn:aws:s3:::{told}/{key}"]
    )
    assert answer["EvaluationResults"][0]["EvalDecision"] != "allowed"
