"""What a campaign file can say of predictions and of the order of its images."""

import pytest

from farmy_assets.annotation.campaign import Campaign, ShownModel, TaskOrder
from farmy_assets.annotation.campaign_changes import described_changes
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.predictions.model_names import checked_model_name
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.annotation.examples import campaign

FILE = """
name: weeds-2026
crop: maize
classes: [{id: 1, name: weed}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: cara, email: cara@example.com}
"""


def test_a_campaign_without_predictions_is_blind_and_in_no_order() -> None:
    found = parse_campaign(FILE)
    assert (found.shown_model, found.order) == (None, None)


def test_predictions_and_order_are_read() -> None:
    more = "predictions: {model: weeds-v3, least_score: 0.4}\norder: diversity\n"
    found = parse_campaign(FILE + more)
    assert found.shown_model == ShownModel(model="weeds-v3", least_score=0.4)
    assert found.shown_model.version == "weeds-v3@0.4"
    assert found.order is TaskOrder.DIVERSITY
    hidden = parse_campaign(FILE + "predictions: {model: weeds-v3, show: false}")
    assert hidden.shown_model is None


@pytest.mark.parametrize(
    "more",
    [
        "predictions: {model: a b}", "predictions: {model: x, least_score: 2}", "order: random",
        "predictions: {show: true}", "predictions: x",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_place(more: str) -> None:
    with pytest.raises(InvalidInputError, match=r"predictions|order"):
        parse_campaign(FILE + more)


def test_a_record_of_before_there_were_predictions_is_read() -> None:
    before = campaign().model_dump(exclude={"predictions", "order"}, mode="json")
    assert Campaign.model_validate(before) == campaign()


def test_changes_are_told_in_words() -> None:
    before = campaign()
    after = before.model_copy(
        update={"predictions": ShownModel(model="v1"), "order": TaskOrder.UNCERTAINTY}
    )
    assert described_changes(before, after) == [
        "predictions: none shown -> those of v1 from score 0.25 on; open tasks follow",
        "order: by id -> uncertainty, for new batches",
    ]


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65, "a/b", "a@b", "a,b"])
def test_a_name_that_could_be_anything_else_is_no_models(name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be the name of a model"):
        checked_model_name(name)
