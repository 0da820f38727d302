"""`make test` makes its own set-up, the browser included, or says the command before it begins."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASH = shutil.which("bash") or "/bin/bash"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that is the whole PATH; programs in it write down how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "bash").symlink_to(BASH)
    return folder


def _put(folder: Path, name: str, body: str = "") -> None:
    program = folder / name
    program.write_text(f'#!{BASH}\necho "{name} $*" >> "{folder.parent}/called"\n{body}\n')
    program.chmod(0o755)


def _install(folder: Path) -> tuple[int, str, list[str]]:
    done = subprocess.run(
        [BASH, str(ROOT / "deploy/install-browser")],
        env={"PATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    called = folder.parent / "called"
    calls = called.read_text().splitlines() if called.exists() else []
    return done.returncode, done.stderr, [c for c in calls if not c.startswith("id")]


def test_a_browser_that_is_there_is_not_installed_again(programs: Path) -> None:
    _put(programs, "chromium")
    _put(programs, "apt-get")
    assert _install(programs) == (0, "", [])


def test_root_has_the_browser_installed_by_the_package_manager(programs: Path) -> None:
    _put(programs, "id", "echo 0")
    _put(programs, "apt-get")
    code, _, calls = _install(programs)
    assert code == 0
    assert [call.split()[:2] for call in calls] == [["apt-get", "update"], ["apt-get", "install"]]
    assert calls[1].endswith(" chromium")


def test_a_person_who_may_use_sudo_without_a_password_has_it_installed(programs: Path) -> None:
    _put(programs, "id", "echo 1000")
    _put(programs, "sudo")
    _put(programs, "dnf")
    code, _, calls = _install(programs)
    assert code == 0
    assert calls[-1] == "sudo --non-interactive dnf install --assumeyes chromium"


def test_a_person_without_the_right_is_told_the_command(programs: Path) -> None:
    _put(programs, "id", "echo 1000")
    _put(programs, "apt-get")
    code, words, calls = _install(programs)
    assert code == 1
    assert calls == []
    assert "sudo apt-get install --yes" in words
    assert "chromium" in words


def test_an_unknown_system_is_reported_what_is_missing(programs: Path) -> None:
    code, words, _ = _install(programs)
    assert code == 1
    assert "FARMY_CHROMIUM" in words


def test_make_test_asks_for_the_browser_before_anything_else() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "test"],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[0] == "deploy/install-browser"
