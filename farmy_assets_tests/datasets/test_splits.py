import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import Splits
from farmy_assets.datasets.splits import SPLITS, group_key, split_of
from farmy_assets_tests.datasets.examples import quick

GROUPS = [f"field {number}" for number in range(4000)]


@st.composite
def shares(draw: st.DrawFn) -> Splits:
    train = draw(st.integers(0, 100))
    val = draw(st.integers(0, 100 - train))
    return Splits(train=train / 100, val=val / 100, test=(100 - train - val) / 100)


@pytest.mark.parametrize(
    "wanted",
    [
        Splits(),
        Splits(train=0.5, val=0.3, test=0.2),
        Splits(train=1 / 3, val=1 / 3, test=1 / 3),
        Splits(train=0, val=0.5, test=0.5),
    ],
    ids=str,
)
def test_in_the_long_run_each_split_gets_its_share(wanted: Splits) -> None:
    count = Counter(split_of(group, wanted) for group in GROUPS)
    for split in SPLITS:
        share = getattr(wanted, split)
        five_sigma = 5 * (share * (1 - share) / len(GROUPS)) ** 0.5
        assert count[split] / len(GROUPS) == pytest.approx(share, abs=five_sigma)


@quick
@given(group=st.text(min_size=1), wanted=shares())
def test_a_split_without_a_share_gets_no_group(group: str, wanted: Splits) -> None:
    assert getattr(wanted, split_of(group, wanted)) > 0


@quick
@given(group=st.text(min_size=1), one=shares(), other=shares())
def test_a_larger_training_share_takes_from_validation_and_leaves_the_test_alone(
    group: str, one: Splits, other: Splits
) -> None:
    rest = 1 - one.test
    wanted = Splits(train=rest * other.train, val=rest * (1 - other.train), test=one.test)
    assert (split_of(group, one) == "test") == (split_of(group, wanted) == "test")


@quick
@given(group=st.text(min_size=1), wanted=shares(), more=st.integers(0, 100))
def test_no_test_image_leaves_the_test_while_its_share_grows(
    group: str, wanted: Splits, more: int
) -> None:
    test = min(wanted.test + more / 100, 1)
    larger = Splits(train=1 - test, val=0, test=test)
    if split_of(group, wanted) == "test":
        assert split_of(group, larger) == "test"


def test_the_split_of_a_group_is_the_same_for_ever() -> None:
    # Were the hash or the order of the lines to change, every data set would be shuffled anew.
    known = {"north": "val", "south": "train", "east": "train", "field 1": "test"}
    assert {group: split_of(group, Splits()) for group in known} == known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Field 7", "field  7"),
        ("Müller", unicodedata.normalize("NFD", "Müller")),
        ("Straße Nord", "STRASSE NORD"),
        ("field\u00a07", "field 7"),
        ("\uff17", "7"),
    ],
)
def test_a_field_typed_in_another_way_is_the_same_field(one: str, other: str) -> None:
    assert group_key(one) == group_key(other)


def test_a_field_typed_in_another_way_is_in_the_same_split() -> None:
    for group in GROUPS[:200]:
        typed = group.upper().replace(" ", "  ")
        assert split_of(typed, Splits()) == split_of(group, Splits())


def test_different_fields_stay_different() -> None:
    assert group_key("field 7") != group_key("field 77")


@quick
@given(st.text())
def test_the_key_of_a_key_is_itself(group: str) -> None:
    assert group_key(group_key(group)) == group_key(group)
