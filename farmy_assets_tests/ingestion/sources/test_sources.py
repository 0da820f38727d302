"""What a folder with side-cars, a list and a bucket offer; what is refused, and why."""

import csv
import errno
import json
import os
from pathlib import Path

import pytest

from farmy_assets.catalog.arrivals import RefusalReason
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.importing import import_files
from farmy_assets.ingestion.reports import IngestReport, write_refusals
from farmy_assets.ingestion.source_files import SourceFiles
from farmy_assets.ingestion.sources.bucket import ForeignStore, parse_address
from farmy_assets.ingestion.sources.folder import files_of_folder
from farmy_assets.ingestion.sources.image_list import files_of_list
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, ORIGIN, jpeg


def bring(lake: Lake, offers: SourceFiles) -> IngestReport:
    return import_files(lake.ingestion, offers(), origin=ORIGIN, clock=lambda: NOON)


def stored(lake: Lake) -> dict[str, ImageMetadata]:
    ids = (keys.image_id_of_raw_key(key) for key in lake.raw.keys(keys.RAW_IMAGES))
    found = [lake.ingestion.find_metadata(i) for i in ids if i]
    return {metadata.original_name: metadata for metadata in found if metadata}


def refusals(report: IngestReport) -> dict[str, RefusalReason]:
    return {refusal.name: refusal.reason for refusal in report.refused}


def of_list(lake: Lake, path: Path, *, anywhere: bool = False) -> IngestReport:
    store = ForeignStore(lake.raw.client)
    return bring(lake, lambda: files_of_list(path, store=lambda: store, anywhere=anywhere))


def test_side_cars_say_more_than_the_delivery_and_are_no_files_themselves(
    lake: Lake, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        (tmp_path / name).write_bytes(jpeg(ord(name[0])))
    (tmp_path / "a.jpg.json").write_text(
        json.dumps({"crop": "beet", "latitude_deg": 48.137, "longitude_deg": 11.5, "field": None})
    )
    (tmp_path / "b.json").write_text(json.dumps({"licence": "CC0-1.0", "contributor": "c-4711"}))
    (tmp_path / "c.json").write_text(json.dumps({"shapes": [], "crop": "beet"}))
    (tmp_path / "d.jpg.json").write_text("[" * 99_999)
    (tmp_path / "lonely.json").write_text("{}")
    report = bring(lake, lambda: files_of_folder(tmp_path))
    assert refusals(report) == {
        "c.jpg": RefusalReason.BAD_METADATA,
        "d.jpg": RefusalReason.BAD_METADATA,
        "lonely.json": RefusalReason.NOT_AN_IMAGE,
    }
    assert "latitude_deg" in report.refused[0].detail  # the known names
    found = stored(lake)
    assert found["a.jpg"].crop == "beet"
    assert found["a.jpg"].position is not None
    assert found["a.jpg"].position.latitude_deg == 48.137
    assert (found["b.jpg"].licence, found["b.jpg"].contributor) == ("CC0-1.0", "c-4711")
    assert found["b.jpg"].crop == ORIGIN.crop

    unread = bring(lake, lambda: files_of_folder(tmp_path, side_cars=False))
    assert (unread.stored, unread.already_there) == (2, 2)


def test_a_list_brings_its_good_rows_and_tells_what_is_wrong_with_the_others(
    lake: Lake, tmp_path: Path
) -> None:
    folder = tmp_path / "delivery"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a b.jpg").write_bytes(jpeg(1))
    (folder / "bad.jpg").write_bytes(jpeg(2))
    (tmp_path / "outside.jpg").write_bytes(jpeg(3))
    (folder / "way-out").symlink_to(tmp_path)
    (folder / "list.csv").write_bytes(
        b"\xef\xbb\xbffile,crop,captured_at,contributor\r\n"
        b"sub/a b.jpg,beet,2026-05-01T10:00:00+02:00,c-1\r\n"
        b"bad.jpg,beet,never,\r\n"
        b"bad.jpg,beet,,Anna Smith\r\n"
        b"gone.jpg,,,\r\n"
        b"\r\n"
        b"bad.jpg,one,cell,too,many\r\n"
        b",beet,,\r\n"
        b"../outside.jpg,,,\r\n"
        b"way-out/outside.jpg,,,\r\n"
        + str(tmp_path / "outside.jpg").encode() + b",,,\r\n"
        b"\xff.jpg,,,\r\n"
        b"sub,,,\r\n"
        b"null\0.jpg,,,\r\n"
    )  # fmt: skip
    report = of_list(lake, folder / "list.csv")
    (metadata,) = stored(lake).values()
    assert (metadata.original_name, metadata.crop) == ("sub/a b.jpg", "beet")
    assert metadata.captured_at is not None
    assert metadata.captured_at.isoformat() == "2026-05-01T10:00:00+02:00"
    reasons = [refusal.reason.value for refusal in report.refused]
    assert reasons.count("outside_the_folder") == 3
    assert reasons.count("missing_file") == 2
    assert reasons.count("not_a_regular_file") == 1
    assert reasons.count("bad_metadata") >= 4
    assert report.files == report.stored + len(reasons) == 12

    assert of_list(lake, folder / "list.csv", anywhere=True).stored == 3


def test_an_unknown_column_stops_a_list_before_anything_is_stored(
    lake: Lake, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    path = tmp_path / "list.csv"
    for header in ("file,plant", "crop", "file,file", ""):
        path.write_text(f"{header}\na.jpg,maize\n")
        with pytest.raises(InvalidInputError, match=r"latitude_deg.*longitude_deg"):
            of_list(lake, path)
    assert list(lake.raw.keys("")) == []
    with pytest.raises(InvalidInputError, match="cannot be read"):
        of_list(lake, tmp_path / "none.csv")


def test_a_bucket_is_read_past_one_page_and_never_written_to(lake: Lake) -> None:
    s3 = lake.raw.client
    s3.create_bucket(
        Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_object(Bucket="theirs", Key="2026/", Body=b"")
    for number in range(12):
        s3.put_object(Bucket="theirs", Key=f"2026/{number}.jpg", Body=jpeg(number))
    s3.put_object(Bucket="theirs", Key="2026/notes.txt", Body=b"no photograph")
    s3.put_object(Bucket="theirs", Key="2025/old.jpg", Body=jpeg(99))
    asked: list[str] = []
    s3.meta.events.register_first(
        "before-send.s3",
        lambda request, **_: asked.append(request.method) if "theirs" in request.url else None,
    )
    report = bring(lake, lambda: ForeignStore(s3).files("s3://theirs/2026/"))
    assert (report.stored, refusals(report)) == (12, {"notes.txt": RefusalReason.NOT_AN_IMAGE})
    assert {f"{n}.jpg" for n in range(12)} == set(stored(lake))
    assert set(asked) == {"GET"}
    again = bring(lake, lambda: ForeignStore(s3).files("s3://theirs/2026/"))
    assert (again.stored, again.already_there) == (0, 12)


def test_a_list_names_objects_and_one_that_is_not_there_holds_nothing_up(
    lake: Lake, tmp_path: Path
) -> None:
    lake.exports.put("p/a.jpg", jpeg())
    path = tmp_path / "list.csv"
    path.write_text(
        "file,crop\ns3://datasets/p/a.jpg,beet\ns3://datasets/gone.jpg,\n"
        "s3://,\ns3://datasets/,\ns3://no bucket!/a.jpg,\n"
    )
    report = of_list(lake, path)
    assert stored(lake)["s3://datasets/p/a.jpg"].crop == "beet"
    assert refusals(report) == {
        "s3://datasets/gone.jpg": RefusalReason.UNREADABLE,
        "s3://": RefusalReason.BAD_METADATA,
        "s3://datasets/": RefusalReason.BAD_METADATA,
        "s3://no bucket!/a.jpg": RefusalReason.UNREADABLE,
    }


def test_an_address_has_a_bucket() -> None:
    assert parse_address("s3://b/x/y") == ("b", "x/y")
    for wrong in ("s3:///x", "http://b/x", "b/x"):
        with pytest.raises(InvalidInputError, match="s3://bucket"):
            parse_address(wrong)


def test_an_import_that_is_gone_on_with_sends_no_bytes_again(lake: Lake, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02d}.jpg").write_bytes(jpeg(number))
    first = list(files_of_folder(tmp_path))[:30]
    bring(lake, lambda: iter(first))
    sent: list[object] = []
    lake.raw.client.meta.events.register("before-call.s3.PutObject", lambda **_: sent.append(1))
    report = bring(lake, lambda: files_of_folder(tmp_path))
    assert (report.stored, report.already_there) == (10, 30)
    assert len(sent) <= 10 + 16  # those under way before the first was known to be there


def test_the_refused_are_written_as_csv(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / 'a,"b".txt').write_text("x")
    report = bring(lake, lambda: files_of_folder(tmp_path / "in"))
    write_refusals(tmp_path / "out.csv", report)
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["name", "reason", "detail"]
    assert rows[1][:2] == ['a,"b".txt', "not_an_image"]
    with pytest.raises(InvalidInputError, match="cannot be written"):
        write_refusals(tmp_path, report)


def test_a_folder_that_cannot_be_read_or_is_a_link_is_reported(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("open", "shut"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(jpeg())
    (tmp_path / "link").symlink_to(tmp_path / "open")
    look = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = bring(lake, lambda: files_of_folder(tmp_path))
    assert refusals(report) == {
        "link": RefusalReason.NOT_A_REGULAR_FILE,
        "shut": RefusalReason.UNREADABLE,
    }
    assert set(stored(lake)) == {"open/a.jpg"}


def test_side_cars_in_a_bucket_say_what_those_in_a_folder_say(lake: Lake, tmp_path: Path) -> None:
    files = {
        "a.jpg": jpeg(1), "a.jpg.json": b'{"crop": "beet"}', "a-b.jpg": jpeg(2), "a/x.jpg": jpeg(3),
        "b.json": b'{"crop": "rye"}', "b.JPG": jpeg(4), "b.png": jpeg(5), "b.png.json": b"[]",
        "b.x/b.jpg": jpeg(6), "b.x/b.json": b'{"crop": "oat"}', "c": jpeg(7),
        "d.jpg": jpeg(8), "d.jpg.json": b" " * 70_000, "lonely.json": b"{}",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        lake.exports.put(f"in/{name}", content)
    store = ForeignStore(lake.raw.client)
    from_bucket = bring(lake, lambda: store.files("s3://datasets/in/"))
    assert refusals(from_bucket) == {
        "b.png": RefusalReason.BAD_METADATA,
        "d.jpg": RefusalReason.BAD_METADATA,
        "lonely.json": RefusalReason.NOT_AN_IMAGE,
    }
    told = {name: metadata.crop for name, metadata in stored(lake).items()}
    assert told == {
        "a.jpg": "beet", "a-b.jpg": ORIGIN.crop, "a/x.jpg": ORIGIN.crop, "b.JPG": "rye",
        "b.x/b.jpg": "oat", "c": ORIGIN.crop,
    }  # fmt: skip
    from_folder = bring(lake, lambda: files_of_folder(tmp_path))
    assert from_folder.refused == from_bucket.refused
    assert (from_folder.stored, from_folder.already_there) == (0, 6)
    unread = bring(lake, lambda: store.files("s3://datasets/in/", side_cars=False))
    assert unread.stored == 2
