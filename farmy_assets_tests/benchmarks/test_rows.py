"""A benchmark loses no row that it has measured, and a tool that fails is a row with its reason."""

import sys
from pathlib import Path

import pytest

from farmy_assets.local.settings import read_settings
from farmy_assets_tests.benchmarks import cleansing_speed, page, peers
from farmy_assets_tests.benchmarks.peers import PeerFailedError, ask_peer


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files and environments of benchmarks go into a folder of the test's own."""
    monkeypatch.setenv("FARMY_HOME", str(tmp_path / "home"))
    peers._installed.cache_clear()


def test_rows_are_on_disk_before_the_next_measurement_fails() -> None:
    rows = page.Rows("cleansing")
    rows.add("| clothing | ours | 968 |")
    rows.note("round 1: 968")
    assert rows.path.read_text().splitlines() == ["| clothing | ours | 968 |", "round 1: 968"]


def test_a_tool_that_fails_is_a_row_with_its_reason_and_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def peer(name: str, _script: str, _folder: Path) -> float:
        asked.append(name)
        if name == "fastdup":
            msg = "ImportError: no such library"
            raise PeerFailedError(msg)
        return 50.0

    monkeypatch.setattr(cleansing_speed, "_peer", peer)
    monkeypatch.setattr(cleansing_speed, "pass_rate", lambda _folder: 100.0)
    monkeypatch.setattr(cleansing_speed, "decoding_rate", lambda _folder, _scale: 200.0)
    notes: list[str] = []
    rows = cleansing_speed.images_per_second(tmp_path, notes.append)
    assert [row for row in rows if "fastdup" in row] == [
        f"| `{tmp_path.name}` | fastdup 2.54, its default run "
        "| fails: ImportError: no such library | |"
    ]
    assert next(row for row in rows if "imagededup" in row).endswith("| 50 | 2.00 |")
    assert asked.count("fastdup") == 1
    assert asked.count("imagededup") == cleansing_speed.ROUNDS
    assert sum("ours" in note for note in notes) == cleansing_speed.ROUNDS


def test_a_script_that_fails_says_its_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "peers_python", lambda _peer: Path(sys.executable))
    with pytest.raises(PeerFailedError, match="ZeroDivisionError"):
        ask_peer("fastdup", "1 / 0")
    with pytest.raises(PeerFailedError, match="no figures"):
        ask_peer("fastdup", "print()")
    assert ask_peer("fastdup", "import json, sys; print(json.load(sys.stdin))", given=3) == 3


def test_every_tool_has_a_lock_that_names_its_version() -> None:
    folder = read_settings().root / "deploy" / "requirements"
    for name in ("cleanvision", "imagededup", "fastdup"):
        wanted = [
            line for line in (folder / f"peer-{name}.in").read_text().splitlines() if "==" in line
        ]
        lock = (folder / f"peer-{name}.txt").read_text()
        locked = {line.split()[0] for line in lock.splitlines() if "==" in line}
        assert wanted
        assert [line for line in wanted if line not in locked] == []
