"""Written once, never lost: every way in which an image could be half there, or other than said."""

from pathlib import Path

import pytest

from farmy_assets.catalog.arrivals import RefusalReason
from farmy_assets.catalog.metadata import Position
from farmy_assets.errors import LakeDamagedError, LakeUnavailableError
from farmy_assets.ingestion.importing import import_folder
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.raw_zone import LONGEST_BYTES, Outcome
from farmy_assets_tests.arrivals import NOON, ORIGIN, arrival, jpeg
from farmy_assets_tests.faults import slow_down

NAME = 'R\u00fcbe  100 % "+\t\u2028 & \U0001f331.jpg'


def versioned(lake: Lake) -> None:
    lake.raw.client.put_bucket_versioning(
        Bucket=lake.raw.name, VersioningConfiguration={"Status": "Enabled"}
    )


def test_one_object_holds_the_bytes_and_the_exact_metadata(lake: Lake) -> None:
    exact = Position(latitude_deg=48.137154, longitude_deg=11.576124)
    metadata = arrival(NAME, jpeg()).model_copy(update={"position": exact})
    assert lake.ingestion.store(metadata, jpeg()) is Outcome.STORED
    assert list(lake.raw.keys("")) == [keys.raw_image(metadata.image_id)]
    assert lake.ingestion.find_metadata(metadata.image_id) == metadata


def test_metadata_too_long_for_a_header_lie_beside(lake: Lake) -> None:
    metadata = arrival("\u00fc" * LONGEST_BYTES + ".jpg", jpeg())
    lake.ingestion.store(metadata, jpeg())
    (beside,) = lake.raw.keys(keys.RAW_METADATA)
    assert beside.startswith(f"metadata/{metadata.image_id}/")
    assert lake.ingestion.find_metadata(metadata.image_id) == metadata


def test_bytes_sent_by_somebody_else_find_their_metadata_beside(lake: Lake) -> None:
    metadata = arrival("a.jpg", jpeg())
    lake.raw.put_once(keys.raw_metadata(metadata.image_id), metadata.to_json())
    lake.raw.put(keys.raw_image(metadata.image_id), jpeg())
    assert lake.ingestion.find_metadata(metadata.image_id) == metadata
    assert lake.ingestion.store(metadata, jpeg()) is Outcome.ALREADY_THERE


@pytest.mark.parametrize("look_first", [False, True])
def test_other_bytes_under_an_id_are_reported_and_left_as_they_are(
    lake: Lake, look_first: bool
) -> None:
    metadata = arrival("a.jpg", jpeg())
    for other in (jpeg()[:-9], bytes(len(jpeg()))):
        lake.raw.client.put_object(
            Bucket="raw", Key=keys.raw_image(metadata.image_id), Body=other,
            ChecksumAlgorithm="SHA256",
        )  # fmt: skip
        with pytest.raises(LakeDamagedError, match="first version"):
            lake.ingestion.store(metadata, jpeg(), look_first=look_first)
        assert lake.raw.get(keys.raw_image(metadata.image_id)) == other


def test_an_import_refuses_a_damaged_image_with_its_reason_and_goes_on(
    lake: Lake, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    lake.raw.put(keys.raw_image(arrival("1.jpg", jpeg(1)).image_id), b"other bytes")
    report = import_folder(lake.ingestion, tmp_path, origin=ORIGIN, clock=lambda: NOON)
    assert report.stored == 2
    assert [r.reason for r in report.refused] == [RefusalReason.OTHER_BYTES_IN_THE_LAKE]


def test_bytes_that_change_on_their_way_are_not_stored(lake: Lake) -> None:
    sha256 = arrival("a.jpg", jpeg(1)).sha256
    assert lake.raw.put_once("k", jpeg(1), sha256=sha256)
    found = lake.raw.head("k")
    assert found is not None
    assert found.sha256 == sha256


def test_a_deleted_image_comes_back_and_its_metadata_were_never_gone(lake: Lake) -> None:
    versioned(lake)
    metadata = arrival("a.jpg", jpeg())
    lake.ingestion.store(metadata, jpeg())
    lake.raw.delete(keys.raw_image(metadata.image_id))
    assert lake.ingestion.find(metadata.image_id) == (False, metadata)
    assert lake.ingestion.store(metadata, jpeg()) is Outcome.STORED
    assert lake.ingestion.find(metadata.image_id) == (True, metadata)
    versions = lake.raw.client.list_object_versions(Bucket="raw")
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 1)


def test_metadata_of_another_image_or_of_no_form_are_none(lake: Lake) -> None:
    one, other = arrival("a.jpg", jpeg(1)), arrival("b.jpg", jpeg(2))
    lake.raw.put(keys.raw_metadata(one.image_id), other.to_json())
    lake.raw.put(keys.raw_metadata(other.image_id), b"{")
    assert lake.ingestion.find_metadata(one.image_id) is None
    assert lake.ingestion.find_metadata(other.image_id) is None


def test_a_slow_s3_is_waited_for_and_a_stuck_one_is_reported(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    metadata = arrival("a.jpg", jpeg())
    slow_down(lake.raw.client, "PutObject", times=3)
    assert lake.ingestion.store(metadata, jpeg()) is Outcome.STORED
    slow_down(lake.raw.client, "PutObject", times=5)
    with pytest.raises(LakeUnavailableError, match="SlowDown"):
        lake.ingestion.store(arrival("b.jpg", jpeg(2)), jpeg(2))
