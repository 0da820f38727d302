"""Regions as units: what nobody else drew is an answer, too."""

from collections import Counter

import pytest

from farmy_assets.annotation.agreement.alpha import Alpha
from farmy_assets.annotation.agreement.drawn_units import (
    NOTHING,
    DrawnImage,
    ImageMeanAlpha,
    drawn_image,
    items_of,
    without,
)
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.matching import group_regions
from farmy_assets_tests.annotation.examples import box

POLICY = AgreementPolicy()


def images(text: str) -> Counter[DrawnImage]:
    """Images by slash, units by space, one character a person: a class, or - for nothing."""
    found: Counter[DrawnImage] = Counter()
    for image in text.split("/"):
        units = [tuple(None if v == "-" else v for v in unit) for unit in image.split()]
        found[DrawnImage(tuple(f"p{n}" for n in range(len(units[0]))), tuple(units))] += 1
    return found


@pytest.mark.parametrize(
    ("text", "overall", "image_mean"),
    [
        ("12/11", 0.0, 0.5),
        ("11 2-/22/--", 0.666667, 0.8),
        ("111 2-1/222/--2", 0.414894, 0.388889),
    ],
)
def test_nothing_drawn_is_a_value(text: str, overall: float, image_mean: float) -> None:
    found = Alpha(items_of(images(text)))
    assert found.value() == pytest.approx(overall, abs=1e-6)
    assert ImageMeanAlpha(found).value() == pytest.approx(image_mean, abs=1e-6)


def test_regions_become_units_of_the_classes_that_people_gave() -> None:
    drawn = {
        "anna": [box(0, 0), box(300, 300, label="crop")],
        "ben": [box(5, 0, label="crop")],
        "eva": [],
    }
    assert drawn_image(group_regions(drawn, policy=POLICY), people=drawn) == DrawnImage(
        ("anna", "ben", "eva"), (("crop", NOTHING, NOTHING), ("weed", "crop", NOTHING))
    )


def test_an_image_on_which_nobody_drew_is_one_unit_and_one_that_nobody_answered_is_none() -> None:
    assert drawn_image([], people=("ben", "anna")) == (("anna", "ben"), ((NOTHING, NOTHING),))
    assert drawn_image([], people=()) == ((), ())


def test_without_a_person_what_he_or_she_alone_drew_is_gone() -> None:
    first, second = images("12 1-/1-")
    assert without(first, "p0") == (("p1",), (("2",),))
    assert without(second, "p0") == (("p1",), ((NOTHING,),))
    assert without(second, "somebody else") == second
    assert without(without(second, "p0"), "p1") == ((), ())


def test_of_images_that_one_person_answered_nothing_is_known() -> None:
    found = Alpha(items_of(images("1/2")))
    assert found.value() is None
    assert ImageMeanAlpha(found).value() is None
