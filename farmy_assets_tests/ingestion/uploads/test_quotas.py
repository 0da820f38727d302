"""Nobody has more open, and sends more in a day, than is allowed; room comes back exactly once."""

from datetime import datetime, timedelta

import pytest

from farmy_assets.errors import InvalidInputError, QuotaExceededError
from farmy_assets.ingestion.uploads.contract import UploadState
from farmy_assets.ingestion.uploads.presigned import VALID_SECONDS
from farmy_assets.ingestion.uploads.quota_limits import (
    MOST_OPEN,
    USUAL_LIMITS,
    UploadCounts,
    limits_from,
)
from farmy_assets.ingestion.uploads.quotas import SHORTLY_SECONDS, Quotas
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, jpeg
from farmy_assets_tests.ingestion.uploads.phone import (
    WHO,
    catalogue,
    quotas_of,
    request_for,
    send,
    take_in,
    upload_service,
)

HOUR = timedelta(hours=1)
FEW = UploadCounts(open_uploads=3, open_bytes=1000, uploads_today=5, bytes_today=2000)


@pytest.fixture
def quotas(lake: Lake) -> Quotas:
    return quotas_of(lake, FEW)


def take(
    quotas: Quotas, number: int, size: int = 10, *, now: datetime = NOON, who: str = WHO
) -> bool:
    return quotas.take(who, f"client-{number:04d}", size, now=now, until=now + HOUR)


def give_back(quotas: Quotas, number: int, size: int = 10) -> bool:
    return quotas.give_back(WHO, f"client-{number:04d}", size)


def test_so_many_may_be_open_and_no_more(quotas: Quotas) -> None:
    assert all(take(quotas, number) for number in range(3))
    assert not take(quotas, 1)  # it has room already
    with pytest.raises(QuotaExceededError, match="3 uploads of 30 bytes together are open") as full:
        take(quotas, 3)
    assert full.value.retry_after_seconds == SHORTLY_SECONDS
    assert take(quotas, 3, who="c-4712")
    assert give_back(quotas, 0)
    assert not give_back(quotas, 0)
    assert take(quotas, 3)
    with pytest.raises(QuotaExceededError):
        take(quotas, 0)


def test_so_many_bytes_may_be_open_and_no_more(quotas: Quotas) -> None:
    take(quotas, 0, 600)
    with pytest.raises(QuotaExceededError, match="1 uploads of 600 bytes"):
        take(quotas, 1, 401)
    assert take(quotas, 1, 400)
    with pytest.raises(QuotaExceededError):
        take(quotas, 2, 1001)


def test_a_file_larger_than_all_that_is_allowed_is_refused_at_once(quotas: Quotas) -> None:
    with pytest.raises(QuotaExceededError, match="0 uploads"):
        take(quotas, 0, 1001)


def test_a_days_uploads_and_bytes_end_and_the_next_day_begins_anew(quotas: Quotas) -> None:
    for number in range(5):
        take(quotas, number, 400)
        give_back(quotas, number, 400)
    with pytest.raises(QuotaExceededError, match="5 uploads of 2000 bytes") as full:
        take(quotas, 5, 1)
    assert full.value.retry_after_seconds == 12 * 3600 + 1  # it is noon
    assert take(quotas, 5, 1, now=NOON + timedelta(days=1))
    for _ in range(4):
        quotas.count_one(WHO, now=NOON + timedelta(days=1))
    with pytest.raises(QuotaExceededError, match="go on tomorrow"):
        quotas.count_one(WHO, now=NOON + timedelta(days=1))


def test_leave_that_has_ended_takes_no_room_but_leave_that_was_given_again_does(
    lake: Lake,
) -> None:
    quotas = quotas_of(lake, FEW.model_copy(update={"uploads_today": 99}))
    for number in range(3):
        take(quotas, number)
    later = NOON + HOUR + timedelta(seconds=1)
    assert not take(quotas, 1, now=later)
    assert take(quotas, 3, now=later)
    assert take(quotas, 4, now=later)
    with pytest.raises(QuotaExceededError, match="3 uploads of 30"):
        take(quotas, 5, now=later)


def test_an_upload_is_open_until_its_bytes_were_looked_at(lake: Lake) -> None:
    one = UploadCounts(open_uploads=1, open_bytes=10**9, uploads_today=9, bytes_today=10**9)
    service = upload_service(lake, one)
    first = service.request(request_for(jpeg()), WHO)
    with pytest.raises(QuotaExceededError):
        service.request(request_for(jpeg(7), "client-0002"), WHO)
    assert list(lake.raw.keys("uploads/")) == [keys.upload(WHO, "client-0001")]
    assert service.request(request_for(jpeg()), WHO).form is not None
    send(lake, first, bytes(len(jpeg())))
    take_in(lake)
    second = service.request(request_for(jpeg(7), "client-0002"), WHO)
    with pytest.raises(QuotaExceededError):
        service.request(request_for(jpeg()), WHO)
    send(lake, second, jpeg(7))
    catalogue(lake, second.image_id)
    assert service.request(request_for(jpeg(7), "client-0002"), WHO).state is UploadState.CATALOGUED
    assert service.request(request_for(jpeg()), WHO).form is not None


def test_a_request_that_is_refused_takes_no_room(lake: Lake) -> None:
    one = UploadCounts(open_uploads=2, open_bytes=10**9, uploads_today=9, bytes_today=10**9)
    service = upload_service(lake, one)
    service.request(request_for(jpeg()), WHO)
    for _ in range(3):
        with pytest.raises(InvalidInputError, match="another photograph"):
            service.request(request_for(jpeg(7)), WHO)
    assert service.request(request_for(jpeg(7), "client-0002"), WHO).form is not None


def test_the_limits_are_settings_with_safe_defaults() -> None:
    assert limits_from({}) == USUAL_LIMITS
    assert USUAL_LIMITS.open_uploads * 200_000_000 > USUAL_LIMITS.open_bytes
    given = limits_from({"FARMY_UPLOAD_QUOTA_OPEN": "7", "FARMY_UPLOAD_QUOTA_BYTES_A_DAY": ""})
    assert given == USUAL_LIMITS.model_copy(update={"open_uploads": 7})
    for wrong in ("many", "-1", str(MOST_OPEN + 1)):
        with pytest.raises(InvalidInputError, match="FARMY_UPLOAD_QUOTA_OPEN"):
            limits_from({"FARMY_UPLOAD_QUOTA_OPEN": wrong})
    assert VALID_SECONDS == 3600
