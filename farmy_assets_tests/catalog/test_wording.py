import pytest

from farmy_assets.catalog.wording import counted, listed, nearest


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 batches"), (1, "1 batch"), (2, "2 batches"), (12_345, "12,345 batches")],
)
def test_a_count_is_written_with_the_right_form_of_its_noun(count: int, expected: str) -> None:
    assert counted(count, "batch", "batches") == expected


def test_a_noun_has_an_s_unless_a_plural_is_given() -> None:
    assert (counted(1, "image"), counted(3, "image")) == ("1 image", "3 images")


def test_many_names_are_cut_short_with_their_number() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d"], shown=2) == "a, b and 2 more"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("weeds-2062", "weeds-2026"), ("WEEDS-2026", "weeds-2026"), ("beet", "beets"), ("zzz", None)],
)
def test_a_name_with_a_slip_finds_the_one_that_was_meant(name: str, meant: str | None) -> None:
    assert nearest(name, ["weeds-2026", "beets"]) == meant
