"""Both `dagster.yaml`: Dagster takes them, each setting is its class's, and no secret is inside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.s3 import S3ComputeLogManager
from moto import mock_aws

from farmy_assets.lake.settings import OPTIONAL_VARIABLES, VARIABLES
from farmy_assets.local.settings import platform_environment, read_settings

ROOT = Path(__file__).parents[2]
LAPTOP, AWS = ROOT / "dagster.yaml", ROOT / "deploy" / "aws" / "dagster.yaml"
FILES = pytest.mark.parametrize("file", [LAPTOP, AWS], ids=["laptop", "aws"])


def settings_of(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text()))


def _set(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**keys, **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@FILES
def test_dagster_takes_the_whole_file(file: Path) -> None:
    settings, _ = dagster_instance_config(str(file.parent), file.name)
    assert settings["compute_logs"]["class"] == "S3ComputeLogManager"
    ref = InstanceRef.from_dir(str(file.parent), config_filename=file.name)
    assert ref.compute_logs_data.class_name == "S3ComputeLogManager"


def test_only_a_laptop_names_an_endpoint_of_its_own() -> None:
    assert "endpoint_url" in settings_of(LAPTOP)["compute_logs"]["config"]
    assert "endpoint" not in AWS.read_text().replace("no endpoint", "")


@FILES
def test_the_longest_time_of_a_run_is_configured_here_alone(file: Path) -> None:
    assert settings_of(file)["run_monitoring"]["max_runtime_seconds"] == 3600


@FILES
def test_secrets_are_named_and_never_written(file: Path) -> None:
    text = file.read_text()
    for word in ("password", "aws_access_key_id", "aws_secret_access_key", "postgresql://"):
        assert word not in text.lower()


def test_every_setting_of_a_laptop_s_run_logs_comes_from_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = platform_environment(read_settings({"FARMY_HOME": str(tmp_path)}))
    _set(monkeypatch, told)
    manager = InstanceRef.from_dir(str(ROOT)).compute_log_manager
    assert isinstance(manager, S3ComputeLogManager)
    assert manager.upload_interval == 30
    assert manager._s3_session.meta.endpoint_url == told["FARMY_AWS_ENDPOINT_URL"]
    local = manager.local_manager.get_captured_local_path(["run", "compute_logs", "key"], "err")
    assert Path(local).is_relative_to(tmp_path)


def test_run_logs_on_aws_need_a_bucket_a_folder_and_a_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"FARMY_LOGS_BUCKET": "logs", "FARMY_RUN_LOGS_DIR": str(tmp_path)}
    _set(monkeypatch, {**told, "AWS_DEFAULT_REGION": "eu-central-1"})
    manager = InstanceRef.from_dir(str(AWS.parent)).compute_log_manager
    assert isinstance(manager, S3ComputeLogManager)
    assert manager._s3_session.meta.endpoint_url.endswith(".amazonaws.com")


def test_runs_on_ecs_get_every_setting_of_the_lake_and_of_label_studio() -> None:
    config = settings_of(AWS)["run_launcher"]["config"]
    told = set(config["env_vars"])
    assert {*VARIABLES.values(), *OPTIONAL_VARIABLES.values()} <= told
    assert {"FARMY_LABEL_STUDIO_URL", "FARMY_LABEL_STUDIO_TOKEN_SECRET"} <= told
    assert "FARMY_LABEL_STUDIO_TOKEN" not in told


@mock_aws
def test_the_launcher_of_runs_on_ecs_takes_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"AWS_DEFAULT_REGION": "eu-central-1"})
    launcher = InstanceRef.from_dir(str(AWS.parent)).run_launcher
    assert isinstance(launcher, EcsRunLauncher)
    assert launcher.run_resources == {"cpu": "2048", "memory": "8192"}
    assert launcher.secrets_tags == []
