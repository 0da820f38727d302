"""The commands as a person types them, on a lake in memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base
from typer.testing import CliRunner

from farmy_assets.cleansing.compared_images import Fingerprint
from farmy_assets.cli import catalog, duplicates, ingest
from farmy_assets.cli.main import app
from farmy_assets.errors import LakeError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.annotation.examples import campaign as example
from farmy_assets_tests.arrivals import jpeg

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (catalog, duplicates, ingest):
        monkeypatch.setattr(module, "open_lake", lambda: lake)


def keep(lake: Lake, image_ids: list[str]) -> None:
    """Have the duplicate index say that a batch keeps these images."""
    new = [
        Fingerprint(
            image_id=image_id, sha256=image_id.partition("-")[0] * 2, pixel_hash=f"{n:064x}",
            phash=f"{n:016x}", dhash=f"{n:016x}", turned="0" * 224, width_px=8, height_px=8,
            sharpness=1,
        )
        for n, image_id in enumerate(image_ids)
    ]  # fmt: skip
    lake.duplicates.claim("b", new, campaign="weeds", find=lambda _new, _known: {})


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(jpeg(number))
    (folder / "[notes].txt").write_text("no photograph")
    return folder


def test_ingest_tells_what_came_in_and_what_stayed_out(photographs: Path) -> None:
    told = run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    assert told.exit_code == 0
    assert "4 files: 3 stored, 0 already there, 1 left out" in told.stdout
    assert "[notes].txt: not_an_image" in told.stdout


def test_ingest_twice_is_a_no_op_and_a_script_can_read_it(photographs: Path) -> None:
    run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    told = run(app, ["ingest", str(photographs), "--campaign", "weeds", "--json"])
    report = json.loads(told.stdout)
    assert (report["stored"], report["already_there"], len(report["refused"])) == (0, 3, 1)


def test_metadata_are_corrected_by_name_from_options_and_side_cars_and_nothing_else_is(
    photographs: Path, lake: Lake
) -> None:
    told = ["ingest", str(photographs), "--campaign", "weeds", "--licence", "CC0-1.0"]
    run(app, [*told, "--crop", "maize", "--field", "7"])
    (photographs / "1.jpg.json").write_text('{"crop": "rye"}')
    (photographs / "new.jpg").write_bytes(jpeg(99))
    by = ["--correct", "--by", "anna@example.com", "--why", "a wrong list", "--remove", "field"]
    first = run(app, [*told, "--crop", "wheat", *by])
    assert first.exit_code == 0, first.output
    assert first.stdout == "3 corrected, 0 had these values already, 2 left out\n"
    assert "new.jpg: not_in_the_lake" in first.stderr
    again = run(app, [*told, "--crop", "wheat", *by, "--json"])
    assert json.loads(again.stdout)["unchanged"] == 3
    ids = [keys.image_id_of_raw_key(key) or "" for key in lake.raw.keys(keys.RAW_IMAGES)]
    assert len(ids) == 3
    found = [current for i in ids if (current := lake.corrections.current(i))]
    stands = [s.metadata for s in found if s.metadata]
    assert sorted(str(m.crop) for m in stands) == ["rye", "wheat", "wheat"]
    assert {(m.field, m.licence) for m in stands} == {(None, "CC0-1.0")}
    assert {(s.corrections[0].author, s.corrections[0].reason) for s in found} == {
        ("anna@example.com", "a wrong list")
    }
    assert {s.first.field for s in found if s.first} == {"7"}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--correct"], "--by"), (["--remove", "crop"], "go with --correct"),
        (["--correct", "--by", "anna", "--remove", "campaign"], "can be: captured_at"),
    ],
)  # fmt: skip
def test_a_correction_without_a_name_or_of_what_an_image_is_ends_in_one_plain_line(
    photographs: Path, lake: Lake, more: list[str], why: str
) -> None:
    told = run(app, ["ingest", str(photographs), "--campaign", "weeds", *more])
    assert told.exit_code == 1
    assert why in told.stderr
    assert list(lake.raw.keys("")) == []


def test_a_wrong_campaign_name_ends_in_one_plain_line(photographs: Path, lake: Lake) -> None:
    told = run(app, ["ingest", str(photographs), "--campaign", "No Name"])
    assert told.exit_code == 1
    assert "campaign" in told.stderr
    assert "Traceback" not in told.output
    assert list(lake.raw.keys("")) == []


def test_a_lake_that_is_down_ends_in_one_plain_line(
    photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> Lake:
        raise LakeUnavailableError("the lake does not answer; start it with `make up`")

    monkeypatch.setattr(ingest, "open_lake", down)
    told = run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    assert told.exit_code == 1
    assert "make up" in told.stderr


def test_a_list_comes_in_and_what_stayed_out_is_written_down(
    photographs: Path, tmp_path: Path
) -> None:
    (photographs / "list.csv").write_text("file,crop\n0.jpg,beet\ngone.jpg,beet\n")
    told = run(app, ["ingest", str(photographs / "list.csv"), "--campaign", "weeds",
                     "--report", str(tmp_path / "out.csv")])  # fmt: skip
    assert told.exit_code == 0
    assert "2 files: 1 stored, 0 already there, 1 left out" in told.stdout
    assert "gone.jpg,missing_file" in (tmp_path / "out.csv").read_text()


def test_a_bucket_comes_in_from_where_the_lake_is(photographs: Path, lake: Lake) -> None:
    lake.exports.put("theirs/a.jpg", jpeg(7))
    told = run(app, ["ingest", "s3://datasets/theirs/", "--campaign", "weeds", "--json"])
    assert json.loads(told.stdout)["stored"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "give one of DIR, LIST.csv, s3://BUCKET/PREFIX"),
        (["s3://"], "s3://bucket"),
        (["s3://no-such-bucket/x"], "NoSuchBucket"),
        (["s3://datasets/", "--profile", "nobody"], "nobody"),
        ([".", "--contributor", "Anna Smith"], "c-4711"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_imported_is_reported_in_one_plain_line(
    arguments: list[str], told: str
) -> None:
    answer = run(app, ["ingest", *arguments, "--campaign", "weeds"])
    assert answer.exit_code == 1
    assert told in answer.stderr
    assert "Traceback" not in answer.output


def test_an_error_is_shown_as_it_is_brackets_included(tmp_path: Path) -> None:
    for name in ("[/x]", "[bold]", r"\[x]"):
        told = run(app, ["ingest", str(tmp_path / name), "--campaign", "weeds"])
        assert told.exit_code == 1
        assert f"{name} is no folder" in told.stderr.replace("\n", "")


def test_a_report_that_cannot_be_written_is_reported_before_anything_is_stored(
    photographs: Path, lake: Lake, tmp_path: Path
) -> None:
    arguments = ["ingest", str(photographs), "--campaign", "weeds", "--report"]
    told = run(app, [*arguments, str(tmp_path / "none" / "report.csv")])
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr
    assert list(lake.raw.keys("")) == []
    (tmp_path / "kept.csv").write_text("of the last time")
    assert run(app, [*arguments[:3], "No Name", "--report", str(tmp_path / "kept.csv")]).exit_code
    assert (tmp_path / "kept.csv").read_text() == "of the last time"


def test_half_an_exif_block_tells_its_half_and_needs_no_warning(
    photographs: Path, lake: Lake
) -> None:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Copyright] = "Fairphone", "x" * 5000
    Image.new("RGB", (8, 8)).save(photographs / "cut.jpg", exif=exif)
    content = (photographs / "cut.jpg").read_bytes()
    block = content.index(b"Exif\0\0")
    said = int.from_bytes(content[block - 2 : block])
    cut = content[: block - 2] + (said - 4000).to_bytes(2) + content[block : block + said - 4002]
    (photographs / "cut.jpg").write_bytes(cut)
    told = run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    assert (told.exit_code, "Warning" in told.stderr) == (0, False)
    ids = [keys.image_id_of_raw_key(key) for key in lake.raw.keys(keys.RAW_IMAGES)]
    found = [lake.ingestion.find_metadata(image_id or "") for image_id in ids]
    assert "Fairphone" in {metadata.device for metadata in found if metadata}


def test_a_repair_tells_what_it_found(photographs: Path, lake: Lake) -> None:
    run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    assert json.loads(run(app, ["reconcile"]).stdout)["entries_added"] == 3
    assert json.loads(run(app, ["reconcile", "--rebuild"]).stdout)["entries_rewritten"] == 3


def test_dead_letters_need_the_address_of_their_queue() -> None:
    told = run(app, ["redrive"])
    assert told.exit_code == 1
    assert "FARMY_INGEST_QUEUE_URL" in told.stderr


def test_help_teaches_how_to_begin() -> None:
    told = run(app, ["--help"])
    assert "farmy ingest DIR --campaign NAME" in told.stdout
    for command in ("up", "down", "status", "ingest", "reconcile", "redrive", "campaign"):
        assert command in told.stdout


def test_a_name_that_no_campaign_can_have_is_refused_with_a_message(
    photographs: Path, lake: Lake
) -> None:
    lake.campaigns.apply(example().model_copy(update={"name": "weeds"}))
    told = run(app, ["ingest", str(photographs), "--campaign", "Weeds 2026"])
    assert told.exit_code == 1
    assert "'Weeds 2026' cannot be a campaign's name" in told.stderr
    assert "pattern" not in told.stderr
    assert "come in" not in told.stderr


def test_an_unknown_campaign_is_reported_with_the_nearest_one_and_the_import_goes_on(
    photographs: Path, lake: Lake
) -> None:
    lake.campaigns.apply(example().model_copy(update={"name": "weeds"}))
    told = run(app, ["ingest", str(photographs), "--campaign", "weed"])
    assert told.exit_code == 0
    assert "there is no campaign weed yet; did you mean weeds?" in told.stderr
    assert "3 stored" in told.stdout
    assert "warning" not in run(app, ["ingest", str(photographs), "--campaign", "weeds"]).stderr


def test_whoever_may_only_import_imports_without_any_warning(
    photographs: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise LakeError("reading s3://records/...: AccessDenied")

    monkeypatch.setattr(type(lake.campaigns), "names", refused)
    monkeypatch.setattr(type(lake.duplicates), "everything", refused)
    told = run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    assert (told.exit_code, "3 stored" in told.stdout) == (0, True)
    assert "AccessDenied" not in told.output


def test_the_count_of_one_file_is_in_the_singular(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(jpeg(1))
    told = run(app, ["ingest", str(tmp_path), "--campaign", "weeds"])
    assert "1 file: 1 stored" in told.stdout


def test_photographs_that_another_campaign_keeps_are_reported_with_the_command_that_copies_nothing(
    photographs: Path, lake: Lake
) -> None:
    run(app, ["ingest", str(photographs), "--campaign", "weeds", "--source", "mobile"])
    run(app, ["reconcile"])
    ids = [keys.image_id_of_raw_key(key) or "" for key in lake.raw.keys(keys.RAW_IMAGES)]
    keep(lake, ids[:2])
    told = run(app, ["ingest", str(photographs), "--campaign", "pests"])
    assert "2 of these 3 photographs are in campaign weeds too" in told.stderr
    assert "farmy campaign include pests --from weeds" in told.stderr
    again = run(app, ["ingest", str(photographs), "--campaign", "weeds"])
    assert "campaign weeds too" not in again.stderr


def test_restore_wants_images_or_a_whole_campaign_and_not_both() -> None:
    for arguments in (
        [],
        ["x", "--all", "--campaign", "weeds"],
        ["--all"],
        ["--campaign", "weeds"],
    ):
        told = run(app, ["duplicates", "restore", *arguments])
        assert told.exit_code == 1
        assert "give image ids, or --campaign NAME --all" in told.stderr


@pytest.mark.parametrize(
    "command",
    [["list", "weds"], ["list", "weds", "--json"], ["restore", "--campaign", "weds", "--all"]],
)
def test_duplicates_of_a_campaign_that_there_is_not_are_reported_with_the_nearest_one(
    lake: Lake, command: list[str]
) -> None:
    lake.campaigns.apply(example().model_copy(update={"name": "weeds"}))
    told = run(app, ["duplicates", *command])
    assert told.exit_code == 1
    assert "there is no campaign weds; did you mean weeds?" in told.stderr


def test_what_is_no_duplicate_is_not_restored_and_the_error_says_what_to_do(lake: Lake) -> None:
    told = run(app, ["duplicates", "list", "weeds"])
    assert "campaign weeds has no duplicates" in told.stderr
    told = run(app, ["duplicates", "restore", "unknown", "--by", "anna@example.com"])
    assert told.exit_code == 1
    assert "no cleansed batch holds an image unknown" in told.stderr
    assert lake.triage.rulings("weeds") == ()


def test_a_command_ends_by_its_exit_functions_and_takes_no_module_apart() -> None:
    program = """
import atexit, os, sys
class Late:
    def __del__(self, write=os.write): write(1, b"taken apart")
late = Late()
atexit.register(print, "left")
sys.argv = ["farmy", "people", "--help"]
from farmy_assets.cli.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "left"
