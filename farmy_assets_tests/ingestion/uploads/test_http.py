"""Requests of strangers: each gets an answer that says what to do, and none gets more."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farmy_assets import upload_handler
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.ingestion.uploads.app import UploadApp
from farmy_assets.ingestion.uploads.contract import LARGEST_BODY_BYTES
from farmy_assets.ingestion.uploads.known_campaigns import KnownCampaigns
from farmy_assets.ingestion.uploads.quota_limits import UploadCounts
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, jpeg, s3_event
from farmy_assets_tests.faults import slow_down
from farmy_assets_tests.ingestion.uploads.phone import (
    WHO,
    UploadApi,
    api,
    catalogue,
    lambda_process,
    request_for,
    send,
    upload_service,
)

__all__ = ["api"]


def event(method: str, path: str, body: object = None, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    told = {
        "version": "2.0", "rawPath": path, "headers": headers,
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}},
    }  # fmt: skip
    return told | ({"body": body if isinstance(body, str) else json.dumps(body)} if body else {})


@pytest.fixture
def token(lake: Lake) -> str:
    return lake.contributors.give_token(WHO, now=NOON)


CAMPAIGN = Campaign.model_validate(
    {
        "name": "weeds-2026", "crop": "maize", "classes": [{"id": 1, "name": "weed"}],
        "annotators": [{"name": name, "email": f"{name}@example.com"} for name in ("anna", "ben")],
        "adjudicator": {"name": "dora", "email": "dora@example.com"},
    }
)  # fmt: skip
ASKED = json.loads(request_for(jpeg()).model_dump_json(exclude_none=True))


def test_a_photograph_is_asked_for_and_looked_after(api: UploadApi, token: str) -> None:
    asked = api.answer(event("POST", "/uploads", ASKED, token))
    assert asked["statusCode"] == 200
    assert "form" in json.loads(asked["body"])
    status = api.answer(event("GET", "/uploads/client-0001", token=token))
    assert json.loads(status["body"])["state"] == "waiting"


def test_a_body_may_come_as_base64(api: UploadApi, token: str) -> None:
    packed = base64.b64encode(json.dumps(ASKED).encode()).decode()
    asked = api.answer(event("POST", "/uploads", packed, token) | {"isBase64Encoded": True})
    assert asked["statusCode"] == 200


def test_each_of_a_batch_is_judged_by_itself(api: UploadApi, token: str) -> None:
    other = ASKED | {"crop": "maize"}
    third = ASKED | {"client_id": "client-0003", "name": "3.jpg"}
    batch = {"uploads": [ASKED, other, third]}
    answer = api.answer(event("POST", "/uploads/batch", batch, token))
    kinds = [sorted(item) for item in json.loads(answer["body"])["uploads"]]
    assert sorted(map(tuple, kinds)) == [("problem",), ("upload",), ("upload",)]
    assert kinds[2] == ["upload"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("POST", "/uploads", "no JSON", 422, "JSON"),
        ("POST", "/uploads", ASKED | {"size_bytes": 0}, 422, "size_bytes"),
        ("POST", "/uploads", ASKED | {"size_bytes": "12"}, 422, "size_bytes"),
        ("POST", "/uploads", ASKED | {"captured_at": 12}, 422, "captured_at"),
        ("POST", "/uploads", ASKED | {"captured_at": "2026-05-14T12:00:00"}, 422, "timezone"),
        ("POST", "/uploads", ASKED | {"size_bytes": 10**9}, 422, "size_bytes"),
        ("POST", "/uploads", ASKED | {"media_type": "text/html"}, 422, "media_type"),
        ("POST", "/uploads", ASKED | {"name": "../../etc/passwd"}, 422, "name"),
        ("POST", "/uploads", ASKED | {"contributor": "c-1"}, 422, "contributor"),
        ("POST", "/uploads", ASKED | {"campaign": "No Such"}, 422, "campaign"),
        ("POST", "/uploads", "x" * (LARGEST_BODY_BYTES + 1), 413, "bytes"),
        ("POST", "/uploads/batch", {"uploads": [ASKED] * 101}, 422, "100"),
        ("GET", "/uploads/never-asked", None, 404, "ask for it first"),
        ("POST", "/uploads/never-asked/complete", {}, 404, "ask for it first"),
        ("GET", "/uploads/../etc", None, 404, "nothing at"),
        ("DELETE", "/uploads", None, 405, "POST"),
        ("POST", "/uploads/never-asked/correction", {"crop": "rye"}, 404, "ask for it first"),
        ("POST", "/uploads/never-asked/correction", {"campaign": "x"}, 422, "campaign"),
        ("POST", "/uploads/never-asked/correction", "{}", 422, "what is to be corrected"),
    ],
)
def test_a_wrong_request_is_answered_with_what_is_wrong(
    api: UploadApi, token: str, method: str, path: str, body: object, status: int, told: str
) -> None:
    answer = api.answer(event(method, path, body, token))
    problem = json.loads(answer["body"])
    assert answer["statusCode"] == problem["status"] == status
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert told in problem["detail"]


@pytest.mark.parametrize("path", ["/uploads", "/uploads/batch", "/uploads/client-0001/complete"])
def test_without_a_token_nothing_is_shown(api: UploadApi, path: str) -> None:
    for given_token in ("", "c-4711.guessed", f"c-4711.{'x' * 43}"):
        answer = api.answer(event("POST", path, ASKED, given_token))
        assert answer["statusCode"] == 401
        assert answer["headers"]["www-authenticate"] == "Bearer"


def test_a_lake_that_is_busy_is_asked_again_later(
    api: UploadApi, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    slow_down(api.service.raw.client, "PutObject", times=5)
    answer = api.answer(event("POST", "/uploads", ASKED, token))
    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"] == "5"


def test_what_went_wrong_inside_stays_inside(
    api: UploadApi, token: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(type(api.service), "request", fail)
    answer = api.answer(event("POST", "/uploads", ASKED, token))
    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]
    assert "a secret detail" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize("path", ["/", "/upload.js", "/queue.js", "/offline.js"])
def test_the_page_comes_with_the_interface_and_may_load_nothing_foreign(
    api: UploadApi, path: str
) -> None:
    answer = api.answer(event("GET", path))
    assert answer["statusCode"] == 200
    assert "default-src 'self'" in answer["headers"]["content-security-policy"]
    assert "http" not in answer["body"].replace("https://", "").replace("http://", "")


def test_the_limit_of_a_body_is_that_of_its_bytes_also_in_base64(
    api: UploadApi, token: str
) -> None:
    body = json.dumps(ASKED).encode()
    for size, status in ((LARGEST_BODY_BYTES, 200), (LARGEST_BODY_BYTES + 1, 413)):
        packed = base64.b64encode(body.ljust(size)).decode()
        asked = api.answer(event("POST", "/uploads", packed, token) | {"isBase64Encoded": True})
        assert asked["statusCode"] == status
    told = UploadApp().openapi()["paths"]["/uploads"]["post"]["responses"]["413"]["description"]
    assert str(LARGEST_BODY_BYTES) in told


def test_a_campaign_that_does_not_exist_is_refused_with_the_nearest_name(
    api: UploadApi, lake: Lake, token: str
) -> None:
    def asked(campaign: str) -> dict[str, Any]:
        told = ASKED | {"campaign": campaign, "client_id": f"client-{campaign}"}
        return api.answer(event("POST", "/uploads", told, token))

    assert asked("weeds")["statusCode"] == 200  # before the first campaign any name will do
    lake.campaigns.apply(CAMPAIGN)
    object.__setattr__(api.service, "campaigns", KnownCampaigns(lake.records.bucket))
    assert asked("weeds-2026")["statusCode"] == 200
    answer = asked("weed-2026")
    assert answer["statusCode"] == 422
    assert "do you mean weeds-2026?" in json.loads(answer["body"])["detail"]
    assert "do you mean" not in asked("poppies")["body"]
    assert list(lake.raw.keys("uploads/c-4711/client-weed-2026")) == []


def test_a_campaign_that_was_just_made_is_known_within_a_second(lake: Lake) -> None:
    now = [0.0]
    known = KnownCampaigns(lake.records.bucket, clock=lambda: now[0])
    lake.campaigns.apply(CAMPAIGN)
    known.check(CAMPAIGN.name)
    lake.campaigns.apply(CAMPAIGN.model_copy(update={"name": "beetles"}))
    now[0] = 1.5
    known.check("beetles")


def test_who_asks_for_too_much_is_told_what_is_taken_and_when_to_come_again(
    lake: Lake, token: str
) -> None:
    limits = UploadCounts(open_uploads=2, open_bytes=10**9, uploads_today=9, bytes_today=10**9)
    api = UploadApi(upload_service(lake, limits), lake.contributors)
    batch = {"uploads": [
        ASKED | {"client_id": f"client-{n:04d}", "name": f"{n}.jpg"} for n in range(5)
    ]}  # fmt: skip
    answer = api.answer(event("POST", "/uploads/batch", batch, token))
    items = json.loads(answer["body"])["uploads"]
    assert sorted(item.get("problem", {}).get("status", 200) for item in items) == [
        200, 200, 429, 429, 429,
    ]  # fmt: skip
    refused = next(n for n, item in enumerate(items) if "problem" in item)
    alone = api.answer(event("POST", "/uploads", batch["uploads"][refused], token))
    assert alone["statusCode"] == 429
    assert alone["headers"]["retry-after"] == "30"
    assert "2 uploads of" in json.loads(alone["body"])["detail"]


def test_a_second_claim_is_answered_with_the_current_metadata(
    api: UploadApi, lake: Lake, token: str
) -> None:
    asked = api.service.request(request_for(jpeg()), WHO)
    send(lake, asked, jpeg())
    catalogue(lake, asked.image_id)
    again = ASKED | {"client_id": "client-0002", "crop": "rye"}
    answer = api.answer(event("POST", "/uploads", again, token))
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["stands"]["yours"]) == (409, True)
    assert problem["stands"]["differs"] == ["crop"]
    other = lake.contributors.give_token("c-4712", now=NOON)
    answer = api.answer(event("POST", "/uploads", ASKED, other))
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["stands"]["yours"]) == (409, False)
    assert WHO not in answer["body"]


def test_a_contributor_corrects_what_he_sent_and_others_do_not(
    api: UploadApi, lake: Lake, token: str
) -> None:
    def correct(body: object, by: str = token) -> dict[str, Any]:
        return api.answer(event("POST", "/uploads/client-0001/correction", body, by))

    other = lake.contributors.give_token("c-4712", now=NOON)
    for who in (WHO, "c-4712"):
        asked = api.service.request(request_for(jpeg(), crop="maize", licence="CC0-1.0"), who)
        assert correct({"crop": "rye"})["statusCode"] == 409  # it is not there yet
        if who == WHO:
            send(lake, asked, jpeg())
    catalogue(lake, asked.image_id)
    answer = correct({"crop": "rye", "licence": None, "captured_at": "2026-05-01T08:00:00+02:00"})
    told = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert told["stands"]["metadata"] == {"crop": "rye", "captured_at": "2026-05-01T08:00:00+02:00"}
    assert told["stands"]["corrections"] == 1
    refused = correct({"crop": "oat"}, by=other)
    assert refused["statusCode"] == 409
    assert json.loads(refused["body"])["stands"]["yours"] is False
    key = keys.correction(asked.image_id, 1)
    EventIntake(lake.raw, lake.catalog).take(s3_event(key, "01"), now=NOON)
    metadata = lake.catalog.entries([asked.image_id])[asked.image_id].metadata
    assert metadata is not None
    assert (metadata.crop, metadata.licence, metadata.contributor) == ("rye", None, WHO)
    status = json.loads(api.answer(event("GET", "/uploads/client-0001", token=token))["body"])
    assert (status["state"], status["stands"]["metadata"]["crop"]) == ("catalogued", "rye")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(), method=st.text(), body=st.text())
def test_any_request_at_all_gets_an_answer(
    api: UploadApi, path: str, method: str, body: str
) -> None:
    answer = api.answer(event(method, path, body, f"c-4711.{'x' * 43}"))
    assert 200 <= answer["statusCode"] < 500


def test_the_lambda_door_answers_from_the_lake_its_environment_names(
    lake: Lake, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"RAW_BUCKET": "raw", "RECORDS_BUCKET": "records", "CATALOG_TABLE": "catalog"}
    told |= {"QUOTA_TABLE": "quotas"}
    for name, value in (told | {"AWS_REGION": "eu-central-1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    upload_handler._adapter.cache_clear()
    with lambda_process():
        answer = upload_handler.handler(event("POST", "/uploads", ASKED, token), None)
    upload_handler._adapter.cache_clear()
    assert answer["statusCode"] == 200
    assert list(lake.raw.keys("uploads/")) == ["uploads/c-4711/client-0001.json"]
