"""An upload asked for, sent, repeated, broken off: one photograph in the lake, and never two."""

import json

import pytest

from farmy_assets.errors import UploadConflictError, UploadMissingError
from farmy_assets.ingestion.uploads.contract import UploadState
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.raw_zone import LONGEST_BYTES
from farmy_assets_tests.arrivals import NOON, jpeg
from farmy_assets_tests.ingestion.uploads.phone import (
    WHO,
    catalogue,
    large,
    request_for,
    send,
    send_all_parts,
    send_part,
    take_in,
    upload_service,
)

__all__ = ["large"]


def test_asked_sent_and_catalogued_with_its_metadata(lake: Lake) -> None:
    service = upload_service(lake)
    place = {"latitude_deg": 48.137154, "longitude_deg": 11.576124}
    asked = service.request(request_for(jpeg(), crop="maize", position=place), WHO)
    assert asked.state is UploadState.WAITING
    send(lake, asked, jpeg())
    assert service.status("client-0001", WHO).state is UploadState.STORED
    take_in(lake)
    assert service.status("client-0001", WHO).state is UploadState.STORED
    catalogue(lake, asked.image_id)
    assert service.status("client-0001", WHO).state is UploadState.CATALOGUED
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
    service = upload_service(lake)
    first, again = (service.request(request_for(jpeg()), WHO) for _ in range(2))
    assert (first.image_id, first.state) == (again.image_id, again.state)
    assert first.form is not None
    assert again.form is not None
    assert first.form.fields["key"] == again.form.fields["key"]  # the signature has the time in it
    send(lake, first, jpeg())
    assert service.request(request_for(jpeg()), WHO).form is None
    take_in(lake)
    assert service.request(request_for(jpeg()), WHO).form is None
    assert service.request(request_for(jpeg(), "another-client"), WHO).form is None
    assert len(list(lake.raw.keys(keys.RAW_IMAGES))) == 1


def test_an_id_that_belongs_to_another_photograph_is_refused(lake: Lake) -> None:
    service = upload_service(lake)
    service.request(request_for(jpeg()), WHO)
    for other in (request_for(jpeg(7)), request_for(jpeg(), crop="maize")):
        with pytest.raises(UploadConflictError, match="take a new one"):
            service.request(other, WHO)
    assert service.request(request_for(jpeg(7)), "c-4712").state is UploadState.WAITING


def test_other_bytes_never_become_an_image_and_the_right_ones_do(lake: Lake) -> None:
    service = upload_service(lake)
    asked = service.request(request_for(jpeg()), WHO)
    send(lake, asked, bytes(len(jpeg())))  # as an S3 that checks no sha256 takes them
    take_in(lake)
    assert list(lake.raw.keys(keys.RAW_IMAGES)) == list(lake.raw.keys(keys.INCOMING)) == []
    assert service.status("client-0001", WHO).state is UploadState.REFUSED
    again = service.request(request_for(jpeg()), WHO)
    send(lake, again, jpeg())
    catalogue(lake, asked.image_id, "02")
    assert service.status("client-0001", WHO).state is UploadState.CATALOGUED
    assert [image.image_id for image in lake.catalog.waiting()] == [asked.image_id]


def test_what_a_person_removed_is_not_asked_for_again(lake: Lake) -> None:
    service = upload_service(lake)
    asked = service.request(request_for(jpeg()), WHO)
    send(lake, asked, jpeg())
    catalogue(lake, asked.image_id)
    lake.raw.delete(keys.raw_image(asked.image_id))
    catalogue(lake, asked.image_id, "02", removed=True)
    again = service.request(request_for(jpeg()), WHO)
    assert (again.state, again.form) == (UploadState.REMOVED, None)


def test_metadata_too_long_to_travel_aboard_are_written_when_the_bytes_are_checked(
    lake: Lake,
) -> None:
    service = upload_service(lake)
    long = request_for(jpeg(), name="\u00fc" * 255, device="\u00fc" * 200, field="\u00fc" * 200)
    asked = service.request(long, WHO)
    assert len("\u00fc".encode()) * 3 * 655 > LONGEST_BYTES
    assert list(lake.raw.keys(keys.RAW_METADATA)) == []
    send(lake, asked, jpeg())
    catalogue(lake, asked.image_id)
    assert service.status("client-0001", WHO).state is UploadState.CATALOGUED
    metadata = lake.ingestion.find_metadata(asked.image_id)
    assert metadata is not None
    assert metadata.field == "\u00fc" * 200


def test_nobody_sees_the_uploads_of_another(lake: Lake) -> None:
    service = upload_service(lake)
    service.request(request_for(jpeg()), WHO)
    for ask in (service.status, service.complete):
        with pytest.raises(UploadMissingError):
            ask("client-0001", "c-4712")


# ------------------------------------------------------------------ large files


def open_uploads(lake: Lake) -> list[str]:
    found = lake.raw.client.list_multipart_uploads(Bucket=lake.raw.name).get("Uploads", [])
    return [item["UploadId"] for item in found]


def test_a_large_file_goes_on_with_the_parts_that_are_missing(lake: Lake, large: bytes) -> None:
    service = upload_service(lake)
    asked = service.request(request_for(large), WHO)
    (upload_id,) = open_uploads(lake)
    assert asked.form is None
    assert [part.number for part in asked.parts or []] == [1, 2, 3]
    assert sum(part.size_bytes for part in asked.parts or []) == len(large)
    send_part(lake, asked, large, upload_id, 2)
    with pytest.raises(UploadConflictError, match="missing: 1, 3"):
        service.complete("client-0001", WHO)

    again = service.request(request_for(large), WHO)
    assert [part.number for part in again.parts or []] == [1, 3]
    assert open_uploads(lake) == [upload_id]
    for number in (1, 3):
        send_part(lake, again, large, upload_id, number)
    assert service.complete("client-0001", WHO).state is UploadState.STORED
    catalogue(lake, asked.image_id)
    assert service.complete("client-0001", WHO).state is UploadState.CATALOGUED
    assert service.request(request_for(large), WHO).parts is None
    assert lake.raw.get(keys.raw_image(asked.image_id)) == large


def test_parts_of_other_bytes_are_refused_and_may_be_sent_again(lake: Lake, large: bytes) -> None:
    service = upload_service(lake)
    for number, content in enumerate((bytes(len(large)), large), 1):
        asked = service.request(request_for(large), WHO)
        send_all_parts(lake, asked, content)
        service.complete("client-0001", WHO)
        catalogue(lake, asked.image_id, f"0{number}")
        state = service.status("client-0001", WHO).state
        assert state is (UploadState.REFUSED if number == 1 else UploadState.CATALOGUED)


def test_an_upload_that_was_ended_meanwhile_begins_anew(lake: Lake, large: bytes) -> None:
    service = upload_service(lake)
    service.request(request_for(large), WHO)
    (upload_id,) = open_uploads(lake)
    lake.raw.client.abort_multipart_upload(
        Bucket=lake.raw.name, Key=keys.incoming(WHO, "client-0001"), UploadId=upload_id
    )
    with pytest.raises(UploadConflictError, match="ask for it again"):
        service.complete("client-0001", WHO)
    again = service.request(request_for(large), WHO)
    assert len(again.parts or []) == 3
    assert open_uploads(lake) != [upload_id]


def test_a_small_file_has_no_parts_to_complete(lake: Lake) -> None:
    service = upload_service(lake)
    service.request(request_for(jpeg()), WHO)
    with pytest.raises(UploadConflictError, match="send its form"):
        service.complete("client-0001", WHO)


def test_uploads_that_an_older_version_began_are_gone_on_with(lake: Lake, large: bytes) -> None:
    """Records without the newer fields, a part upload under the image's key, bytes sent there."""
    service = upload_service(lake)
    for client_id, content in (("client-0001", large), ("client-0002", jpeg())):
        asked = request_for(content, client_id)
        metadata = asked.metadata(WHO, arrived_at=NOON)
        told = {"client_id": client_id, "metadata": metadata.model_dump(mode="json")}
        if content == large:
            told["parts_id"] = lake.raw.client.create_multipart_upload(
                Bucket="raw", Key=keys.raw_image(metadata.image_id)
            )["UploadId"]
        lake.raw.put(keys.upload(WHO, client_id), json.dumps(told).encode())
        assert service.status(client_id, WHO).state is UploadState.WAITING
    upload = service.request(request_for(large), WHO)
    send_all_parts(lake, upload, large)
    assert service.complete("client-0001", WHO).state is UploadState.STORED
    catalogue(lake, upload.image_id)
    assert service.status("client-0001", WHO).state is UploadState.CATALOGUED
    lake.ingestion.store(metadata, jpeg())  # as a form of before wrote it
    catalogue(lake, metadata.image_id)
    assert service.status("client-0002", WHO).state is UploadState.CATALOGUED


def test_a_large_image_is_written_over_by_no_second_copy(lake: Lake, large: bytes) -> None:
    service = upload_service(lake)
    asked = {who: service.request(request_for(large), who) for who in (WHO, "c-4712")}
    for who, upload in asked.items():
        send_all_parts(lake, upload, large, who)
        assert service.complete("client-0001", who).state is UploadState.STORED
    source = keys.incoming("c-4712", "client-0001")
    read = lake.raw.read(source, keep_up_to_bytes=0)
    assert read is not None
    take_in(lake, keys.incoming(WHO, ""))
    key = keys.raw_image(asked[WHO].image_id)
    for about in ({}, {"farmy": "{}"}):
        assert not lake.raw.copy_once(read, source, key, media_type="image/jpeg", about=about)
    assert lake.raw.get(key) == large
    metadata = lake.ingestion.find_metadata(asked[WHO].image_id)
    assert metadata is not None
    assert metadata.contributor == WHO
    assert open_uploads(lake) == []
