"""What people made of predictions is counted once, as the votes come, and can be asked for."""

from pathlib import Path

import pytest

from farmy_assets.annotation.campaign import Campaign, ShownModel
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.catalog.batches import Batch
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.prediction_use import PredictionUseRepository
from farmy_assets.query.layer import QueryLayer
from farmy_assets.workflow.prediction_figures import by_class, by_person
from farmy_assets.workflow.prediction_use import count_prediction_use
from farmy_assets_tests.annotation.examples import NOON, box, minutes, vote
from farmy_assets_tests.workflow.settled_campaign import BATCH, IMAGES, image_id, settled_campaign

V1 = ShownModel(model="v1")


def seal(lake: Lake, rules: Campaign) -> None:
    ids = tuple(sorted(image_id(n) for n in range(IMAGES)))
    batch = Batch(batch_id=BATCH, number=1, campaign=rules.name, sealed_at=NOON, image_ids=ids)
    lake.records.write_once(keys.batch(1), batch)


@pytest.fixture
def rules(lake: Lake) -> Campaign:
    """Three images had a prediction; the first was accepted, of the second one box was deleted."""
    rules = settled_campaign(lake, exports=("coco",))
    seal(lake, rules)
    of_images = {0: [box(10, 10)], 1: [box(10, 10), box(400, 10)], 2: [box(40, 10)], 3: [box(9, 9)]}
    found = [
        ImagePredictions(
            image_id=image_id(n),
            regions=tuple(PredictedRegion(region=region, score=0.9) for region in regions),
        )
        for n, regions in of_images.items()
    ]
    lake.predictions.add(rules.name, "v1", BATCH, found)
    shown = {image_id(n): V1 for n in range(3)}
    lake.predictions.note_shown(rules.name, BATCH, {"anna": shown})
    return rules


def test_answers_are_counted_by_model_and_class_and_person(lake: Lake, rules: Campaign) -> None:
    for _ in range(2):
        use = count_prediction_use(lake, rules)
    (figures,) = by_class(use)
    assert figures.counts == {
        "accepted": 2, "edited": 1, "relabelled": 0, "deleted": 1, "added": 0,
    }  # fmt: skip
    assert (figures.model, figures.label, figures.accepted_share) == ("v1", "weed", 0.5)
    assert figures.mean_edit == pytest.approx(1 - 70 / 130, abs=1e-4)
    assert by_person(use)["anna"]["deleted"] == 1


def test_a_later_answer_to_the_same_task_is_not_counted(lake: Lake, rules: Campaign) -> None:
    before = count_prediction_use(lake, rules)
    again = vote(
        "anna", image_id=image_id(0), task_key=image_id(0), vote_id="again",
        submitted_at=minutes(99),
    )  # fmt: skip
    lake.votes.add(rules.name, [again], after=before.votes_up_to)
    after = count_prediction_use(lake, rules)
    assert after.counts == before.counts
    assert after.votes_up_to == before.votes_up_to + 1


def test_a_run_that_was_killed_before_its_sums_counts_nothing_twice(
    lake: Lake, rules: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(PredictionUseRepository, "put_counted", killed)
        with pytest.raises(KeyboardInterrupt):
            count_prediction_use(lake, rules)
    assert by_class(count_prediction_use(lake, rules))[0].counts["accepted"] == 2


def test_a_campaign_that_shows_nothing_reads_no_votes(lake: Lake) -> None:
    rules = settled_campaign(lake, exports=("coco",))
    assert count_prediction_use(lake, rules).counts == ()
    assert lake.prediction_use.counted(rules.name)[1] is None


def test_the_table_has_a_row_for_each_region(
    lake: Lake, rules: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    count_prediction_use(lake, rules)
    layer = QueryLayer(lake)
    layer.bring_up_to_date(["prediction_use"])
    found = layer.query(
        "SELECT use, count(*) AS n, avg(score) AS score FROM prediction_use "
        "GROUP BY use ORDER BY use"
    )
    assert found["use"].tolist() == ["accepted", "deleted", "edited"]
    assert found["n"].tolist() == [2, 1, 1]
    assert found["score"].tolist() == pytest.approx([0.9] * 3)
