"""What stands is what was said first with all corrections, in their order."""

from typing import Any

import pytest
from pydantic import ValidationError

from farmy_assets.catalog.corrections import (
    AuthorKind,
    Correction,
    changes_needed,
    corrected,
    corrected_values,
    differing,
)
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.arrivals import NOON, arrival, jpeg

FIRST = arrival("a.jpg", jpeg())


def correction(number: int, removed: tuple[str, ...] = (), **values: Any) -> Correction:  # noqa: ANN401
    return Correction(
        image_id=FIRST.image_id, number=number, author="op-1", author_kind=AuthorKind.OPERATOR,
        at=NOON, values=corrected_values(values), removed=removed,
    )  # fmt: skip


def test_the_later_correction_of_a_value_wins_and_the_rest_stays() -> None:
    made = [correction(1, crop="wheat", field="7"), correction(2, crop="rye")]
    for order in (made, made[::-1]):
        stands = corrected(FIRST, order)
        assert (stands.crop, stands.field, stands.licence) == ("rye", "7", FIRST.licence)
    assert corrected(FIRST, []) == FIRST


def test_a_value_is_taken_away_and_may_come_again() -> None:
    gone = correction(1, removed=("crop",))
    assert corrected(FIRST, [gone]).crop is None
    assert corrected(FIRST, [gone, correction(2, crop="oat")]).crop == "oat"


def test_what_makes_the_image_cannot_be_corrected() -> None:
    for name in ("campaign", "sha256", "original_name", "source", "web"):
        with pytest.raises(InvalidInputError, match=name):
            corrected_values({name: "x"})
        with pytest.raises(ValidationError, match="cannot be removed"):
            correction(1, removed=(name,))


def test_one_value_is_not_removed_and_given_at_once() -> None:
    with pytest.raises(ValidationError, match="at once: crop"):
        correction(1, removed=("crop",), crop="rye")


def test_only_what_changes_something_is_written_down() -> None:
    values = corrected_values({"crop": FIRST.crop, "field": "7"})
    said, gone = changes_needed(FIRST, values, ("device", "licence", "licence"))
    assert said == corrected_values({"field": "7"})
    assert gone == ("licence",)


def test_an_offer_differs_only_in_what_it_says() -> None:
    silent = FIRST.model_copy(update={"crop": None, "field": None})
    assert differing(FIRST, silent) == ()
    assert differing(FIRST, FIRST.model_copy(update={"crop": "rye", "field": "7"})) == (
        "crop", "field",
    )  # fmt: skip
