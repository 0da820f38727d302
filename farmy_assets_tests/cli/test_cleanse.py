"""farmy cleanse on the command line: its answers, its exit codes, and what it refuses."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from farmy_assets.cli import entry
from farmy_assets.cli.main import app
from farmy_assets_tests.cleansing.drawing import blurred, plants, stored

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photographs"
    made.mkdir()
    (made / "good.jpg").write_bytes(stored(plants()))
    (made / "blurred.jpg").write_bytes(stored(blurred(plants(1), 0.02)))
    (made / "text.jpg").write_bytes(b"text")
    return made


def test_bad_photographs_are_a_finding_and_no_error(folder: Path, tmp_path: Path) -> None:
    done = RUN.invoke(app, ["cleanse", str(folder), "--out", str(tmp_path / "new" / "out")])

    assert done.exit_code == 0
    assert "3 files" in done.stdout
    assert "1 fit" in done.stdout
    assert "blurry: 1" in done.stdout
    assert "files" not in done.stderr
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {
        "report.html", "report.parquet"
    }  # fmt: skip


def test_for_scripts_the_summary_alone_is_printed(folder: Path, tmp_path: Path) -> None:
    done = RUN.invoke(app, ["cleanse", str(folder), "--out", str(tmp_path / "out"), "--json"])

    summary = json.loads(done.stdout)
    assert summary["files"] == 3
    assert (summary["kept"], summary["held"], summary["rejected"]) == (1, 1, 1)
    assert summary["reasons"] == {"blurry": 1, "unreadable": 1}
    assert Path(summary["page"]).exists()


def test_a_policy_file_changes_the_verdicts_of_its_source(folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("by_source: {scraper: {blurry: {warn: 99, fail: 0}}}")
    command = ["cleanse", str(folder), "--out", str(tmp_path / "out"), "--json"]

    plain = RUN.invoke(app, [*command, "--policy", str(policy)])
    scraped = RUN.invoke(app, [*command, "--policy", str(policy), "--source", "scraper"])

    assert json.loads(plain.stdout)["held"] == 1
    assert json.loads(scraped.stdout)["held"] == 0
    assert json.loads(scraped.stdout)["warnings"] == {"blurry": 2}


def test_a_folder_for_reports_below_the_photographs_is_never_checked_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    command = ["cleanse", str(folder), "--out", "out", "--json"]

    found = [json.loads(RUN.invoke(app, command).stdout)["files"] for _ in range(2)]

    assert found == [3, 3]


def test_ctrl_c_ends_it_with_one_line_and_without_a_crash(folder: Path, tmp_path: Path) -> None:
    for number in range(5000):
        (folder / f"{number}.jpg").hardlink_to(folder / "good.jpg")
    command = [sys.executable, "-m", "farmy_assets.cli"]
    out = tmp_path / "out"
    started = subprocess.Popen(
        [*command, "cleanse", str(folder), "--out", str(out)], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    threads = Path(f"/proc/{started.pid}/task")
    # Loading a library may start a process as well, so the folder has to be there, too.
    while not (out.is_dir() and _children(threads)) and time.monotonic() < deadline:
        time.sleep(0.1)
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=60)

    assert started.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    assert not list(out.iterdir())


def _children(threads: Path) -> str:
    """Which processes any thread has started."""
    return "".join((thread / "children").read_text() for thread in threads.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["{folder}/good.jpg", "--out", "{out}"], "is not a folder"),
        (["{folder}/nowhere", "--out", "{out}"], "is not a folder"),
        (["{folder}", "--out", "{folder}"], "name another one"),
        (["{folder}", "--out", "{folder}/good.jpg/x"], "cannot be made"),
        (["{folder}", "--out", "{out}", "--policy", "{folder}/text.jpg"], "policy file"),
        (["{folder}", "--out", "{out}", "--policy", "{folder}/none.yaml"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_reported_in_one_line(
    folder: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    told = [option.format(folder=folder, out=tmp_path / "out") for option in options]

    done = RUN.invoke(app, ["cleanse", *told])

    assert done.exit_code == 1
    assert done.stderr.startswith("error:")
    assert said in " ".join(done.stderr.split())


def test_the_command_loads_nothing_that_it_does_not_need(folder: Path, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from farmy_assets.cli.entry import app_for\n"
        "try:\n"
        "    app_for(sys.argv[1:])()\n"
        "except SystemExit as end:\n"
        "    heavy = {'boto3', 'daft', 'dagster', 'duckdb', 'faiss', 'pandas', 'ray', 'scrapy'}\n"
        "    print(end.code, sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, "cleanse", str(folder), "--out", str(tmp_path / "out")]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0 []"
    assert (tmp_path / "out" / "report.html").exists()


def test_the_script_ends_with_all_that_was_written_and_leaves_no_process_behind(
    folder: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "farmy_assets.cli", "cleanse", str(folder)]

    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--json"], stdout=subprocess.PIPE, text=True
    ) as started:
        decoding: set[psutil.Process] = set()
        while started.poll() is None:
            with suppress(psutil.Error):  # it may end at any moment
                decoding |= set(psutil.Process(started.pid).children())
            time.sleep(0.01)
        written, _ = started.communicate()

    assert started.returncode == 0
    assert json.loads(written)["files"] == 3
    assert decoding
    assert not psutil.wait_procs(decoding, timeout=10)[1]


def test_the_script_tells_a_wrong_folder_by_its_exit_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "farmy_assets.cli", "cleanse", str(tmp_path / "nowhere")]

    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "is not a folder" in " ".join(done.stderr.split())


def test_the_script_has_every_other_command() -> None:
    assert entry.app_for(["search", "cleanse"]) is app
    assert entry.app_for(["search", "--help"]) is app


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_list_of_commands_is_that_of_the_commands_themselves(arguments: list[str]) -> None:
    listed = RUN.invoke(entry.app_for(arguments), arguments, prog_name="farmy")
    loaded = RUN.invoke(app, arguments, prog_name="farmy")

    assert (listed.output, listed.exit_code) == (loaded.output, loaded.exit_code)


def test_a_shell_that_completes_words_gets_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_FARMY_COMPLETE", "complete_bash")

    assert entry.app_for([]) is app
