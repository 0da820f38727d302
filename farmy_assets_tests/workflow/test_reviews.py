"""The draw for reviews and reopened images, on a lake in memory: killed, repeated, in portions."""

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import reviews
from farmy_assets.workflow.evaluation import bring_up_to_date, evaluated
from farmy_assets.workflow.reviews import draw_for_review, reopen
from farmy_assets_tests.annotation.examples import NOON
from farmy_assets_tests.workflow.settled_campaign import IMAGES, image_id, settled_campaign


@pytest.fixture
def rules(lake: Lake) -> Campaign:
    """Of a campaign whose images anna drew alone; half of them are to be reviewed."""
    before = settled_campaign(lake, exports=("coco",))
    wanted = before.model_copy(update={"review": ReviewPolicy(share=0.5)})
    after = lake.campaigns.apply(wanted)
    bring_up_to_date(lake, after)
    return after


def statuses(lake: Lake, rules: Campaign) -> dict[str, int]:
    return dict(evaluated(lake, rules).counts.statuses)


def test_a_draw_in_portions_is_exact_and_each_image_is_in_one(
    lake: Lake, rules: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert statuses(lake, rules) == {"in_review": IMAGES}
    monkeypatch.setattr(reviews, "_DRAWN_AT_ONCE", 5)
    inputs = draw_for_review(lake, rules, evaluated(lake, rules))
    assert statuses(lake, rules) == {"in_review": IMAGES // 2, "single": IMAGES // 2}
    assert inputs.sampling.drawn == {"anna": IMAGES}
    assert len(inputs.to_hand_over) == IMAGES // 2
    drawn = [s.image_id for r in lake.reviews.after(rules.name, 0).values() for s in r.sampled]
    assert sorted(drawn) == sorted(image_id(n) for n in range(IMAGES))
    assert draw_for_review(lake, rules, inputs) == inputs


def test_a_draw_that_was_killed_before_it_was_evaluated_stands(
    lake: Lake, rules: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise LakeUnavailableError("killed")

    inputs = evaluated(lake, rules)
    with monkeypatch.context() as patched:
        patched.setattr(reviews, "bring_up_to_date", killed)
        with pytest.raises(LakeUnavailableError):
            draw_for_review(lake, rules, inputs)
    before = lake.reviews.after(rules.name, 0)
    draw_for_review(lake, rules, inputs)
    assert lake.reviews.after(rules.name, 0) == before
    assert statuses(lake, rules) == {"in_review": IMAGES // 2, "single": IMAGES // 2}


def test_a_reopening_that_was_killed_before_it_was_evaluated_is_found_by_the_next_look(
    lake: Lake, rules: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_for_review(lake, rules, evaluated(lake, rules))
    single = next(
        j.image_id for j in lake.evaluations.with_status(rules.name, ConsensusStatus.SINGLE)
    )
    looks = iter([bring_up_to_date])

    def killed_at_the_second(of: Lake, campaign: Campaign) -> object:
        if look := next(looks, None):
            return look(of, campaign)
        raise LakeUnavailableError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(reviews, "bring_up_to_date", killed_at_the_second)
        with pytest.raises(LakeUnavailableError):
            reopen(lake, rules, [single], reason="too large", now=NOON)
    assert reopen(lake, rules, [single], reason="too large", now=NOON) == [single]
    image = lake.evaluations.of_images(rules.name, [single])[single]
    assert len(image.reopenings) == 1
    assert image.consensus is not None
    assert image.consensus.status is ConsensusStatus.IN_REVIEW
    assert single in evaluated(lake, rules).to_hand_over
