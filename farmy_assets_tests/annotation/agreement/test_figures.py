"""The figures of regions, from counted combinations of answers."""

from collections import Counter

import pytest

from farmy_assets.annotation.agreement.drawn_units import DrawnImage
from farmy_assets.annotation.agreement.figures import (
    answered_by_several,
    region_agreement,
    reliability,
)

BOTH = ("anna", "ben")
THREE = ("anna", "ben", "eva")


def counted(*images: tuple[tuple[str, ...], str, int]) -> Counter[DrawnImage]:
    """People, units by space with a character a person (- for nothing), and how often."""
    return Counter(
        {
            DrawnImage(
                people, tuple(tuple(None if v == "-" else v for v in u) for u in units.split())
            ): count
            for people, units, count in images
        }
    )


def test_two_people_agree_as_far_as_they_drew_the_same_in_the_same_class() -> None:
    found = region_agreement(counted((BOTH, "ww cc", 3), (BOTH, "wc w-", 1)))
    (pair,) = found.pairs
    assert (pair.people, pair.images) == (BOTH, 4)
    assert pair.f1 == pytest.approx(2 * 6 / 15)
    assert pair.kappa.items == 8
    assert found.alpha.items == 4
    assert found.alpha.low is not None
    assert found.by_class.keys() == {"c", "w"}


def test_somebody_who_disagrees_with_all_others_lowers_alpha() -> None:
    images = counted((THREE, "wwc ccw", 5), (THREE, "www ccc", 2), (THREE, "ccw", 3))
    found = region_agreement(images, rounds=0)
    assert found.without["eva"] == 1
    assert found.without["anna"] is not None
    assert found.alpha.value is not None
    assert found.without["anna"] < found.alpha.value < 1
    reliable = reliability(images)
    assert reliable["anna"].with_majority == 1
    assert reliable["eva"].with_majority == pytest.approx(4 / 17)
    assert (reliable["eva"].accuracy or 0) < (reliable["anna"].accuracy or 0)


def test_fleiss_kappa_is_of_the_images_with_as_many_answers_as_most_have() -> None:
    found = region_agreement(
        counted((BOTH, "ww", 2), (THREE, "www", 3), (THREE, "ccc", 3)), rounds=0
    )
    assert found.fleiss_people == 3
    assert found.fleiss.value == pytest.approx(1)
    assert found.fleiss.items == 6


def test_what_is_undefined_is_null_and_neither_zero_nor_one() -> None:
    assert not answered_by_several(counted((("anna",), "w", 4)))
    for images in (counted(), counted((BOTH, "ww", 4))):
        found = region_agreement(images)
        assert (found.alpha.value, found.fleiss.value) == (None, None)
        assert [pair.kappa.value for pair in found.pairs] == [None] * len(found.pairs)
    assert reliability(counted()) == {}
