"""An upload asked for, sent, repeated, broken off: one photograph in the lake, and never two."""

import pytest

from farmy_assets.errors import UploadConflictError, UploadMissingError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.raw_zone import LONGEST_BYTES
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.uploads import transfers
from farmy_assets.lake.uploads.contract import Upload, UploadState
from farmy_assets.lake.uploads.desk import UploadRecord
from farmy_assets.lake.uploads.transfers import Transfers
from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.lake.uploads.phone import WHO, catalogue, desk_of, request_for, send


def test_asked_sent_and_catalogued_with_its_metadata(lake: Lake) -> None:
    desk = desk_of(lake)
    place = {"latitude_deg": 48.137154, "longitude_deg": 11.576124}
    asked = desk.ask(request_for(jpeg(), crop="maize", position=place), WHO)
    assert asked.state is UploadState.WAITING
    send(lake, asked, jpeg())
    assert desk.status("client-0001", WHO).state is UploadState.STORED
    catalogue(lake, asked.image_id)
    assert desk.status("client-0001", WHO).state is UploadState.CATALOGUED
    metadata = lake.catalog.entries([asked.image_id])[asked.image_id].metadata
    assert metadata is not None
    assert (metadata.contributor, metadata.crop, metadata.source) == (WHO, "maize", "mobile")
    assert metadata.position is not None
    assert metadata.position.latitude_deg == 48.14  # only the raw zone knows the gate
    exact = lake.ingestion.find_metadata(asked.image_id)
    assert exact is not None
    assert exact.position is not None
    assert exact.position.latitude_deg == 48.137154


def test_asking_twice_is_asking_once(lake: Lake) -> None:
    desk = desk_of(lake)
    first, again = (desk.ask(request_for(jpeg()), WHO) for _ in range(2))
    assert (first.image_id, first.state) == (again.image_id, again.state)
    assert first.form is not None
    assert again.form is not None
    assert first.form.fields["key"] == again.form.fields["key"]  # the signature has the time in it
    send(lake, first, jpeg())
    assert desk.ask(request_for(jpeg()), WHO).form is None
    assert desk.ask(request_for(jpeg(), "another-client"), WHO).form is None
    assert len(list(lake.raw.keys(keys.RAW_IMAGES))) == 1


def test_an_id_that_stands_for_another_photograph_is_refused(lake: Lake) -> None:
    desk = desk_of(lake)
    desk.ask(request_for(jpeg()), WHO)
    for other in (request_for(jpeg(7)), request_for(jpeg(), crop="maize")):
        with pytest.raises(UploadConflictError, match="take a new one"):
            desk.ask(other, WHO)
    assert desk.ask(request_for(jpeg(7)), "c-4712").state is UploadState.WAITING


def test_other_bytes_stay_out_of_the_catalog_until_the_right_ones_come(lake: Lake) -> None:
    desk = desk_of(lake)
    asked = desk.ask(request_for(jpeg()), WHO)
    send(lake, asked, bytes(len(jpeg())))  # as an S3 that checks no sha256 takes them
    catalogue(lake, asked.image_id)
    assert lake.catalog.waiting() == []
    assert desk.status("client-0001", WHO).state is UploadState.REFUSED
    again = desk.ask(request_for(jpeg()), WHO)
    send(lake, again, jpeg())
    catalogue(lake, asked.image_id, "02")
    assert desk.status("client-0001", WHO).state is UploadState.CATALOGUED
    assert [image.image_id for image in lake.catalog.waiting()] == [asked.image_id]


def test_what_a_person_removed_is_not_asked_for_again(lake: Lake) -> None:
    desk = desk_of(lake)
    asked = desk.ask(request_for(jpeg()), WHO)
    send(lake, asked, jpeg())
    catalogue(lake, asked.image_id)
    lake.raw.delete(keys.raw_image(asked.image_id))
    catalogue(lake, asked.image_id, "02", removed=True)
    again = desk.ask(request_for(jpeg()), WHO)
    assert (again.state, again.form) == (UploadState.REMOVED, None)


def test_metadata_too_long_for_a_form_lie_beside_before_the_bytes_come(lake: Lake) -> None:
    desk = desk_of(lake)
    long = request_for(jpeg(), name="\u00fc" * 255, device="\u00fc" * 200, field="\u00fc" * 200)
    asked = desk.ask(long, WHO)
    assert len("\u00fc".encode()) * 3 * 655 > LONGEST_BYTES
    assert lake.raw.find(keys.raw_metadata(asked.image_id)) is not None
    send(lake, asked, jpeg())
    catalogue(lake, asked.image_id)
    assert desk.status("client-0001", WHO).state is UploadState.CATALOGUED


def test_nobody_sees_the_uploads_of_another(lake: Lake) -> None:
    desk = desk_of(lake)
    desk.ask(request_for(jpeg()), WHO)
    for ask in (desk.status, desk.complete):
        with pytest.raises(UploadMissingError):
            ask("client-0001", "c-4712")


# ------------------------------------------------------------------ large files


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Bytes of three parts: S3's in memory wants 5 MiB of each but the last."""
    monkeypatch.setattr(transfers, "PART_BYTES", 5 * 1024 * 1024)
    monkeypatch.setattr(transfers, "WHOLE_UP_TO_BYTES", 1024 * 1024)
    return jpeg() + bytes(11 * 1024 * 1024)


def send_part(lake: Lake, desk_answer: Upload, content: bytes, upload_id: str, number: int) -> None:
    assert desk_answer.parts is not None
    part = next(part for part in desk_answer.parts if part.number == number)
    end = part.offset_bytes + part.size_bytes
    lake.raw.client.upload_part(
        Bucket=lake.raw.name, Key=keys.raw_image(desk_answer.image_id), UploadId=upload_id,
        PartNumber=number, Body=content[part.offset_bytes : end],
    )  # fmt: skip


def open_uploads(lake: Lake) -> list[str]:
    found = lake.raw.client.list_multipart_uploads(Bucket=lake.raw.name).get("Uploads", [])
    return [item["UploadId"] for item in found]


def test_a_large_file_goes_on_with_the_parts_that_are_missing(lake: Lake, large: bytes) -> None:
    desk = desk_of(lake)
    asked = desk.ask(request_for(large), WHO)
    (upload_id,) = open_uploads(lake)
    assert asked.form is None
    assert [part.number for part in asked.parts or []] == [1, 2, 3]
    assert sum(part.size_bytes for part in asked.parts or []) == len(large)
    send_part(lake, asked, large, upload_id, 2)
    with pytest.raises(UploadConflictError, match="missing: 1, 3"):
        desk.complete("client-0001", WHO)

    again = desk.ask(request_for(large), WHO)
    assert [part.number for part in again.parts or []] == [1, 3]
    assert open_uploads(lake) == [upload_id]
    for number in (1, 3):
        send_part(lake, again, large, upload_id, number)
    assert desk.complete("client-0001", WHO).state is UploadState.STORED
    catalogue(lake, asked.image_id)
    assert desk.complete("client-0001", WHO).state is UploadState.CATALOGUED
    assert desk.ask(request_for(large), WHO).parts is None
    assert lake.raw.get(keys.raw_image(asked.image_id)) == large


def test_parts_of_other_bytes_are_refused_and_may_be_sent_again(lake: Lake, large: bytes) -> None:
    desk = desk_of(lake)
    for number, content in enumerate((bytes(len(large)), large), 1):
        asked = desk.ask(request_for(large), WHO)
        (upload_id,) = open_uploads(lake)
        for part in asked.parts or []:
            send_part(lake, asked, content, upload_id, part.number)
        desk.complete("client-0001", WHO)
        catalogue(lake, asked.image_id, f"0{number}")
        state = desk.status("client-0001", WHO).state
        assert state is (UploadState.REFUSED if number == 1 else UploadState.CATALOGUED)


def test_an_upload_that_was_ended_meanwhile_begins_anew(lake: Lake, large: bytes) -> None:
    desk = desk_of(lake)
    asked = desk.ask(request_for(large), WHO)
    (upload_id,) = open_uploads(lake)
    lake.raw.client.abort_multipart_upload(
        Bucket=lake.raw.name, Key=keys.raw_image(asked.image_id), UploadId=upload_id
    )
    with pytest.raises(UploadConflictError, match="ask for it again"):
        desk.complete("client-0001", WHO)
    again = desk.ask(request_for(large), WHO)
    assert len(again.parts or []) == 3
    assert open_uploads(lake) != [upload_id]


def test_a_small_file_has_no_parts_to_complete(lake: Lake) -> None:
    desk = desk_of(lake)
    desk.ask(request_for(jpeg()), WHO)
    with pytest.raises(UploadConflictError, match="send its form"):
        desk.complete("client-0001", WHO)


@pytest.mark.parametrize("lie", [{"size_bytes": 9}, {"size_bytes": 12_000_000}, {"tail": "0" * 32}])
def test_no_lie_about_a_photograph_has_it_replaced(
    lake: Lake, large: bytes, lie: dict[str, str | int]
) -> None:
    desk = desk_of(lake)
    for name, content in (("small.jpg", jpeg()), ("large.jpg", large)):
        honest = request_for(content, f"honest-{name[:5]}", name=name)
        asked = desk.ask(honest, WHO)
        if asked.form:
            send(lake, asked, content)
        for part in asked.parts or []:
            send_part(lake, asked, content, open_uploads(lake)[0], part.number)
        if asked.parts:
            desk.complete(honest.client_id, WHO)
        untrue = honest.model_copy(
            update={
                "client_id": f"untrue-{name[:5]}",
                "size_bytes": lie.get("size_bytes", honest.size_bytes),
                "sha256": honest.sha256[:32] + str(lie.get("tail", honest.sha256[32:])),
            }
        )
        for state in (UploadState.STORED, UploadState.CATALOGUED):
            told = desk.ask(untrue, "c-4712")
            assert (told.image_id, told.form, told.parts) == (asked.image_id, None, None)
            assert told.state is state
            catalogue(lake, asked.image_id)


def test_of_two_who_send_one_photograph_in_parts_the_quicker_one_counts(
    lake: Lake, large: bytes
) -> None:
    desk = desk_of(lake)
    asked = {who: desk.ask(request_for(large), who) for who in (WHO, "c-4712")}
    by_key = {
        who: RecordStore(lake.raw).read(keys.upload(who, "client-0001"), UploadRecord)
        for who in asked
    }
    for who, content in ((WHO, large), ("c-4712", bytes(len(large)))):
        for part in asked[who].parts or []:
            send_part(lake, asked[who], content, by_key[who].parts_id or "", part.number)
    late = by_key["c-4712"]
    assert desk.complete("client-0001", WHO).state is UploadState.STORED
    Transfers(lake.raw).finish(late.metadata, late.parts_id or "", nothing_there=True)
    assert lake.raw.get(keys.raw_image(asked[WHO].image_id)) == large
