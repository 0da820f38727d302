from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from farmy_assets.errors import (
    InvalidInputError,
    LakeError,
    LakeUnavailableError,
    ObjectMissingError,
)
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings


def test_only_one_of_two_writers_gets_a_new_key(lake: Lake) -> None:
    assert lake.raw.put_once("k", b"1")
    assert not lake.raw.put_once("k", b"2")
    assert lake.raw.get("k") == b"1"


def test_a_write_over_an_outdated_version_is_refused(lake: Lake) -> None:
    lake.raw.put("k", b"1")
    _, etag = lake.raw.get_with_etag("k")
    assert lake.raw.put_if("k", b"2", etag=etag)
    assert not lake.raw.put_if("k", b"3", etag=etag)
    assert lake.raw.get("k") == b"2"


def test_a_missing_object_is_another_error_than_a_failing_lake(lake: Lake) -> None:
    assert lake.raw.find("nothing") is None
    assert lake.raw.size_bytes("nothing") is None
    with pytest.raises(ObjectMissingError, match="nothing"):
        lake.raw.get("nothing")


def test_without_the_right_to_list_a_denied_object_is_a_missing_one(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.raw.put("there", b"1")
    without = replace(lake.raw, denied_is_missing=True)
    assert without.get("there") == b"1"

    def deny(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "Forbidden"}}, "HeadObject")

    for name in ("get_object", "head_object"):
        monkeypatch.setattr(lake.raw.client, name, deny)
    for code in ("AccessDenied", "403"):
        assert without.find("nothing") is None
        assert without.size_bytes("nothing") is None
        assert without.head("nothing") is None
        assert without.sha256_of("nothing") is None
        with pytest.raises(LakeError, match=code):
            lake.raw.size_bytes("nothing")
    code = "SlowDown"
    with pytest.raises(LakeUnavailableError):
        without.find("nothing")


def test_a_lake_that_does_not_answer_says_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    names = dict.fromkeys(
        ("raw_bucket", "cleansed_bucket", "records_bucket", "datasets_bucket", "catalog_table"), "x"
    )
    nowhere = Lake.connect(LakeSettings(**names, endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(LakeUnavailableError, match="make up"):
        nowhere.raw.get("k")


def test_missing_settings_are_all_named_at_once() -> None:
    with pytest.raises(InvalidInputError, match=r"FARMY_CATALOG_TABLE.*FARMY_RAW"):
        LakeSettings.from_environment({"FARMY_CLEANSED_BUCKET": "x"})
