import os
from pathlib import Path

import pytest

from farmy_assets.catalog.arrivals import DeliveryMetadata, RefusalReason
from farmy_assets.catalog.metadata import Source
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.importing import import_folder
from farmy_assets.ingestion.reports import keep_report
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.raw_zone import Outcome
from farmy_assets_tests.arrivals import NOON, ORIGIN, arrival, jpeg

LONG = "/".join(["ü" * 60, "x y" * 30, "z" * 100 + ".jpg"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / LONG).parent.mkdir(parents=True)
    (tmp_path / LONG).write_bytes(jpeg(1))
    (tmp_path / "a b.jpg").write_bytes(jpeg(2))
    (tmp_path / "copy.jpg").write_bytes(jpeg(2))
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "notes.txt").write_text("not a photograph")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a b.jpg")
    (tmp_path / "cut.jpg").write_bytes(jpeg(3)[:400])
    os.mkfifo(tmp_path / "pipe.jpg")
    return tmp_path


def test_a_folder_comes_in_and_what_stays_out_has_its_reason(lake: Lake, folder: Path) -> None:
    seen: list[int] = []
    report = import_folder(
        lake.ingestion, folder, origin=ORIGIN, clock=lambda: NOON, on_file=seen.append
    )
    assert (report.stored, report.already_there, report.files) == (4, 0, 8)
    assert {r.name: r.reason for r in report.refused} == {
        "empty.jpg": RefusalReason.EMPTY_FILE,
        "notes.txt": RefusalReason.NOT_AN_IMAGE,
        "link.jpg": RefusalReason.NOT_A_REGULAR_FILE,
        "pipe.jpg": RefusalReason.NOT_A_REGULAR_FILE,
    }
    assert len(seen) == 8
    names = {
        metadata.original_name
        for key in lake.raw.keys(keys.RAW_IMAGES)
        if (metadata := lake.ingestion.find_metadata(key.removeprefix(keys.RAW_IMAGES)))
    }
    assert names == {LONG, "a b.jpg", "copy.jpg", "cut.jpg"}


def test_a_second_run_stores_nothing(lake: Lake, folder: Path) -> None:
    import_folder(lake.ingestion, folder, origin=ORIGIN, clock=lambda: NOON)
    before = sorted(lake.raw.keys(""))
    again = import_folder(
        lake.ingestion, folder, origin=ORIGIN, clock=lambda: NOON.replace(hour=18)
    )
    assert (again.stored, again.already_there) == (0, 4)
    assert sorted(lake.raw.keys("")) == before


def test_an_import_killed_between_metadata_and_bytes_is_made_whole(lake: Lake) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.raw.put_once(keys.raw_metadata(metadata.image_id), metadata.to_json())
    assert lake.ingestion.store(metadata, jpeg()) is Outcome.STORED
    assert lake.raw.get(keys.raw_image(metadata.image_id)) == jpeg()


def test_a_raw_image_is_never_overwritten(lake: Lake) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.ingestion.store(metadata, jpeg())
    assert not lake.raw.put_once(keys.raw_image(metadata.image_id), b"other")
    assert lake.raw.get(keys.raw_image(metadata.image_id)) == jpeg()


def test_a_wrong_campaign_name_is_reported_before_anything_is_stored(
    lake: Lake, folder: Path
) -> None:
    origin = DeliveryMetadata(source=Source.MOBILE, campaign="Weeds 2026")
    with pytest.raises(InvalidInputError, match="campaign"):
        import_folder(lake.ingestion, folder, origin=origin, clock=lambda: NOON)
    assert list(lake.raw.keys("")) == []


def test_the_same_import_has_one_report(lake: Lake, folder: Path) -> None:
    for _ in range(2):
        report = import_folder(lake.ingestion, folder, origin=ORIGIN, clock=lambda: NOON)
    assert keep_report(lake.records.bucket, report) == keep_report(lake.records.bucket, report)
