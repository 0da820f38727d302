"""farmy dataset, as a person types it: a released data set reaches a disk whole, or not at all."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.cli import dataset
from farmy_assets.cli.main import app
from farmy_assets.datasets.formats import yolo
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.lake import keys
from farmy_assets.lake.dataset_downloads import UNDER_WAY
from farmy_assets.lake.datasets import MANIFEST, ExportManifest
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.datasets.examples import CLASSES, a_box, a_version, an_image

CAMPAIGN = """
name: strawberries
crop: strawberry
classes: [{id: 1, name: ripe}]
annotators: [{name: anna, email: anna@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 0
"""
run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "open_lake", lambda: lake)
    lake.campaigns.apply(parse_campaign(CAMPAIGN))


@pytest.fixture
def released(lake: Lake) -> DatasetVersion:
    """Three images, laid out as YOLO."""
    images = []
    for number in range(3):
        content = f"picture {number}".encode()
        digest = hashlib.sha256(content).hexdigest()
        image = an_image(number, a_box(CLASSES[0].name), sha256=digest)
        lake.cleansed.put(keys.cleansed_image(image.image_id), content)
        images.append(image)
    version = a_version(*images)
    lake.datasets.freeze(version)
    lake.datasets.lay_out(version, {"README.md": b"a card"})
    lake.datasets.export(version, "yolo", yolo, yolo.files_of(version))
    return version


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_released_version_is_listed_with_its_formats(released: DatasetVersion) -> None:
    shown = run(app, ["dataset", "list"])
    assert shown.exit_code == 0
    assert released.version_id in shown.stdout
    (row,) = map(json.loads, run(app, ["dataset", "list", "--json"]).stdout.splitlines())
    assert row == {
        "campaign": "strawberries", "version": released.version_id, "images": 3, "regions": 3,
        "formats": ["yolo"],
    }  # fmt: skip


def test_a_list_without_a_release_has_a_message() -> None:
    shown = run(app, ["dataset", "list"])
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "no data set was released yet" in shown.stderr


def test_a_pulled_data_set_is_what_its_manifest_lists_and_nothing_else(
    lake: Lake, released: DatasetVersion, tmp_path: Path
) -> None:
    stray = keys.dataset(released.campaign, released.version_id, "yolo/images/x.jpg.meta.json")
    lake.exports.put(stray, b"{}")
    folder = tmp_path / "set"
    done = run(app, ["dataset", "pull", "strawberries", str(folder), "--format", "yolo"])
    assert done.exit_code == 0, done.stderr
    listed = ExportManifest.model_validate_json((folder / MANIFEST).read_bytes()).files
    assert files_in(folder) == {*listed, MANIFEST}
    digests = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in listed}
    assert digests == listed


def test_an_interrupted_pull_goes_on_and_fetches_only_what_is_missing(
    lake: Lake, released: DatasetVersion, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    lost = keys.dataset(released.campaign, released.version_id, "yolo/data.yaml")
    content = lake.exports.get(lost)
    lake.exports.delete(lost)
    command = ["dataset", "pull", "strawberries", str(folder), "--format", "yolo"]
    assert run(app, command).exit_code == 1
    already = files_in(folder)
    assert MANIFEST not in already
    lake.exports.put(lost, content)
    again = run(app, command)
    assert again.exit_code == 0
    # Files are fetched side by side: how many arrived before the failure differs.
    missing = files_in(folder) - already - {MANIFEST}
    assert "data.yaml" in missing
    assert f"{len(missing)} fetched" in again.stdout
    assert "0 fetched" in run(app, command).stdout


def test_bytes_that_are_not_the_released_ones_are_refused(
    lake: Lake, released: DatasetVersion, tmp_path: Path
) -> None:
    name = yolo.picture_path(released.images[0])
    picture = f"images/{released.images[0].file_name}"
    lake.exports.put(keys.dataset(released.campaign, released.version_id, picture), b"another")
    done = run(app, ["dataset", "pull", "strawberries", str(tmp_path / "s"), "--format", "yolo"])
    assert done.exit_code == 1
    assert name in done.stderr
    assert "materialize dataset_version again" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "s" / MANIFEST).exists()


def test_a_manifest_that_names_a_place_outside_writes_nothing(
    lake: Lake, released: DatasetVersion, tmp_path: Path
) -> None:
    manifest = ExportManifest(version_id=released.version_id, files={"../outside.txt": "0" * 64})
    key = keys.dataset(released.campaign, released.version_id, f"yolo/{MANIFEST}")
    lake.exports.put(key, manifest.to_json())
    done = run(app, ["dataset", "pull", "strawberries", str(tmp_path / "s"), "--format", "yolo"])
    assert done.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_an_export_of_an_earlier_release_which_holds_its_pictures_is_pulled_as_it_is(
    lake: Lake, released: DatasetVersion, tmp_path: Path
) -> None:
    folder = keys.dataset(released.campaign, released.version_id, "")
    files = dict(yolo.files_of(released))
    for image in released.images:
        content = lake.exports.get(f"{folder}images/{image.file_name}")
        lake.exports.delete(f"{folder}images/{image.file_name}")
        files[yolo.picture_path(image)] = content
    for path, content in files.items():
        lake.exports.put(f"{folder}yolo/{path}", content)
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    former = {"version_id": released.version_id, "files": digests}
    lake.exports.put(f"{folder}yolo/{MANIFEST}", json.dumps(former).encode())
    done = run(app, ["dataset", "pull", "strawberries", str(tmp_path / "s"), "--format", "yolo"])
    assert done.exit_code == 0, done.stderr
    assert files_in(tmp_path / "s") == {*files, MANIFEST}


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "interrupted"])
def test_a_folder_of_an_earlier_export_is_the_same_after_the_version_was_exported_again(
    lake: Lake, released: DatasetVersion, tmp_path: Path, *, is_whole: bool
) -> None:
    folder = tmp_path / "set"
    command = ["dataset", "pull", "strawberries", str(folder), "--format", "yolo"]
    assert run(app, command).exit_code == 0
    manifest = json.loads((folder / MANIFEST).read_bytes())
    del manifest["pictures"]  # as exports that hold their pictures themselves are listed
    (folder / MANIFEST).write_text(json.dumps(manifest))
    if not is_whole:
        mark = {"format": "yolo", "version_id": released.version_id}
        (folder / UNDER_WAY).write_text(json.dumps(mark))
        (folder / "data.yaml").unlink()
    again = run(app, command)
    assert again.exit_code == 0, again.stderr
    assert f"{0 if is_whole else 1} fetched" in again.stdout
    stored = ExportManifest.model_validate_json((folder / MANIFEST).read_bytes())
    assert stored == lake.datasets.export_manifest(released, "yolo")


@pytest.mark.parametrize("change", ["version_id", "files"])
def test_a_folder_of_another_version_or_with_other_files_is_left_alone(
    released: DatasetVersion, tmp_path: Path, change: str
) -> None:
    folder = tmp_path / "set"
    command = ["dataset", "pull", "strawberries", str(folder), "--format", "yolo"]
    assert run(app, command).exit_code == 0
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest[change] = "v0009-00000000" if change == "version_id" else {}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    done = run(app, command)
    assert done.exit_code == 1
    assert "holds something else" in done.stderr.replace("\n", " ")


def test_a_manifest_that_takes_a_picture_from_outside_writes_nothing(
    lake: Lake, released: DatasetVersion, tmp_path: Path
) -> None:
    manifest = ExportManifest(
        version_id=released.version_id, files={"images/a.jpg": "0" * 64},
        pictures={"images/a.jpg": "../other/manifest.json"},
    )  # fmt: skip
    key = keys.dataset(released.campaign, released.version_id, f"yolo/{MANIFEST}")
    lake.exports.put(key, manifest.to_json())
    done = run(app, ["dataset", "pull", "strawberries", str(tmp_path / "s"), "--format", "yolo"])
    assert done.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_left_alone(released: DatasetVersion, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = run(app, ["dataset", "pull", released.campaign, str(tmp_path), "--format", "yolo"])
    assert done.exit_code == 1
    assert files_in(tmp_path) == {"mine.txt"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["strawberrys"], "did you mean strawberries?"),
        (
            ["strawberries", "--format", "coco"],
            "was not exported as coco; formats that are there: yolo",
        ),
        (["strawberries", "--format", "xml"], "no export format 'xml'; there are: coco, yolo"),
        (["strawberries", "--version", "v0009-00000000"], "has no version v0009-00000000"),
    ],
    ids=["campaign", "format", "unknown format", "version"],
)
def test_what_is_not_there_is_reported_with_what_is(
    released: DatasetVersion, tmp_path: Path, arguments: list[str], words: str
) -> None:
    name, *options = arguments
    done = run(app, ["dataset", "pull", name, str(tmp_path / "s"), *options])
    assert done.exit_code == 1
    assert words in done.stderr.replace("\n", " ")


def test_a_campaign_without_a_release_says_where_to_look(tmp_path: Path) -> None:
    done = run(app, ["dataset", "pull", "strawberries", str(tmp_path / "s")])
    assert done.exit_code == 1
    assert "farmy campaign status strawberries" in done.stderr
