import json
import stat
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from farmy_assets.errors import PlatformError
from farmy_assets.local.aws import Aws
from farmy_assets.local.settings import (
    LocalSettings,
    load_secrets,
    platform_environment,
    read_settings,
    write_environment_file,
)


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return read_settings({"FARMY_HOME": str(tmp_path / "home")})


def test_without_settings_everything_lies_in_one_ignored_folder_of_the_checkout() -> None:
    settings = read_settings({})
    assert settings.home == settings.setup == settings.root / ".local"
    assert ".local/" in (settings.root / ".gitignore").read_text().splitlines()
    assert settings.ports == {
        "ministack": 4566,
        "label-studio": 8180,
        "dagster": 3000,
        "uploads": 8280,
        "start": 8380,
        "code-server": 4000,
    }


def test_several_platforms_share_what_setup_made(tmp_path: Path) -> None:
    first = read_settings({"FARMY_HOME": str(tmp_path / "a")})
    second = read_settings({"FARMY_HOME": str(tmp_path / "b")})
    assert first.home != second.home
    assert (first.setup, first.template) == (second.setup, second.template)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80", "٤٥٦٦"])
def test_what_is_not_a_port_is_refused_by_the_name_of_its_setting(port: str) -> None:
    with pytest.raises(PlatformError, match="FARMY_DAGSTER_PORT"):
        read_settings({"FARMY_DAGSTER_PORT": port})


def test_two_servers_cannot_have_one_port() -> None:
    with pytest.raises(PlatformError, match="another server's port"):
        read_settings({"FARMY_DAGSTER_PORT": "4566"})


def test_secrets_are_made_once_and_for_their_owner_alone(settings: LocalSettings) -> None:
    secrets = load_secrets(settings)
    assert load_secrets(settings) == secrets
    assert len(secrets.label_studio_token) == 40
    assert stat.S_IMODE((settings.home / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700


def test_secrets_do_not_show_when_printed(settings: LocalSettings) -> None:
    secrets = load_secrets(settings)
    shown = {name for name, value in asdict(secrets).items() if value in repr(secrets)}
    assert shown == {"label_studio_email"}
    assert secrets.aws_secret_access_key not in repr(Aws.of(settings))


def test_a_platform_of_an_earlier_version_keeps_its_secrets_and_gets_the_new_ones(
    settings: LocalSettings,
) -> None:
    earlier = {
        "label_studio_email": "lead@example.org", "label_studio_password": "kept",
        "label_studio_token": "kept as well",
    }  # fmt: skip
    settings.home.mkdir()
    path = settings.home / "secrets.json"
    path.write_text(json.dumps(earlier))
    secrets = load_secrets(settings)
    assert asdict(secrets).items() >= earlier.items()
    assert len({*asdict(secrets).values()}) == len(asdict(secrets))
    assert load_secrets(settings) == secrets
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = platform_environment(settings)
    assert told["AWS_SECRET_ACCESS_KEY"] == secrets.aws_secret_access_key


@pytest.mark.parametrize("text", ["[]", "1", '"text"', "null", ""])
def test_what_is_no_file_of_secrets_is_damaged(settings: LocalSettings, text: str) -> None:
    settings.home.mkdir()
    (settings.home / "secrets.json").write_text(text)
    with pytest.raises(PlatformError, match="damaged"):
        load_secrets(settings)
    assert (settings.home / "secrets.json").read_text() == text


@pytest.mark.parametrize("hosts", ["http://a", "a b", "a/b", "a:x", "*", "a:123456"])
def test_what_is_no_host_is_refused_by_the_name_of_its_setting(hosts: str) -> None:
    with pytest.raises(PlatformError, match="FARMY_ALLOWED_HOSTS"):
        read_settings({"FARMY_ALLOWED_HOSTS": hosts})


def test_damaged_secrets_are_not_replaced_in_silence(settings: LocalSettings) -> None:
    load_secrets(settings)
    (settings.home / "secrets.json").write_text("{")
    with pytest.raises(PlatformError, match="damaged"):
        load_secrets(settings)


def test_a_shell_can_source_what_the_product_reads(tmp_path: Path) -> None:
    settings = read_settings({"FARMY_HOME": str(tmp_path / "it's a home")})
    path = write_environment_file(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shown = subprocess.run(
        ["bash", "-c", '. "$1" && printf "%s|%s" "$DAGSTER_HOME" "$FARMY_RAW_BUCKET"', "-", path],
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    told = platform_environment(settings)
    assert shown.stdout == f"{told['DAGSTER_HOME']}|{told['FARMY_RAW_BUCKET']}"
