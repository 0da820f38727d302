"""Lists and side-cars as spreadsheets, Windows and Macs write them: read, or the cause is named."""

import json
import os
import unicodedata
from pathlib import Path

import pytest

from farmy_assets.catalog.arrivals import DeliveryMetadata, RefusalReason
from farmy_assets.catalog.metadata import Source
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.found_files import files_below
from farmy_assets.ingestion.differences import summary_of
from farmy_assets.ingestion.importing import import_files
from farmy_assets.ingestion.reports import IngestReport
from farmy_assets.ingestion.sources.folder import files_of_folder
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, ORIGIN, jpeg
from farmy_assets_tests.ingestion.sources.test_sources import bring, of_list, refusals, stored

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Rübe.jpg") for form in ("NFC", "NFD"))


def listed(lake: Lake, folder: Path, content: bytes | str) -> IngestReport:
    path = folder / "list.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return of_list(lake, path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "file;crop;field\r\na.jpg;beet;7\r\n",
        "\ufefffile;crop;field\r\na.jpg;beet;7\r\n",
        "file\tcrop\tfield\na.jpg\tbeet\t7\n",
        "file|crop|field\na.jpg|beet|7",
        'sep=;\r\n"file";"crop";"field"\r\n"a.jpg";"beet";"7"\r\n',
        '"sep=;"\nfile;crop;field\na.jpg;beet;7\n',
        "SEP=,\rfile,crop,field\ra.jpg,beet,7\r",
        "sep=~\nfile~crop~field\na.jpg~beet~7\n",
        "File, Crop , FIELD\na.jpg, beet ,7\n",
        "file,crop,field,,\na.jpg,beet,7,,\n,,,,\n,,,,\n",
        "file;crop;field;licence;\na.jpg;beet;7\n;;;;\n",
        "\n".join(["file,,crop,field", "a.jpg,,beet,7", '"", ,,', "", "  "]),
        "\r\n \r\nfile,crop,field\r\na.jpg,beet,7\r\n",
        "\n\nsep=;\nfile;crop;field\na.jpg;beet;7\n",
        "\tfile\tcrop\tfield\n\ta.jpg\tbeet\t7\n",
        "file,crop,field\n./a.jpg,beet,7\n.//a.jpg,beet,7\n",
    ],
)
def test_what_spreadsheets_write_is_read(lake: Lake, folder: Path, text: str) -> None:
    report = listed(lake, folder, text)
    assert report.refused == ()
    (metadata,) = stored(lake).values()
    assert (metadata.original_name, metadata.crop, metadata.field) == ("a.jpg", "beet", "7")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("marked", [True, False])
def test_every_encoding_of_spreadsheets_is_read(
    lake: Lake, tmp_path: Path, encoding: str, marked: bool
) -> None:
    (tmp_path / COMPOSED).write_bytes(jpeg())
    mark = "\ufeff" if marked and encoding.startswith("utf-16-") else ""
    report = listed(lake, tmp_path, f"{mark}file\tcrop\r\n{COMPOSED}\tRüben\r\n".encode(encoding))
    assert report.refused == ()
    assert stored(lake)[COMPOSED].crop == "Rüben"


def test_lines_that_are_utf_8_are_read_so_in_a_list_that_is_not(lake: Lake, tmp_path: Path) -> None:
    for number, name in enumerate(("ä.jpg", "ö.jpg")):
        (tmp_path / name).write_bytes(jpeg(number))
    text = b"file,crop\n" + "ä.jpg,Gemüse\n".encode() + "ö.jpg,Gemüse\n".encode("latin-1")
    assert listed(lake, tmp_path, text).refused == ()
    assert {m.crop for m in stored(lake).values()} == {"Gemüse"}


def test_an_encoding_that_cannot_be_detected_is_named_where_it_matters(
    lake: Lake, folder: Path
) -> None:
    report = listed(lake, folder, "file\nRübe.jpg\n".encode("mac-roman"))
    assert report.refused[0].reason is RefusalReason.MISSING_FILE
    assert "not UTF-8" in report.refused[0].detail
    with pytest.raises(InvalidInputError, match="UTF-16-LE"):
        listed(lake, folder, "\ufefffile\na.jpg".encode("utf-16-le")[:-1])


def test_a_name_whose_bytes_are_no_utf_8_is_found_by_its_bytes(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"R\xfcbe.jpg")).write_bytes(jpeg())
    assert listed(lake, tmp_path, b"file\nR\xfcbe.jpg\n").refused == ()
    assert set(stored(lake)) == {"R\\xfcbe.jpg"}


@pytest.mark.parametrize("text", ["plant;crop\na.jpg;beet\n", "sep=;\nfile,crop\na.jpg,beet\n"])
def test_a_header_that_cannot_be_read_names_the_separator(
    lake: Lake, folder: Path, text: str
) -> None:
    with pytest.raises(InvalidInputError, match=r"semicolon|';', as its first line says"):
        listed(lake, folder, text)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"file,crop,crop\na.jpg,beet,rye\n", "more than once it names crop"),
        (b"filename,crop\na.jpg,beet\n", "names no file: filename,crop"),
        (b" \r\n\r\n", "the file is empty"),
        (b"PK\x03\x04\x14\0\x06\0\xff", "a workbook, not a text"),
        (b"<html><body>", "a page, not a list"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_the_reason(
    lake: Lake, folder: Path, content: bytes, cause: str
) -> None:
    with pytest.raises(InvalidInputError, match=cause):
        listed(lake, folder, content)


def test_of_two_rows_on_one_file_the_first_counts_and_the_other_is_reported(
    lake: Lake, folder: Path
) -> None:
    report = listed(lake, folder, "file,crop\na.jpg,beet\n\na.jpg,beet\n./a.jpg,rye\n")
    assert (report.stored, report.already_there) == (1, 1)
    assert stored(lake)["a.jpg"].crop == "beet"
    (refusal,) = report.refused
    assert refusal.detail == "line 5 has other metadata than line 2, which counts"


def test_a_file_is_the_same_photograph_by_every_way_to_name_it(lake: Lake, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "b.jpg").write_bytes(jpeg(7))
    names = ("./a.jpg", str(folder / "a.jpg"), "sub//b.jpg", ".\\sub\\b.jpg")
    assert listed(lake, folder, "\n".join(("file", *names))).stored == 2
    assert set(stored(lake)) == {"a.jpg", "sub/b.jpg"}


def test_spaces_around_a_name_on_the_disk_hide_no_file(lake: Lake, tmp_path: Path) -> None:
    for number, name in enumerate((" a.jpg", "b.jpg ", "c .jpg", "d.jpg")):
        (tmp_path / name).write_bytes(jpeg(number))
    assert listed(lake, tmp_path, 'file\n" a.jpg"\nb.jpg \nc .jpg\n d.JPG \n').stored == 4


@pytest.mark.parametrize(
    ("named", "cause"),
    [
        ("A.jpg", "near to it is a.jpg"),
        ("\u201ca.jpg\u201d", "near to it is a.jpg"),
        ("https://example.org/a.jpg", "an address, not a file"),
        ("nothing like it", ""),
    ],
)
def test_a_file_that_is_not_there_is_reported_with_its_likely_cause(
    lake: Lake, folder: Path, named: str, cause: str
) -> None:
    (refusal,) = listed(lake, folder, f"file\n{named}\n").refused
    assert refusal.reason is RefusalReason.MISSING_FILE
    assert refusal.detail.startswith(cause) if cause else not refusal.detail


def test_a_quotation_mark_that_is_not_closed_is_reported(lake: Lake, folder: Path) -> None:
    (refusal,) = listed(lake, folder, 'file,crop\n"a.jpg,beet\n').refused
    assert "opened and never closed" in refusal.detail


def test_figures_in_a_side_car_are_read_where_text_is_asked_for(lake: Lake, folder: Path) -> None:
    (folder / "a.json").write_text('{"crop": "beet", "field": 7, "latitude_deg": "1.5", '
                                   '"longitude_deg": 2}')  # fmt: skip
    assert bring(lake, lambda: files_of_folder(folder)).refused == ()
    metadata = stored(lake)["a.jpg"]
    assert (metadata.field, metadata.crop) == ("7", "beet")
    assert metadata.position is not None
    assert metadata.position.latitude_deg == 1.5


@pytest.mark.parametrize(
    ("side_car", "cause"),
    [
        ('{"latitude_deg": true, "longitude_deg": 1}', "latitude_deg: a number is needed"),
        ('{"crop": true}', "crop: "),
        ('{"crop": "beet", "crop": "rye"}', "has 'crop' more than once"),
    ],
)
def test_a_side_car_that_can_be_read_in_two_ways_is_refused(
    lake: Lake, folder: Path, side_car: str, cause: str
) -> None:
    (folder / "a.json").write_text(side_car)
    (refusal,) = bring(lake, lambda: files_of_folder(folder)).refused
    assert refusal.detail.startswith(f"a.json: {cause}")


def test_a_side_car_of_no_photograph_is_called_so(lake: Lake, folder: Path) -> None:
    (folder / "a.png.json").write_text("{}")
    (refusal,) = bring(lake, lambda: files_of_folder(folder)).refused
    assert "side-car of no photograph" in refusal.detail


def test_a_row_that_does_not_fit_is_named_and_spoils_no_other(lake: Lake, folder: Path) -> None:
    report = listed(
        lake, folder, "sep=;\nfile;crop;\na.jpg;beet;;;x\na.jpg;beet;7\n;beet;\n\na.jpg;rye;\n"
    )
    assert report.stored == 1
    assert [(r.name, r.detail) for r in report.refused] == [
        ("line 3", "5 cells for 3 columns"),
        ("line 4", "'7' stands in a column without a name"),
        ("line 5", "no file"),
    ]


@pytest.mark.parametrize("row", ["a.jpg;-48,5;11,25", 'a.jpg,"-48,5","11,25"'])
def test_a_decimal_comma_is_read_where_commas_separate_nothing(
    lake: Lake, folder: Path, row: str
) -> None:
    header = row[5].join(("file", "latitude_deg", "longitude_deg"))
    assert listed(lake, folder, f"{header}\n{row}\n").stored == 1
    position = stored(lake)["a.jpg"].position
    assert position is not None
    assert (position.latitude_deg, position.longitude_deg) == (-48.5, 11.25)


def test_backslashes_are_read_as_windows_means_them(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").write_bytes(jpeg(1))
    (tmp_path / "b\\c.jpg").write_bytes(jpeg(2))
    report = listed(lake, tmp_path, "file\nsub\\a.jpg\nb\\c.jpg\nno\\d.jpg\nC:\\in\\e.jpg\n..\\f\n")
    assert set(stored(lake)) == {"sub/a.jpg", "b\\c.jpg"}
    details = {refusal.name: refusal.detail for refusal in report.refused}
    assert "backslashes" in details["no\\d.jpg"]
    assert "drive" in details["C:\\in\\e.jpg"]
    assert bring(lake, lambda: files_of_folder(tmp_path)).already_there == 2


def test_a_backslash_leads_out_of_the_folder_no_more_than_a_slash(
    lake: Lake, tmp_path: Path
) -> None:
    (tmp_path / "outside.jpg").write_bytes(jpeg())
    (tmp_path / "in").mkdir()
    report = listed(lake, tmp_path / "in", "file\n..\\outside.jpg\n../OUTSIDE.jpg\n")
    assert report.stored == 0
    assert RefusalReason.OUTSIDE_THE_FOLDER in refusals(report).values()


@pytest.mark.parametrize(
    ("on_disk", "named"),
    [
        (COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED), ("a.JPG", "a.jpg"), ("a.jpg", "a.JPG"),
        (f"Grün/{DECOMPOSED}", f"Grün/{COMPOSED}"),
        (unicodedata.normalize("NFD", "Grün/ä.JPG"), "Grün/ä.jpg"),
    ],
)  # fmt: skip
def test_a_name_is_found_however_its_letters_and_ending_are_spelled(
    lake: Lake, tmp_path: Path, on_disk: str, named: str
) -> None:
    (tmp_path / on_disk).parent.mkdir(exist_ok=True)
    (tmp_path / on_disk).write_bytes(jpeg())
    assert listed(lake, tmp_path, f"file\n{named}\n").stored == 1
    again = bring(lake, lambda: files_of_folder(tmp_path))
    assert (again.stored, again.already_there) == (0, 1)


def test_of_two_files_that_could_be_meant_only_the_very_name_is_taken(
    lake: Lake, tmp_path: Path
) -> None:
    for number, name in enumerate(("a.JPG", "a.Jpg", "a.jpg")):
        (tmp_path / name).write_bytes(jpeg(number))
    assert listed(lake, tmp_path, "file\na.jpg\na.JPEG\na.jPG\n").stored == 1
    assert set(stored(lake)) == {"a.jpg"}


def told(crop: str) -> bytes:
    return json.dumps({"crop": crop}).encode()


def test_side_cars_are_found_whatever_the_case_of_their_endings(lake: Lake, tmp_path: Path) -> None:
    files = {
        "A.JPG": jpeg(1), "A.JPG.JSON": told("of a"),
        "b.jpg": jpeg(2), "b.JPG.json": told("of b"),
        "c.JPEG": jpeg(3), "c.Json": told("of c"),
        "d.jpg": jpeg(4), "d.jpg.json": told("of d"), "d.jpg.JSON": told("not of d"),
        DECOMPOSED: jpeg(5), f"{COMPOSED}.json": told("of e"),
        "lonely.JSON": told("none"),
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    report = bring(lake, lambda: files_of_folder(tmp_path))
    found = {composed_name(name): metadata.crop for name, metadata in stored(lake).items()}
    assert found == {
        "A.JPG": "of a", "b.jpg": "of b", "c.JPEG": "of c", "d.jpg": "of d", COMPOSED: "of e",
    }  # fmt: skip
    assert set(refusals(report)) == {"lonely.JSON", "d.jpg.JSON"}


def composed_name(name: str) -> str:
    return unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_side_car_in_any_unicode_is_read(lake: Lake, folder: Path, encoding: str) -> None:
    text = json.dumps({"crop": "Rüben"}, ensure_ascii=False)
    (folder / "a.jpg.json").write_bytes(text.encode(encoding))
    assert bring(lake, lambda: files_of_folder(folder)).refused == ()
    assert stored(lake)["a.jpg"].crop == "Rüben"


def test_a_side_car_in_another_encoding_is_refused_with_that_cause(
    lake: Lake, folder: Path
) -> None:
    (folder / "a.jpg.json").write_bytes('{"crop": "Rüben"}'.encode("latin-1"))
    (refusal,) = bring(lake, lambda: files_of_folder(folder)).refused
    assert "not UTF-8" in refusal.detail


APPLES = b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(60)


def test_what_a_mac_keeps_beside_files_is_left_out_by_its_name(lake: Lake, folder: Path) -> None:
    (folder / "sub").mkdir()
    for name, content in {
        "._a.jpg": APPLES, "._a.jpg.json": APPLES, "sub/._b.png": APPLES, "renamed.jpg": APPLES,
        "a.jpg.json": told("beet"), "._real.jpg": jpeg(9),
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    report = bring(lake, lambda: files_of_folder(folder))
    assert {name: m.crop for name, m in stored(lake).items()} == {
        "a.jpg": "beet", "._real.jpg": ORIGIN.crop,
    }  # fmt: skip
    assert {r.name: r.detail.partition(":")[0] for r in report.refused} == dict.fromkeys(
        ("._a.jpg", "._a.jpg.json", "sub/._b.png", "renamed.jpg"), "AppleDouble"
    )


def test_import_and_cleanse_call_a_file_by_the_same_name(tmp_path: Path) -> None:
    names = [b"plain.jpg", b"R\xfcbe.jpg", b"R\\xfcbe.jpg", b"a\\b.jpg", COMPOSED.encode()]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(jpeg())
    imported = [offer.name for offer in files_of_folder(tmp_path)]
    assert imported == [file.name for file in files_below(tmp_path)]
    assert len(set(imported)) == len(names)


def test_an_import_with_changed_metadata_reports_what_differs(lake: Lake, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
        (tmp_path / f"{number}.jpg.json").write_bytes(told("beet"))
    assert bring(lake, lambda: files_of_folder(tmp_path)).differing == ()
    assert bring(lake, lambda: files_of_folder(tmp_path)).differing == ()
    (tmp_path / "1.jpg.json").write_text(json.dumps({"crop": "rye", "field": "7"}))
    (tmp_path / "2.jpg.json").write_text(json.dumps({"crop": "rye"}))
    (tmp_path / "3.jpg.json").unlink()  # then the delivery's own crop is told
    report = bring(lake, lambda: files_of_folder(tmp_path))
    assert [(d.name, d.fields) for d in report.differing] == [
        ("1.jpg", ("crop", "field")), ("2.jpg", ("crop",)), ("3.jpg", ("crop",)),
    ]  # fmt: skip
    summary = summary_of(report.differing)
    assert summary.startswith("3 of those already there")
    assert "crop: 3, field: 1" in summary
    assert "farmy ingest --correct" in summary
    assert stored(lake)["1.jpg"].crop == "beet"


def test_an_import_without_supplied_metadata_reads_no_stored_metadata(
    lake: Lake, folder: Path
) -> None:
    def imported() -> IngestReport:
        return import_files(
            lake.ingestion, files_of_folder(folder), clock=lambda: NOON,
            origin=DeliveryMetadata(source=Source.BULK, campaign="weeds"),
            current_metadata=lambda image_id: pytest.fail(f"asked for {image_id}"),
        )  # fmt: skip

    assert imported().stored == 1
    assert imported().already_there == 1


def test_an_import_compares_with_the_current_metadata_of_the_caller(
    lake: Lake, folder: Path
) -> None:
    bring(lake, lambda: files_of_folder(folder))
    corrected = stored(lake)["a.jpg"].model_copy(update={"crop": "rye"})
    report = import_files(
        lake.ingestion, files_of_folder(folder), origin=ORIGIN, clock=lambda: NOON,
        current_metadata=lambda _: corrected,
    )  # fmt: skip
    assert [(d.name, d.fields) for d in report.differing] == [("a.jpg", ("crop",))]
