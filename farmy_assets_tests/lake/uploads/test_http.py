"""Requests of strangers: each gets an answer that says what to do, and none gets more."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farmy_assets import upload_handler
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.uploads.http import LARGEST_BODY_BYTES, UploadApi
from farmy_assets_tests.arrivals import NOON, jpeg
from farmy_assets_tests.faults import slow_down
from farmy_assets_tests.lake.uploads.phone import WHO, api, request_for

__all__ = ["api"]


def event(method: str, path: str, body: object = None, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    told = {"rawPath": path, "requestContext": {"http": {"method": method}}, "headers": headers}
    return told | ({"body": body if isinstance(body, str) else json.dumps(body)} if body else {})


@pytest.fixture
def token(lake: Lake) -> str:
    return lake.contributors.give_token(WHO, now=NOON)


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
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    api: UploadApi, token: str, method: str, path: str, body: object, status: int, told: str
) -> None:
    answer = api.answer(event(method, path, body, token))
    problem = json.loads(answer["body"])
    assert answer["statusCode"] == problem["status"] == status
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert told in problem["detail"]


@pytest.mark.parametrize("path", ["/uploads", "/uploads/batch", "/uploads/client-0001/complete"])
def test_without_a_token_nothing_is_told(api: UploadApi, path: str) -> None:
    for given_token in ("", "c-4711.guessed", f"c-4711.{'x' * 43}"):
        answer = api.answer(event("POST", path, ASKED, given_token))
        assert answer["statusCode"] == 401
        assert answer["headers"]["WWW-Authenticate"] == "Bearer"


def test_a_lake_that_is_busy_is_asked_again_later(
    api: UploadApi, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    slow_down(api.desk.raw.client, "PutObject", times=5)
    answer = api.answer(event("POST", "/uploads", ASKED, token))
    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"] == "5"


def test_what_went_wrong_inside_stays_inside(
    api: UploadApi, token: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(type(api.desk), "ask", fail)
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
    assert "default-src 'self'" in answer["headers"]["Content-Security-Policy"]
    assert "http" not in answer["body"].replace("https://", "").replace("http://", "")


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
    upload_handler._api.cache_clear()
    answer = upload_handler.handler(event("POST", "/uploads", ASKED, token), None)
    upload_handler._api.cache_clear()
    assert answer["statusCode"] == 200
    assert list(lake.raw.keys("uploads/")) == ["uploads/c-4711/client-0001.json"]
