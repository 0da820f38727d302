"""Regions as units: what nobody else drew is an answer, too."""

import pytest

from farmy_assets.annotation.agreement.drawn_units import (
    NOTHING,
    DrawnUnit,
    ImageMeanAlpha,
    region_alpha,
    units_of,
    without,
)
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.matching import group_regions
from farmy_assets_tests.annotation.examples import box

POLICY = AgreementPolicy()


def images(text: str) -> list[list[DrawnUnit]]:
    """Images by slash, units by space, one character a person: a class, or - for nothing."""
    return [
        [
            {f"p{n}": NOTHING if value == "-" else value for n, value in enumerate(unit)}
            for unit in image.split()
        ]
        for image in text.split("/")
    ]


@pytest.mark.parametrize(
    ("text", "overall", "image_mean"),
    [
        ("12/11", 0.0, 0.5),
        ("11 2-/22/--", 0.666667, 0.8),
        ("111 2-1/222/--2", 0.414894, 0.388889),
    ],
)
def test_nothing_drawn_is_a_value(text: str, overall: float, image_mean: float) -> None:
    assert region_alpha(images(text)).value() == pytest.approx(overall, abs=1e-6)
    assert ImageMeanAlpha(images(text)).value() == pytest.approx(image_mean, abs=1e-6)


def test_regions_become_units_of_the_classes_that_people_gave() -> None:
    drawn = {
        "anna": [box(0, 0), box(300, 300, label="crop")],
        "ben": [box(5, 0, label="crop")],
        "eva": [],
    }
    assert units_of(group_regions(drawn, policy=POLICY), people=drawn) == (
        {"anna": "weed", "ben": "crop", "eva": NOTHING},
        {"anna": "crop", "ben": NOTHING, "eva": NOTHING},
    )


def test_an_image_on_which_nobody_drew_is_one_unit_and_one_that_nobody_answered_is_none() -> None:
    assert units_of([], people=("anna", "ben")) == ({"anna": NOTHING, "ben": NOTHING},)
    assert units_of([], people=()) == ()


def test_without_a_person_what_he_or_she_alone_drew_is_gone() -> None:
    left = without(images("12 1-/1-"), "p0")
    assert left == [[{"p1": "2"}], [{"p1": NOTHING}]]


def test_of_images_that_one_person_answered_nothing_is_known() -> None:
    assert ImageMeanAlpha(images("1/2")).value() is None
    assert region_alpha(images("1/2")).value() is None
