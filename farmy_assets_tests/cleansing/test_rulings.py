from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.cleansing.cleansed_set import (
    CleansedSet,
    Examined,
    ExclusionStatus,
    KeptImage,
    conclude,
)
from farmy_assets.cleansing.duplicates import DuplicateKind, DuplicateOf
from farmy_assets.cleansing.overturns import overturn_rates, wilson_interval
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.rulings import Answer, Question, TriageDecision, current_decisions
from farmy_assets.cleansing.verdicts import CheckResult, Status, Verdict

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY = CleansingPolicy()
SHA = "0" * 64


def ruling(
    image_id: str, word: Answer, *, at: float = 0, by: str = "cara",
    question: Question = Question.USABLE, why: str = "",
) -> TriageDecision:  # fmt: skip
    return TriageDecision(
        ruling_id=f"{image_id} {question} {word} {by} {at}", image_id=image_id, question=question,
        word=word, reasons=("dark",), by=by, at=NOON + timedelta(minutes=at), why=why,
    )  # fmt: skip


def examined(image_id: str, status: Status) -> Examined:
    check = "unreadable" if status is Status.REJECTED else "dark"
    verdict = Verdict.PASS if status is Status.FIT else Verdict.FAIL
    quality = ImageQuality(
        image_id=image_id, sha256=SHA, status=status, rule_version="1",
        checks=(CheckResult(check=check, verdict=verdict),),
    )  # fmt: skip
    copy = KeptImage(image_id=image_id, sha256=SHA, width_px=4, height_px=3)
    return Examined(quality, None if status is Status.REJECTED else copy, None)


def made(
    images: Sequence[Examined],
    *rulings: TriageDecision,
    duplicates: dict[str, DuplicateOf] | None = None,
) -> CleansedSet:
    return conclude(
        batch_id="b", campaign="weeds", policy=POLICY, examined=images,
        duplicates=duplicates or {}, rulings=current_decisions(rulings),
    )  # fmt: skip


def statuses(found: CleansedSet) -> dict[str, str]:
    kept = {image.image_id: "kept" for image in found.kept}
    return kept | {item.image_id: item.status.value for item in found.excluded}


IMAGES = [
    examined("fit", Status.FIT),
    examined("held", Status.HELD),
    examined("cut", Status.REJECTED),
]


def test_what_is_held_stays_out_until_somebody_has_spoken() -> None:
    assert statuses(made(IMAGES)) == {"fit": "kept", "held": "held", "cut": "rejected"}


def test_a_yes_keeps_a_held_image_and_a_no_discards_it_with_its_reason() -> None:
    kept = made(IMAGES, ruling("held", Answer.YES))
    assert statuses(kept) == {"fit": "kept", "held": "kept", "cut": "rejected"}
    out = made(IMAGES, ruling("held", Answer.NO, why="nothing but soil"))
    (item,) = [e for e in out.excluded if e.image_id == "held"]
    assert (item.status, item.reasons) == (ExclusionStatus.DISCARDED, ("dark",))
    assert item.detail == "by cara: nothing but soil"


def test_an_image_that_goes_on_without_a_copy_is_unaccounted_for() -> None:
    lost = IMAGES[0]._replace(copy=None)
    assert made([lost, *IMAGES[1:]]).unaccounted(["fit", "held", "cut"]) == {"fit"}


def test_what_cannot_be_decoded_nobody_can_keep() -> None:
    assert statuses(made(IMAGES, ruling("cut", Answer.YES)))["cut"] == "rejected"


def test_a_no_still_counts_when_the_policy_would_let_the_image_through() -> None:
    found = made(IMAGES, ruling("fit", Answer.NO))
    (item,) = [e for e in found.excluded if e.image_id == "fit"]
    assert (item.status, item.reasons) == (ExclusionStatus.DISCARDED, ("dark",))


def test_an_image_that_a_person_kept_can_still_be_a_copy() -> None:
    copy = DuplicateOf(image_id="held", of_image_id="fit", kind=DuplicateKind.NEAR, distance_bits=2)
    found = made(IMAGES, ruling("held", Answer.YES), duplicates={"held": copy})
    assert statuses(found)["held"] == "duplicate"


def test_a_manifest_names_the_rulings_that_it_follows_and_tells_when_there_is_another() -> None:
    yes, no = ruling("held", Answer.YES), ruling("held", Answer.NO, at=1)
    elsewhere = ruling("in another batch", Answer.NO)
    found = made(IMAGES, yes, elsewhere)
    assert found.ruling_ids == (yes.ruling_id,)
    assert found.follows(current_decisions([yes, elsewhere]))
    assert not found.follows(current_decisions([yes, no, elsewhere]))
    assert made(IMAGES).follows(current_decisions([]))
    assert CleansedSet.model_validate_json(found.to_json()) == found


def test_a_word_on_a_duplicate_is_not_a_word_on_its_use() -> None:
    found = current_decisions([ruling("held", Answer.YES, question=Question.DISTINCT)])
    assert found.no_duplicates == {"held"}
    assert not found.keeps("held")
    taken_back = ruling("held", Answer.WITHDRAWN, question=Question.DISTINCT, at=1)
    assert not current_decisions([*found.distinct.values(), taken_back]).no_duplicates


@given(
    st.lists(
        st.builds(
            ruling, st.sampled_from("ab"), st.sampled_from(Answer),
            at=st.integers(0, 3), by=st.sampled_from(("cara", "dora")),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_current_decisions_follow_from_the_rulings_in_any_order_however_often_copied(
    rulings: list[TriageDecision], chance: Random
) -> None:
    shuffled = [*rulings, *rulings]
    chance.shuffle(shuffled)
    assert current_decisions(shuffled) == current_decisions(rulings)
    for image_id in "ab":
        assert not (
            current_decisions(rulings).keeps(image_id)
            and current_decisions(rulings).discards(image_id)
        )


def test_a_check_is_overturned_as_often_as_people_keep_what_it_flagged() -> None:
    flagged = {
        "a": ("dark",), "b": ("dark", "blurry"), "c": ("dark",),
        "open": ("blurry",),
    }  # fmt: skip
    word = current_decisions(
        [ruling("a", Answer.YES), ruling("b", Answer.NO), ruling("c", Answer.NO)]
    )
    dark, blurry = overturn_rates(flagged, word)
    assert (dark.check, dark.flagged, dark.ruled, dark.overturned) == ("dark", 3, 3, 1)
    assert dark.rate == pytest.approx(1 / 3)
    assert (blurry.flagged, blurry.ruled, blurry.overturned, blurry.rate) == (2, 1, 0, 0.0)


def test_without_a_word_nothing_is_known_of_a_check() -> None:
    (found,) = overturn_rates({"a": ("dark",)}, current_decisions([]))
    assert (found.ruled, found.rate, found.low, found.high) == (0, None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (1, 100, 0.0018, 0.0545),
    ],
)
def test_the_interval_is_wilsons(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(hits, trials) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_between_none_and_all(shot: tuple[int, int]) -> None:
    low, high = wilson_interval(*shot)
    assert 0 <= low <= shot[0] / shot[1] <= high <= 1
