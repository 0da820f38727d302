"""Addresses: written in one way, and found when they are like another."""

import pytest

from farmy_assets.annotation.people import parse_email, similar_addresses
from farmy_assets.errors import InvalidInputError

KNOWN = ("anna@example.com", "ben.smith@example.com", "cleo@farm.example")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ana@example.com", "anna@example.com"),
        ("annna@example.com", "anna@example.com"),
        ("anma@example.com", "anna@example.com"),
        ("nana@example.com", "anna@example.com"),
        ("anna@exmaple.com", "anna@example.com"),
        ("an.na@example.com", "anna@example.com"),
        ("Anna+weeds@Example.com", "anna@example.com"),
        ("bensmith@example.com", "ben.smith@example.com"),
        ("\uff41nna@example.com", "anna@example.com"),
        ("cleo@farm.exampl", "cleo@farm.example"),
    ],
)
def test_one_slip_is_enough_to_be_asked(written: str, meant: str) -> None:
    assert similar_addresses(written, KNOWN) == [meant]


@pytest.mark.parametrize(
    "written",
    ["dora@example.com", "anna@example.org.uk", "an@example.com", "annamaria@example.com"],
)
def test_other_addresses_are_not_asked_about(written: str) -> None:
    assert similar_addresses(written, KNOWN) == []


@pytest.mark.parametrize("written", ["anna@example.com", " ANNA@example.COM "])
def test_the_same_address_in_other_letters_is_the_same_and_not_alike(written: str) -> None:
    assert similar_addresses(written, KNOWN) == []
    assert parse_email(written) == "anna@example.com"


@pytest.mark.parametrize("text", ["", "anna", "@example.com", "an na@example.com", "anna@example"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not an e-mail address"):
        parse_email(text)
