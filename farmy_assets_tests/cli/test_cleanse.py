"""farmy cleanse on the command line: its answers, its exit codes, and what it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

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
    assert "3 files" in done.stderr
    assert "1 fit" in done.stderr
    assert "blurry: 1" in done.stderr
    assert done.stdout == ""
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
    policy.write_text("by_source: {scraper: {blurry: {warn: 0, fail: 0}}}")
    command = ["cleanse", str(folder), "--out", str(tmp_path / "out"), "--json"]

    plain = RUN.invoke(app, [*command, "--policy", str(policy)])
    scraped = RUN.invoke(app, [*command, "--policy", str(policy), "--source", "scraper"])

    assert json.loads(plain.stdout)["held"] == 1
    assert json.loads(scraped.stdout)["held"] == 0


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
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    told = [option.format(folder=folder, out=tmp_path / "out") for option in options]

    done = RUN.invoke(app, ["cleanse", *told])

    assert done.exit_code == 1
    assert done.stderr.startswith("error:")
    assert said in " ".join(done.stderr.split())
