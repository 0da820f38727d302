"""A photograph that is in the lake stays as it is, whoever asks for what, and sends what."""

from datetime import timedelta

import pytest

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.errors import LakeDamagedError, LakeUnavailableError
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.ingestion.uploads.contract import UploadRequest, UploadState
from farmy_assets.ingestion.uploads.current_metadata import AnotherStandsError
from farmy_assets.ingestion.uploads.promotion import Fate, Promotion
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, jpeg, s3_event
from farmy_assets_tests.faults import slow_down
from farmy_assets_tests.ingestion.uploads.phone import (
    WHO,
    catalogue,
    keep_versions,
    large,
    quotas_of,
    request_for,
    send,
    send_all_parts,
    take_in,
    upload_service,
)

__all__ = ["large"]

OTHER = "c-4712"
PLACE = {"latitude_deg": 48.137154, "longitude_deg": 11.576124}
ELSEWHERE = {"latitude_deg": -1.0, "longitude_deg": 2.0}
LONG = {"device": "\u00fc" * 200, "field": "\u00fc" * 200, "crop": "\u00fc" * 200}


@pytest.fixture
def honest(lake: Lake) -> UploadRequest:
    """What an honest contributor asks for, in a lake that keeps versions."""
    keep_versions(lake)
    return request_for(jpeg(), licence="CC-BY-4.0", position=PLACE)


def sealed(lake: Lake, asked: UploadRequest) -> str:
    """The image of an honest upload, catalogued and in a batch."""
    upload = upload_service(lake).request(asked, WHO)
    send(lake, upload, jpeg())
    catalogue(lake, upload.image_id)
    lake.batches.seal_waiting(policy=SealingPolicy(quiet=timedelta(0)), now=NOON)
    return upload.image_id


def what_stands(lake: Lake, image_id: str) -> tuple[ImageMetadata | None, ImageMetadata | None]:
    """The image's metadata in the raw zone and in the catalog; it was written once."""
    versions = lake.raw.client.list_object_versions(Bucket="raw", Prefix="images/")["Versions"]
    assert [(v["Key"], v["IsLatest"]) for v in versions] == [(keys.raw_image(image_id), True)]
    assert lake.raw.get(keys.raw_image(image_id)) == jpeg()
    entry = lake.catalog.entries([image_id])[image_id]
    return lake.ingestion.find_metadata(image_id), entry.metadata


@pytest.mark.parametrize("lie", [{"size_bytes": 9}, {"size_bytes": 12_000_000}, {"tail": "0" * 32}])
@pytest.mark.parametrize("asked_before", [True, False])
def test_a_false_size_or_digest_replaces_nothing(
    lake: Lake, honest: UploadRequest, large: bytes, lie: dict[str, str | int], asked_before: bool
) -> None:
    untrue = honest.model_copy(
        update={
            "client_id": "untrue-0001",
            "size_bytes": lie.get("size_bytes", honest.size_bytes),
            "sha256": honest.sha256[:32] + str(lie.get("tail", honest.sha256[32:])),
        }
    )
    service = upload_service(lake)
    leave = service.request(untrue, OTHER) if asked_before else None
    image_id = sealed(lake, honest)
    before = what_stands(lake, image_id)
    assert before[0] is not None
    assert before[0].contributor == WHO
    if leave and leave.form:
        send(lake, leave, (jpeg() + large)[: untrue.size_bytes])
    elif leave:
        send_all_parts(lake, leave, (jpeg() + large)[: untrue.size_bytes], OTHER)
        lake.raw.put(keys.incoming(OTHER, "untrue-0001"), large)
    catalogue(lake, image_id, "02")
    with pytest.raises(AnotherStandsError, match="not sent by you"):
        service.request(untrue, OTHER)
    assert what_stands(lake, image_id) == before
    assert service.status(honest.client_id, WHO).state is UploadState.CATALOGUED
    assert list(lake.raw.keys(keys.INCOMING)) == []


@pytest.mark.parametrize("more", [{}, LONG], ids=["aboard", "beside"])
def test_of_two_forms_for_the_same_bytes_the_first_complete_one_counts(
    lake: Lake, honest: UploadRequest, more: dict[str, str]
) -> None:
    claim = {"licence": "none", "position": ELSEWHERE, **more}
    service = upload_service(lake)
    late = service.request(request_for(jpeg(), "late-00001", **claim), OTHER)
    image_id = sealed(lake, honest)
    before = what_stands(lake, image_id)
    send(lake, late, jpeg())
    catalogue(lake, image_id, "02")
    assert what_stands(lake, image_id) == before
    told = service.status("late-00001", OTHER)
    assert told.state is UploadState.CONFLICT
    assert told.stands is not None
    shown = told.stands.model_dump(exclude_none=True)
    assert shown == {
        "image_id": image_id, "yours": False, "arrived_at": NOON, "licence": "CC-BY-4.0",
    }  # fmt: skip


def test_the_same_contributor_is_sent_the_current_metadata_and_the_names_of_what_differs(
    lake: Lake, honest: UploadRequest
) -> None:
    image_id = sealed(lake, honest)
    again = honest.model_copy(update={"client_id": "again-00001", "crop": "wheat"})
    with pytest.raises(AnotherStandsError, match="correct it") as caught:
        upload_service(lake).request(again, WHO)
    stands = caught.value.stands
    assert (stands.yours, stands.image_id, stands.differs) == (True, image_id, ("crop",))
    assert stands.metadata is not None
    assert stands.metadata.position is not None
    assert stands.metadata.position.latitude_deg == PLACE["latitude_deg"]
    assert list(lake.raw.keys("uploads/")) == [keys.upload(WHO, honest.client_id)]


def test_the_same_bytes_by_the_same_contributor_are_sent_once_and_reported_as_there(
    lake: Lake, honest: UploadRequest
) -> None:
    image_id = sealed(lake, honest)
    again = honest.model_copy(update={"client_id": "again-00001"})
    told = upload_service(lake).request(again, WHO)
    assert (told.image_id, told.state, told.form) == (image_id, UploadState.CATALOGUED, None)
    assert upload_service(lake).status("again-00001", WHO).state is UploadState.CATALOGUED


@pytest.mark.parametrize("squatter", [WHO, OTHER])
def test_long_metadata_without_bytes_keep_no_image_from_anybody(
    lake: Lake, honest: UploadRequest, squatter: str
) -> None:
    squat = request_for(jpeg(), "squat-0001", licence="mine", **LONG)
    upload_service(lake).request(squat, squatter)
    long_too = honest.model_copy(update=LONG)
    image_id = sealed(lake, long_too)
    for metadata in what_stands(lake, image_id):
        assert metadata is not None
        assert (metadata.contributor, metadata.licence) == (WHO, "CC-BY-4.0")


def test_metadata_that_an_older_version_let_somebody_write_beside_say_nothing(
    lake: Lake, honest: UploadRequest
) -> None:
    long_too = honest.model_copy(update=LONG)
    forged = long_too.metadata(OTHER, arrived_at=NOON)
    lake.raw.put_once(keys.raw_metadata(forged.image_id), forged.to_json())
    image_id = sealed(lake, long_too)
    for metadata in what_stands(lake, image_id):
        assert metadata is not None
        assert metadata.contributor == WHO


@pytest.mark.parametrize("content", [bytes(len(jpeg())), b"short", jpeg()])
def test_a_form_that_is_used_again_changes_nothing(
    lake: Lake, honest: UploadRequest, content: bytes
) -> None:
    leave = upload_service(lake).request(honest, WHO)
    image_id = sealed(lake, honest)
    before = what_stands(lake, image_id)
    send(lake, leave, content)
    catalogue(lake, image_id, "02")
    assert what_stands(lake, image_id) == before
    assert upload_service(lake).status(honest.client_id, WHO).state is UploadState.CATALOGUED
    left = lake.raw.client.list_object_versions(Bucket="raw", Prefix=keys.INCOMING)
    assert left.get("Versions", []) == left.get("DeleteMarkers", []) == []


@pytest.mark.parametrize("together", [True, False], ids=["one delivery", "one after the other"])
def test_what_a_form_that_was_used_twice_left_is_looked_at_to_the_end(
    lake: Lake, honest: UploadRequest, *, together: bool
) -> None:
    leave = upload_service(lake).request(honest, WHO)
    for content in (jpeg(), bytes(len(jpeg()))):
        send(lake, leave, content)
    (key,) = lake.raw.keys(keys.INCOMING)
    events = [s3_event(key, sequencer) for sequencer in ("01", "02")]
    intake = EventIntake(lake.raw, lake.catalog, quotas_of(lake))
    for delivery in [events] if together else [[event] for event in events]:
        assert intake.take_all(delivery, now=NOON).failed == {}
    left = lake.raw.client.list_object_versions(Bucket="raw", Prefix=keys.INCOMING)
    assert left.get("Versions", []) == left.get("DeleteMarkers", []) == []
    catalogue(lake, honest_id(lake), "03")
    assert upload_service(lake).status(honest.client_id, WHO).state is UploadState.CATALOGUED


def test_an_older_version_is_not_left_behind_when_two_processes_handled_the_newer_one(
    lake: Lake, honest: UploadRequest
) -> None:
    leave = upload_service(lake).request(honest, WHO)
    for content in (jpeg(), bytes(len(jpeg()))):
        send(lake, leave, content)
    (key,) = lake.raw.keys(keys.INCOMING)
    # The other process read the newer version for the event of the older one, and deleted nothing
    # that was still there.
    intake = EventIntake(lake.raw, lake.catalog, quotas_of(lake))
    assert intake.take_all([s3_event(key, "02")], now=NOON).failed == {}
    left = lake.raw.client.list_object_versions(Bucket="raw", Prefix=keys.INCOMING)
    assert left.get("Versions", []) == left.get("DeleteMarkers", []) == []
    catalogue(lake, honest_id(lake), "03")
    assert upload_service(lake).status(honest.client_id, WHO).state is UploadState.CATALOGUED


def honest_id(lake: Lake) -> str:
    """The one image in the raw zone."""
    (key,) = lake.raw.keys(keys.RAW_IMAGES)
    return keys.image_id_of_raw_key(key) or ""


def test_right_bytes_that_come_while_wrong_ones_are_looked_at_are_not_lost(
    lake: Lake, honest: UploadRequest
) -> None:
    service = upload_service(lake)
    leave = service.request(honest, WHO)
    send(lake, leave, bytes(len(jpeg())))
    promotion = Promotion(lake.raw, lake.catalog, quotas_of(lake), clock=lambda: NOON)
    read = type(lake.raw).read

    def read_and_overtaken(bucket: object, key: str, **more: int) -> object:
        found = read(lake.raw, key, **more)
        send(lake, leave, jpeg())
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(lake.raw), "read", read_and_overtaken)
        assert promotion.promote(WHO, honest.client_id) is Fate.REFUSED
    assert service.status(honest.client_id, WHO).state is UploadState.STORED
    assert promotion.promote(WHO, honest.client_id) is Fate.STORED


@pytest.mark.parametrize("operation", ["GetObject", "PutObject", "DeleteObject"])
def test_a_promotion_that_is_broken_off_is_gone_on_with(
    lake: Lake, honest: UploadRequest, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    leave = upload_service(lake).request(honest, WHO)
    send(lake, leave, jpeg())
    promotion = Promotion(lake.raw, lake.catalog, quotas_of(lake), clock=lambda: NOON)
    slow_down(lake.raw.client, operation, times=5)
    with pytest.raises(LakeUnavailableError):
        promotion.promote(WHO, honest.client_id)
    fates = [promotion.promote(WHO, honest.client_id) for _ in range(2)]
    first = Fate.ALREADY_THERE if operation == "DeleteObject" else Fate.STORED
    assert fates == [first, Fate.GONE]
    catalogue(lake, leave.image_id)
    what_stands(lake, leave.image_id)


def test_what_a_person_took_out_is_not_brought_back_by_an_older_form(
    lake: Lake, honest: UploadRequest
) -> None:
    leave = upload_service(lake).request(honest, WHO)
    image_id = sealed(lake, honest)
    lake.raw.delete(keys.raw_image(image_id))
    catalogue(lake, image_id, "02", removed=True)
    send(lake, leave, jpeg())
    take_in(lake)
    assert lake.raw.head(keys.raw_image(image_id)) is None
    assert upload_service(lake).status(honest.client_id, WHO).state is UploadState.REMOVED


def test_other_bytes_under_the_images_id_are_reported_and_the_right_ones_kept(
    lake: Lake, honest: UploadRequest
) -> None:
    leave = upload_service(lake).request(honest, WHO)
    lake.raw.put_once(keys.raw_image(leave.image_id), b"written by an older version")
    send(lake, leave, jpeg())
    event = s3_event(keys.incoming(WHO, honest.client_id), "01")
    with pytest.raises(LakeDamagedError, match="other bytes"):
        EventIntake(lake.raw, lake.catalog).take(event, now=NOON)
    assert lake.raw.get(keys.incoming(WHO, honest.client_id)) == jpeg()


def test_bytes_that_nobody_asked_leave_for_become_no_image(lake: Lake) -> None:
    lake.raw.put(keys.incoming(OTHER, "never-asked"), jpeg())
    take_in(lake)
    assert list(lake.raw.keys("")) == []
