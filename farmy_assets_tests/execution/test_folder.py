"""A folder of anything at all: one row a file, copies found, reports that stand alone."""

import os
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from farmy_assets.cleansing.checks import names, valued_checks
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.folder import FolderReport, cleanse, write_reports
from farmy_assets.execution.found_files import files_below
from farmy_assets_tests.cleansing.drawing import blurred, opened, plants, stored

POLICY = CleansingPolicy()
HOSTILE = '<script>alert("x")</script> & "quoted" {{ 7 * 7 }}.jpg'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("photographs")
    image = plants(size=(400, 300))
    files = {
        "good.jpg": stored(image),
        "sub/smaller.jpg": stored(image.resize((320, 240))),
        "sub/turned.png": stored(opened(stored(image)).transpose(Image.Transpose.ROTATE_90), "PNG"),
        "blurred.jpg": stored(blurred(plants(2), 0.02)),
        "text.txt": b"hello",
        "empty.jpg": b"",
        "cut.jpg": stored(plants(3))[:4000],
        "misnamed.png": stored(plants(4)),
        "line\nbreak ü.jpg": stored(plants(5)),
        HOSTILE.replace("/", "\u2215"): stored(blurred(plants(6), 0.05)),
    }
    for name, content in files.items():
        path = made / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    Path(os.fsdecode(os.fsencode(made) + b"/bad\xff name.jpg")).write_bytes(stored(plants(7)))
    (made / "link.jpg").symlink_to("nowhere.jpg")
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> FolderReport:
    return cleanse(folder, list(files_below(folder)), policy=POLICY)


@pytest.fixture(scope="module")
def rows(found: FolderReport) -> dict[str, dict[str, object]]:
    return {row["path"]: row for row in found.as_table().to_pylist()}


def test_every_file_gets_one_row(folder: Path, rows: dict[str, dict[str, object]]) -> None:
    files = [path for path in folder.rglob("*") if not path.is_dir()]

    assert len(rows) == len(files) == 12
    assert "bad\\xff name.jpg" in rows


def test_each_file_has_its_reason(rows: dict[str, dict[str, object]]) -> None:
    assert rows["text.txt"]["reasons"] == ["unreadable"]
    assert rows["empty.jpg"]["detail"] == "empty file"
    assert rows["cut.jpg"]["reasons"] == ["truncated"]
    assert rows["link.jpg"]["reasons"] == ["missing_from_raw"]
    assert rows["blurred.jpg"]["reasons"] == ["blurry"]
    assert rows["misnamed.png"]["reasons"] == ["wrong_extension"]
    assert rows["misnamed.png"]["warnings"] == ["wrong_extension"]
    assert rows["misnamed.png"]["verdict"] == "warn"
    assert rows["good.jpg"]["verdict"] == "pass"


def test_copies_form_a_cluster_of_which_the_largest_is_kept(
    rows: dict[str, dict[str, object]],
) -> None:
    cluster = {name: row for name, row in rows.items() if row["duplicate_cluster"]}

    assert {row["duplicate_cluster"] for row in cluster.values()} <= cluster.keys()
    assert sorted(cluster) == ["good.jpg", "sub/smaller.jpg", "sub/turned.png"]
    assert [name for name, row in cluster.items() if row["keep"]] == [
        row["duplicate_cluster"] for row in cluster.values()
    ][:1]
    assert not rows["sub/smaller.jpg"]["keep"]
    assert "near_duplicate" in rows["sub/smaller.jpg"]["reasons"]  # type: ignore[operator]


def test_the_reasons_of_a_failed_file_are_what_failed_and_no_warnings(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(stored(plants(1)))

    found = cleanse(tmp_path, list(files_below(tmp_path)), policy=POLICY)

    told = {row["path"]: (row["verdict"], row["reasons"]) for row in found.as_table().to_pylist()}
    assert told == {
        "a.png": ("warn", ["wrong_extension"]),
        "b.png": ("fail", ["exact_duplicate"]),
    }


def test_every_check_has_a_column_with_its_value(rows: dict[str, dict[str, object]]) -> None:
    good = rows["good.jpg"]

    assert all(isinstance(good[check.name], float) for check in valued_checks())
    assert all(rows["text.txt"][check.name] is None for check in valued_checks())
    assert good["too_small"] == 300
    assert set(names()) - {"content_changed"} <= {*good}
    assert (good["truncated"], rows["cut.jpg"]["truncated"]) == (0, 1)
    assert (good["unreadable"], rows["text.txt"]["unreadable"]) == (0, 1)
    assert good["decompression_bomb"] == 400 * 300


def test_the_reports_are_written_and_the_page_needs_no_other_file(
    found: FolderReport, folder: Path, tmp_path: Path
) -> None:
    table, page = tmp_path / "report.parquet", tmp_path / "report.html"

    write_reports(found, list(files_below(folder)), table=table, page=page)
    text = page.read_text()

    assert pq.read_table(table).equals(found.as_table())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.parquet"]
    assert "<script" not in text
    assert "{{ 7 * 7 }}" in text
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert set(re.findall('href="#(.+?)"', text)) <= set(re.findall('id="(.+?)"', text))
    assert 'href="#blurry-fail"' in text
    assert 'loading="lazy"' not in text  # such pictures would be missing on paper
    assert text.count("data:image/jpeg") >= 4
    assert text.count("stands for these") == 1
    for heading in ("Blurry", "Duplicates: 1 group<", "Cannot be decoded: 4", "Distributions"):
        assert heading in text


def test_an_empty_folder_has_an_empty_report(tmp_path: Path) -> None:
    found = cleanse(tmp_path, [], policy=POLICY)
    write_reports(found, [], table=tmp_path / "t.parquet", page=tmp_path / "p.html")

    assert found.as_table().num_rows == 0
    assert "No check found anything." in (tmp_path / "p.html").read_text()


def test_copies_are_written_beside_the_reports_and_the_originals_stay(
    folder: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.jpg") if path.is_file()}
    files = [file for file in files_below(folder) if file.name in {"good.jpg", "text.txt"}]

    cleanse(folder, files, policy=POLICY, copies=tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == ["good.jpg.jpg"]
    assert {path: path.read_bytes() for path in before} == before


def test_a_folder_for_reports_below_the_photographs_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("old")
    (tmp_path / "a.jpg").write_bytes(b"x")

    for out in (tmp_path / "out", tmp_path / "out" / ".." / "out"):
        assert [f.name for f in files_below(tmp_path, leaving_out={out})] == ["a.jpg"]


def test_what_cannot_be_entered_or_read_is_reported_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sealed", "open"):
        (tmp_path / name).mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "open")
    (tmp_path / "nowhere.jpg").symlink_to("none.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    scandir = os.scandir

    def sealed_scandir(path: str) -> object:
        if Path(path).name == "sealed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", sealed_scandir)
    found = cleanse(tmp_path, list(files_below(tmp_path)), policy=POLICY)

    assert {quality.image_id: quality.detail for quality in found.qualities} == {
        "linked": "a link to a folder, which is not followed: check that folder separately",
        "nowhere.jpg": "a link to nothing",
        "pipe.jpg": "not a regular file",
        "sealed": "a folder that may not be read",
    }
    assert all(q.reasons == ("missing_from_raw",) for q in found.qualities)


def test_no_two_files_get_the_same_name(tmp_path: Path) -> None:
    for name in (b"a\xff.jpg", rb"a\xff.jpg", rb"a\\xff.jpg", rb"b\c.jpg"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"")

    assert sorted(file.name for file in files_below(tmp_path)) == [
        r"a\\\\xff.jpg", r"a\\xff.jpg", r"a\xff.jpg", r"b\c.jpg"
    ]  # fmt: skip


def test_a_copy_of_a_file_with_the_longest_name_is_written_under_a_shorter_one(
    tmp_path: Path,
) -> None:
    photographs, copies = tmp_path / "photographs", tmp_path / "copies"
    photographs.mkdir()
    for seed, last in enumerate("ab"):
        (photographs / f"{'x' * 250}{last}.jpg").write_bytes(stored(plants(seed)))

    cleanse(photographs, list(files_below(photographs)), policy=POLICY, copies=copies)

    names = [path.name for path in copies.iterdir()]
    assert len(set(names)) == 2
    assert all(name.startswith("xxx") and name.endswith(".jpg") for name in names)


def test_a_report_that_cannot_be_written_is_reported_and_leaves_nothing_half_done(
    tmp_path: Path,
) -> None:
    found = cleanse(tmp_path, [], policy=POLICY)
    (tmp_path / "t.parquet").mkdir()

    with pytest.raises(InvalidInputError, match="cannot be written"):
        write_reports(found, [], table=tmp_path / "t.parquet", page=tmp_path / "p.html")

    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_a_file_that_is_too_large_is_not_looked_into(tmp_path: Path) -> None:
    with (tmp_path / "large.jpg").open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(50 * 10**9)  # holds no blocks

    found = cleanse(
        tmp_path, list(files_below(tmp_path)), policy=CleansingPolicy(max_file_mb=1)
    )  # fmt: skip

    (quality,) = found.qualities
    assert quality.reasons == ("too_costly",)
    assert quality.detail == "a file of more than 1 MB"
