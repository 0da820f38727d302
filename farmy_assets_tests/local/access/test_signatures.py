"""Signature Version 4, against AWS's own signer (botocore) and AWS's published example."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.local.access.signatures import (
    SignatureRefusedError,
    SignedRequest,
    check_signature,
    payload_hash,
    read_signature,
)

KEYS = {"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "OTHER": "of another"}
HOST = "127.0.0.1:4566"
KEY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def secret_of(access_key_id: str, session_token: str) -> str | None:
    return KEYS.get(access_key_id) if session_token in {"", "a token"} else None


def signed(
    address: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    service: str = "s3",
    key: str = "AKIDEXAMPLE",
    token: str | None = None,
    expires: int | None = None,
) -> SignedRequest:
    """A request as botocore signs it; `expires` makes a presigned address."""
    credentials = Credentials(key, KEYS.get(key, "unknown"), token)
    request = AWSRequest(method, address, headers=dict(headers or {}), data=body)
    if expires is not None:
        signer: SigV4Auth = S3SigV4QueryAuth(credentials, service, "eu-central-1", expires=expires)
    else:
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
            credentials, service, "eu-central-1"
        )
    signer.add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    sent = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    return SignedRequest(method, parts.path, parts.query, {"host": parts.netloc, **sent})


def check(request: SignedRequest, *, body: bytes = b"", after: float = 0) -> None:
    signature = read_signature(request)
    body_hash = payload_hash(request, signature) or sha256(body).hexdigest()
    now = datetime.now(UTC) + timedelta(seconds=after)
    check_signature(request, signature, body_hash=body_hash, secret_of=secret_of, now=now)


@pytest.mark.parametrize(
    "address",
    [
        "/bucket/images/a.jpg", "/bucket/a%20b%2Bc%C3%BC", "/", "/bucket?list-type=2&prefix=a%2Fb",
        "/bucket?uploads", "/bucket/k?uploadId=x&partNumber=1", "/bucket//double/./dots/../x",
        "/bucket?prefix=a%20b%2B&delimiter=%2F&z=&a=1&a=0",
    ],
)  # fmt: skip
def test_what_an_sdk_signs_for_s3_is_accepted_in_the_header_and_in_the_address(
    address: str,
) -> None:
    check(signed(f"http://{HOST}{address}"))
    check(signed(f"http://{HOST}{address}", method="PUT", body=b"bytes"))
    check(signed(f"http://{HOST}{address}", expires=60), after=59)


@given(st.lists(KEY_TEXT, min_size=1, max_size=3), KEY_TEXT)
def test_every_key_that_s3_can_have_is_signed_alike(parts: list[str], prefix: str) -> None:
    path = "/".join(quote(part, safe="-_.~") for part in parts)
    check(signed(f"http://{HOST}/bucket/{path}?prefix={quote(prefix, safe='-_.~')}"))


@pytest.mark.parametrize(
    ("service", "path"),
    [("dynamodb", "/"), ("lambda", "/2015-03-31/functions/farmy-ingest"), ("sqs", "/a//b/../c")],
)
def test_other_services_sign_their_body_and_a_normalised_path(service: str, path: str) -> None:
    request = signed(
        f"http://{HOST}{path}", method="POST", body=b"{}", service=service,
        headers={"X-Amz-Target": "DynamoDB_20120810.GetItem"},
    )  # fmt: skip
    check(request, body=b"{}")
    with pytest.raises(SignatureRefusedError):
        check(request, body=b"{ }")


def test_aws_s_own_example_has_the_signature_that_aws_publishes() -> None:
    # Amazon S3 API Reference, "Signature calculations ... Example: GET Object".
    empty = sha256(b"").hexdigest()
    request = SignedRequest(
        "GET", "/test.txt", "",
        {
            "host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9",
            "x-amz-content-sha256": empty, "x-amz-date": "20130524T000000Z",
            "authorization": "AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        },
    )  # fmt: skip
    check_signature(
        request,
        read_signature(request),
        body_hash=empty,
        secret_of=lambda _key, _token: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        now=datetime(2013, 5, 24, 0, 5, tzinfo=UTC),
    )


def other(request: SignedRequest, **headers: str) -> SignedRequest:
    return replace(request, headers={**request.headers, **headers})


CHANGES: dict[str, Callable[[SignedRequest], SignedRequest]] = {
    "method": lambda r: replace(r, method="DELETE"),
    "key": lambda r: replace(r, raw_path="/bucket/another"),
    "query": lambda r: replace(r, query=f"{r.query}&versionId=x" if r.query else "versionId=x"),
    "host": lambda r: other(r, host="evil.example"),
    "date of a header": lambda r: other(r, **{"x-amz-date": "20200101T000000Z"}),
    "more metadata": lambda r: other(r, **{"x-amz-meta-farmy": "{}"}),
    "an acl": lambda r: other(r, **{"x-amz-acl": "public-read"}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("expires", [None, 60])
def test_no_part_of_a_signed_request_can_be_changed(change: str, expires: int | None) -> None:
    request = signed(f"http://{HOST}/bucket/key", expires=expires)
    check(request)
    with pytest.raises(SignatureRefusedError):
        check(CHANGES[change](request))


@pytest.mark.parametrize("expires", [None, 60])
def test_a_signature_is_good_for_its_time_only(expires: int | None) -> None:
    request = signed(f"http://{HOST}/bucket/key", expires=expires)
    too_late = 61 if expires else 15 * 60 + 1
    for after in (too_late, too_late + 86400, -15 * 60 - 2):
        with pytest.raises(SignatureRefusedError, match="time"):
            check(request, after=after)


def test_a_presigned_address_lives_a_week_at_most() -> None:
    with pytest.raises(SignatureRefusedError, match="complete"):
        check(signed(f"http://{HOST}/bucket/key", expires=8 * 86400))


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAUNKNOWN"])
@pytest.mark.parametrize("expires", [None, 60])
def test_a_key_that_nobody_gave_out_is_refused(key: str, expires: int | None) -> None:
    with pytest.raises(SignatureRefusedError, match="not known"):
        check(signed(f"http://{HOST}/bucket/key", key=key, expires=expires))


def test_a_key_does_not_sign_for_another() -> None:
    request = signed(f"http://{HOST}/bucket/key", key="OTHER")
    stolen = request.headers["authorization"].replace("OTHER", "AKIDEXAMPLE")
    with pytest.raises(SignatureRefusedError, match="not that of this request"):
        check(other(request, authorization=stolen))


def test_a_second_key_beside_the_one_that_signed_is_refused() -> None:
    # The emulator believes the first key that it finds, and looks at no signature itself.
    request = signed(f"http://{HOST}/bucket/key", key="OTHER")
    told = request.headers["authorization"]
    of_root = told[: told.index(", ")].partition(" ")[2].replace("OTHER", "AKIDEXAMPLE")
    for text in (
        told.replace("Credential=", f"{of_root}, Credential="),
        told.replace("Credential=", f"x{of_root}, Credential="),
        told.replace("AWS4-HMAC-SHA256 ", f"AWS4-HMAC-SHA256 {of_root},AWS4-HMAC-SHA256 "),
        f"{told}, {of_root}",
    ):
        with pytest.raises(SignatureRefusedError):
            check(other(request, authorization=text))


def test_a_key_in_the_address_beside_another_is_refused() -> None:
    second = f"X-Amz-Credential={quote('AKIDEXAMPLE/20260101/eu-central-1/s3/aws4_request')}"
    for name, expires in ((second, None), (second.lower(), None), (second.lower(), 60)):
        request = signed(f"http://{HOST}/bucket/key?{name}", key="OTHER", expires=expires)
        with pytest.raises(SignatureRefusedError, match="one signature"):
            check(request)
    presigned = signed(f"http://{HOST}/bucket/key", key="OTHER", expires=60)
    with pytest.raises(SignatureRefusedError, match="one signature"):
        check(replace(presigned, query=f"{second}&{presigned.query}"))


@pytest.mark.parametrize("expires", [None, 60])
def test_a_session_s_token_goes_with_its_key(expires: int | None) -> None:
    check(signed(f"http://{HOST}/bucket/key", token="a token", expires=expires))
    with pytest.raises(SignatureRefusedError):
        check(signed(f"http://{HOST}/bucket/key", token="another token", expires=expires))


def test_requests_without_a_signature_or_with_half_of_one_are_refused() -> None:
    whole = signed(f"http://{HOST}/bucket/key")
    presigned = signed(f"http://{HOST}/bucket/key", expires=60)
    bare = {"host": HOST}
    for request in (
        replace(whole, headers=bare),
        other(whole, authorization="Bearer token"),
        other(whole, authorization="AWS key:signature"),
        other(whole, authorization="AWS4-HMAC-SHA256 Credential=x"),
        other(whole, authorization="AWS4-HMAC-SHA256"),
        other(whole, authorization=whole.headers["authorization"].replace("host;", "")),
        replace(whole, headers={k: v for k, v in whole.headers.items() if k != "x-amz-date"}),
        *(
            replace(presigned, query="&".join(p for p in presigned.query.split("&") if n not in p))
            for n in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
        ),
        replace(presigned, query=presigned.query.replace("Expires=60", "Expires=-1")),
        replace(presigned, query=presigned.query.replace("Expires=60", "Expires=6e1")),
    ):
        with pytest.raises(SignatureRefusedError):
            check(request)
