import pytest

from farmy_assets.defs.trends import (
    Answered,
    classes_vanished,
    conflict_rate_rose,
    kept_share_fell,
)


@pytest.mark.parametrize(
    ("now", "earlier", "said"),
    [
        (0.5, [0.9, 0.8, 0.85], "50% of the batch is kept, and usually 85%"),
        (0.7, [0.9, 0.8, 0.85], ""),
        (1.0, [0.2, 0.3, 0.1], ""),
        (0.0, [0.9, 0.9], ""),
        (0.8, [0.9, 0.9, 0.1, 0.9], ""),
    ],
    ids=["it fell", "a little less", "more than ever", "too few batches", "one odd batch"],
)
def test_a_kept_share_that_fell_far_below_the_usual_is_reported(
    now: float, earlier: list[float], said: str
) -> None:
    assert kept_share_fell(now, earlier) == said


@pytest.mark.parametrize(
    ("now", "before", "is_told"),
    [
        (Answered(200, 60), Answered(100, 10), True),
        (Answered(200, 25), Answered(100, 10), False),
        (Answered(120, 30), Answered(100, 10), False),
        (Answered(200, 150), Answered(20, 1), False),
        (Answered(100, 10), Answered(100, 10), False),
        (Answered(0, 0), Answered(0, 0), False),
    ],
    ids=["it rose", "as before", "few new images", "few images before", "nothing new", "empty"],
)
def test_a_conflict_rate_that_rose_among_new_images_is_reported(
    now: Answered, before: Answered, is_told: bool
) -> None:
    assert bool(conflict_rate_rose(now, before)) is is_told


def test_a_risen_conflict_rate_is_reported_with_both_rates() -> None:
    sentence = conflict_rate_rose(Answered(200, 60), Answered(100, 10))
    assert "50% of the 100 images judged since then" in sentence
    assert "10% of the 100 before" in sentence


def test_a_class_that_the_version_before_had_is_missed_and_a_new_one_is_not() -> None:
    assert classes_vanished({"a"}, {"a", "b", "c"}) == "no longer in the version: b, c"
    assert classes_vanished({"a", "b"}, {"a"}) == ""
