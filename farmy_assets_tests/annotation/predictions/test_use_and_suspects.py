"""What became of predictions, what is likely wrong with labels, and which images come first."""

from collections import Counter

import pytest

from farmy_assets.annotation.campaign import AgreementPolicy, ShownModel
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.annotation.predictions.suspects import suspects_of
from farmy_assets.annotation.predictions.task_order import (
    by_disagreement,
    by_diversity,
    by_uncertainty,
)
from farmy_assets.annotation.predictions.use import (
    RegionUse,
    Use,
    counted_uses,
    first_answer,
    uses_of,
)
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome
from farmy_assets_tests.annotation.examples import box, minutes, vote

IMAGE = f"{'0' * 32}-{'1' * 12}"
SHOWN = ShownModel(model="v1", least_score=0.3)
POLICY = AgreementPolicy()


def seen(*regions: tuple[Box, float]) -> ImagePredictions:
    found = tuple(PredictedRegion(region=region, score=score) for region, score in regions)
    return ImagePredictions(image_id=IMAGE, regions=found)


def uses(predictions: ImagePredictions, *drawn: Box) -> list[RegionUse]:
    return uses_of(vote("anna", *drawn, image_id=IMAGE), SHOWN, predictions)


def test_each_region_that_was_shown_or_added_is_counted_once() -> None:
    predictions = seen(
        (box(0, 0), 0.9), (box(200, 0), 0.8), (box(400, 0), 0.7), (box(600, 0), 0.6),
        (box(0, 400), 0.2),
    )  # fmt: skip
    drawn = box(0, 0), box(230, 0), box(400, 0, label="crop"), box(0, 400)
    found = uses(predictions, *drawn)
    assert [each.use for each in found] == [
        Use.ACCEPTED, Use.EDITED, Use.RELABELLED, Use.DELETED, Use.ADDED,
    ]  # fmt: skip
    accepted, edited, relabelled, deleted, added = found
    assert (accepted.likeness, accepted.score, accepted.model) == (1.0, 0.9, "v1")
    assert edited.likeness == pytest.approx(70 / 130, abs=1e-5)
    assert (relabelled.label, relabelled.drawn_label) == ("weed", "crop")
    assert (deleted.drawn_label, deleted.likeness) == (None, None)
    assert (added.label, added.score) == ("weed", None)


def test_what_label_studio_rounds_is_accepted() -> None:
    moved = Box(label="weed", x_min=0.4, y_min=0.3, x_max=100.2, y_max=100.1)
    assert [each.use for each in uses(seen((box(0, 0), 0.9)), moved)] == [Use.ACCEPTED]


def test_only_the_first_full_answer_to_a_task_is_of_the_prediction() -> None:
    first = vote("anna", box(0, 0), vote_id="1", submitted_at=minutes(1))
    skipped = vote("anna", vote_id="0", submitted_at=minutes(0), outcome=Outcome.SKIPPED)
    later = vote("anna", vote_id="2", submitted_at=minutes(2))
    of_ben = vote("ben", vote_id="3", submitted_at=minutes(0))
    votes = [later, first, skipped, of_ben]
    assert [first_answer(each, votes) for each in votes] == [False, True, False, True]
    assert not first_answer(vote("anna", person="ben"), votes)


def test_counts_add_up_in_any_portions() -> None:
    predictions = seen((box(0, 0), 0.9), (box(200, 0), 0.8))
    one, two = uses(predictions, box(0, 0), box(230, 0)), uses(predictions, box(0, 0))
    apart = counted_uses(counted_uses((), one), two)
    assert apart == counted_uses((), [*one, *two])
    (row,) = apart
    assert (row.accepted, row.edited, row.deleted, row.person) == (2, 1, 1, "anna")
    assert row.likeness_sum == pytest.approx(70 / 130, abs=1e-5)


def test_each_kind_of_likely_error_is_found_and_the_likeliest_comes_first() -> None:
    predictions = seen(
        (box(0, 0), 0.95), (box(200, 0), 0.9), (box(415, 15), 0.8), (box(600, 0), 0.7),
        (box(0, 400), 0.2),
    )  # fmt: skip
    drawn = [box(200, 0, label="crop"), box(400, 0), box(600, 0), box(0, 400), box(300, 400)]
    found = suspects_of(IMAGE, drawn, predictions.regions, policy=POLICY)
    assert [(each.kind.value, each.suspicion) for each in found] == [
        ("extra", 1.0), ("missed", 0.95), ("other_class", 0.9), ("extra", 0.8),
        ("loose", pytest.approx(0.8 * (1 - 85 * 85 / (20_000 - 85 * 85)), abs=1e-5)),
    ]  # fmt: skip
    assert [each.sentence for each in found] == [
        '"weed" at (350, 450) was drawn, the model sees it not at all',
        'the model sees "weed" at (50, 50) (score 0.95), nobody drew it',
        '"crop" at (250, 50) is "weed" to the model (score 0.90)',
        '"weed" at (50, 450) was drawn, the model sees it only with score 0.20',
        '"weed" at (450, 50) was drawn differently from the model\'s (likeness 0.57)',
    ]


def test_a_sound_image_has_no_suspects() -> None:
    assert suspects_of(IMAGE, [box(0, 0)], seen((box(1, 1), 0.9)).regions, policy=POLICY) == []
    assert suspects_of(IMAGE, [], seen((box(1, 1), 0.4)).regions, policy=POLICY) == []


def test_the_least_certain_images_come_first_and_unknown_ones_last() -> None:
    known = {
        "sure": seen((box(0, 0), 0.99)), "doubtful": seen((box(0, 0), 0.55), (box(9, 9), 0.9)),
        "nothing": seen(), "broken": ImagePredictions(image_id=IMAGE, problem="too costly"),
    }  # fmt: skip
    ids = ["sure", "unknown", "doubtful", "nothing", "broken"]
    assert by_uncertainty(ids, known) == ["doubtful", "sure", "nothing", "broken", "unknown"]


def test_a_variety_of_images_comes_before_what_looks_alike() -> None:
    hashes = {
        "a": "0000000000000000", "b": "0000000000000001", "c": "ffffffffffffffff",
        "d": "fffffffffffffffe", "e": "00000000ffffffff",
    }  # fmt: skip
    found = by_diversity([*hashes, "unknown"], hashes)
    assert found[:3] == ["a", "c", "e"]
    assert Counter(found) == Counter([*hashes, "unknown"])
    assert found[-1] == "unknown"


def test_images_in_which_model_and_people_differ_come_first() -> None:
    known = {"same": seen((box(0, 0), 0.9)), "missed": seen((box(0, 0), 0.9))}
    drawn = {"same": [box(0, 0)], "missed": [], "without": [box(0, 0)]}
    found = by_disagreement(["same", "without", "missed"], known, drawn, policy=POLICY)
    assert found == ["missed", "same", "without"]
