import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Headers

from farmy_assets.scraping.headers import announced_sha256, validator

# base64 of the SHA-256 of nothing
NOTHING = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
IN_HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("name", "value", "digest"),
    [
        ("Repr-Digest", f"sha-512=:AAAA:, sha-256=:{NOTHING}:", IN_HEX),
        ("Digest", f"SHA-256={NOTHING}", IN_HEX),
        ("x-amz-checksum-sha256", NOTHING, IN_HEX),
        ("x-amz-checksum-sha256", f"{NOTHING}-3", None),  # of the parts of an upload
        ("Repr-Digest", "sha-256=:AAAA:", None),
        ("Repr-Digest", f"sha-256=:{NOTHING[:-1]}:", None),
        ("ETag", NOTHING, None),
    ],
)
def test_only_a_whole_sha256_is_a_digest(name: str, value: str, digest: str | None) -> None:
    assert announced_sha256(Headers({name: value})) == digest


@given(st.binary(max_size=80))
def test_no_header_is_too_strange_to_be_read(value: bytes) -> None:
    headers = Headers({"ETag": value, "Repr-Digest": b"sha-256=:" + value + b":"})
    told = validator(headers, "ETag")
    assert told is None or (told.isascii() and told.isprintable())
    announced_sha256(headers)
