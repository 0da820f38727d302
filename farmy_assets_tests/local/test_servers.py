from dataclasses import asdict
from pathlib import Path

import pytest

from farmy_assets.local import dagster_servers
from farmy_assets.local.access.rules import VARIABLE, AccessRules
from farmy_assets.local.label_studio import label_studio_server
from farmy_assets.local.ministack import ministack_server
from farmy_assets.local.processes import Server
from farmy_assets.local.settings import LocalSettings, load_secrets, read_settings
from farmy_assets.local.start_site import start_server
from farmy_assets.local.upload_site import upload_server


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return read_settings({"FARMY_HOME": str(tmp_path)})


def every_server(settings: LocalSettings) -> list[Server]:
    return [
        ministack_server(settings),
        start_server(settings),
        upload_server(settings),
        label_studio_server(settings),
        dagster_servers.code_server(settings),
        dagster_servers.web_server(settings),
        dagster_servers.daemon(settings),
    ]


def test_no_secret_is_on_a_command_line(settings: LocalSettings) -> None:
    secrets = asdict(load_secrets(settings))
    del secrets["label_studio_email"]
    for server in every_server(settings):
        line = " ".join(server.command)
        assert not [name for name, value in secrets.items() if value in line]


def test_four_servers_know_under_which_names_they_are_asked(settings: LocalSettings) -> None:
    for server in (
        ministack_server(settings),
        start_server(settings),
        upload_server(settings),
        dagster_servers.web_server(settings),
    ):
        rules = AccessRules.from_json(server.environment[VARIABLE])
        assert rules.hosts == (f"127.0.0.1:{server.port}", f"localhost:{server.port}")


def test_the_emulator_checks_rights_and_its_root_key_is_this_platform_s_own(
    settings: LocalSettings, tmp_path: Path
) -> None:
    environment = ministack_server(settings).environment
    assert environment["AUTH"] == "true"
    other = read_settings({"FARMY_HOME": str(tmp_path / "other")})
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert len(environment[name]) >= 20
        assert environment[name] != ministack_server(other).environment[name]
        assert environment[name] == upload_server(settings).environment[name]


def test_label_studio_has_a_key_of_its_own_and_not_the_platform_s(settings: LocalSettings) -> None:
    secrets = load_secrets(settings)
    environment = label_studio_server(settings).environment
    assert environment["AWS_ACCESS_KEY_ID"] == secrets.label_studio_access_key_id
    assert environment["AWS_SECRET_ACCESS_KEY"] == secrets.label_studio_secret_access_key
    for value in (secrets.aws_access_key_id, secrets.aws_secret_access_key):
        assert value not in environment.values()


def test_every_server_listens_on_this_machine_only(settings: LocalSettings) -> None:
    for server in every_server(settings):
        told = " ".join([*server.command, server.environment.get("BIND_HOST", "")])
        assert server.port is None or "127.0.0.1" in told
        assert "0.0.0.0" not in told


def test_ministack_opens_no_second_port_and_keeps_its_data_in_the_home(
    settings: LocalSettings,
) -> None:
    environment = ministack_server(settings).environment
    assert environment["IOT_MTLS_ENABLED"] == "0"
    for name in ("STATE_DIR", "S3_DATA_DIR", "TMPDIR"):
        assert environment[name].startswith(str(settings.home))


def test_ministack_gets_the_time_to_save_its_data(settings: LocalSettings) -> None:
    assert ministack_server(settings).stop_seconds >= 60


def test_label_studio_runs_in_an_empty_folder_with_sign_up_closed(settings: LocalSettings) -> None:
    server = label_studio_server(settings)
    assert list(server.directory.iterdir()) == []
    assert server.environment["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert server.environment["COLLECT_ANALYTICS"] == "false"
    assert server.environment["LABEL_STUDIO_S3_ENDPOINT"] == settings.address("ministack")
    assert "SSRF_PROTECTION_ENABLED" not in server.environment


def test_dagster_servers_pass_on_our_own_settings_and_no_stray_ones(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARMY_RAY_ADDRESS", "ray://head:10001")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of a real account")
    environment = dagster_servers.code_server(settings).environment
    assert environment["FARMY_RAY_ADDRESS"] == "ray://head:10001"
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["DO_NOT_TRACK"] == "1"


def test_dagster_uses_the_checkout_s_own_configuration(settings: LocalSettings) -> None:
    dagster_servers.prepare_dagster(settings)
    dagster_servers.prepare_dagster(settings)
    link = settings.dagster_home / "dagster.yaml"
    assert link.resolve() == settings.root / "dagster.yaml"
    assert "port: 4000" in (settings.dagster_home / "workspace.yaml").read_text()
