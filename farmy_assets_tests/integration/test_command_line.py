"""The farmy command against real servers, as a person or a script calls it."""

import json
import re
import socket
from pathlib import Path

import pytest

from farmy_assets.local.settings import HOST, PORT_SETTINGS
from farmy_assets_tests.integration.people import campaign_file
from farmy_assets_tests.integration.photographs import write_photographs
from farmy_assets_tests.integration.running import RunningPlatform, free_ports

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "by-hand"
WRONG = campaign_file(NAME, overlap=3).replace("anna@example.com", "anna at home")


def test_status_shows_every_server_and_ends_well_when_all_are_up(
    platform: RunningPlatform,
) -> None:
    answer = platform.farmy("status")
    assert answer.returncode == 0, answer.stderr
    for title in ("MiniStack", "Label Studio", "Dagster", "Dagster daemon", "Dagster code server"):
        assert re.search(rf"{title} +up ", answer.stdout), answer.stdout
    told = json.loads(platform.farmy("status", "--json").stdout)
    assert {server["state"] for server in told["servers"].values()} == {"up"}
    assert told["stack"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_a_second_ingest_says_that_everything_is_there_already(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    write_photographs(tmp_path, of=NAME, count=3)
    (tmp_path / "notes.txt").write_text("wet\n")
    first = platform.farmy("ingest", str(tmp_path), "--campaign", NAME)
    second = platform.farmy("ingest", str(tmp_path), "--campaign", NAME)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "4 files: 3 stored, 0 already there, 1 left out" in first.stdout
    assert "4 files: 0 stored, 3 already there, 1 left out" in second.stdout
    assert "notes.txt: not_an_image" in second.stdout


def test_a_wrong_campaign_file_is_refused_with_every_problem_and_its_place(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)
    answer = platform.farmy("campaign", "apply", str(file))
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert "overlap_share" in answer.stderr
    assert "annotators" in answer.stderr
    assert "email" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_campaign_is_applied_once_and_its_progress_is_shown(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    file = tmp_path / f"{NAME}.yaml"
    file.write_text(campaign_file(NAME, overlap=0))
    first = platform.farmy("campaign", "apply", str(file))
    second = platform.farmy("campaign", "apply", str(file))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "version 1: applied" in first.stdout
    assert "version 1: unchanged" in second.stdout
    platform.wait_for_tasks(NAME, images=3)
    (told,) = json.loads(platform.farmy("campaign", "status", NAME, "--json").stdout)
    assert told["campaign"] == NAME
    assert sum(person["given"] for person in told["annotators"].values()) == 3
    shown = platform.farmy("campaign", "status", NAME)
    assert "0 % done: 3 images given out, 3 tasks open" in shown.stdout
    unknown = platform.farmy("campaign", "status", "no-such-campaign")
    assert unknown.returncode == 1
    assert "there is no campaign no-such-campaign" in unknown.stderr


def test_up_says_who_holds_a_port_and_starts_nothing(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    ports = free_ports()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind((HOST, ports["dagster"]))
        taken.listen()
        variables = {PORT_SETTINGS[name][0]: str(port) for name, port in ports.items()}
        elsewhere = {**variables, "FARMY_HOME": str(tmp_path / "home")}
        answer = platform.farmy("up", **elsewhere)
        assert answer.returncode == 1
        assert f"port {ports['dagster']}, which Dagster needs, is taken by process" in answer.stderr
        assert "export FARMY_DAGSTER_PORT=" in answer.stderr
        told = json.loads(platform.farmy("status", "--json", **elsewhere).stdout)
    assert {server["state"] for server in told["servers"].values()} == {"down"}
