from typing import Any

import pytest

from farmy_assets.annotation.decisions import (
    Decision,
    DecisionKind,
    adjudication_key,
    asks_for_a_decision,
    former_adjudication_key,
)
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.controls import DECISION, VERSIONS
from farmy_assets.label_studio.results import decision_of, drawn_in
from farmy_assets_tests.annotation.examples import region

ALL = (
    Decision(kind=DecisionKind.VERSION, version="A"),
    Decision(kind=DecisionKind.VERSION, version="AB"),
    *(Decision(kind=kind) for kind in DecisionKind if kind is not DecisionKind.VERSION),
)


def chosen(*choices: object, **changes: object) -> dict[str, Any]:
    """A choice as Label Studio's interface writes it."""
    value = {"choices": list(choices)}
    return {"id": "c", "from_name": DECISION, "type": "choices", "value": value} | changes


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.choice)
def test_a_choice_is_read_as_it_is_written(made: Decision) -> None:
    assert decision_of([region(), chosen(made.choice)]) == made


def test_an_answer_without_a_choice_decides_nothing() -> None:
    shown = region() | {"from_name": VERSIONS}
    for result in ([], [shown], [region()], [chosen()], [chosen("version A", from_name="other")]):
        assert decision_of(result) is None


@pytest.mark.parametrize(
    "result",
    [
        [chosen("version A"), chosen("version B")],
        [chosen("version A", "leave out")],
        [chosen("the first one")],
        [chosen(["version A"])],
        [chosen(None)],
    ],
)
def test_two_choices_or_an_unknown_one_are_a_problem(result: list[Any]) -> None:
    with pytest.raises(InvalidInputError):
        decision_of(result)


@pytest.mark.parametrize("entry", [None, 3, "text", [], {"from_name": []}, {"value": 1}])
def test_whatever_an_answer_holds_it_can_be_looked_at(entry: object) -> None:
    assert decision_of([entry]) is None
    assert drawn_in([entry]) == [entry]


@pytest.mark.parametrize("value", [None, [], {"choices": "version A"}, {"choices": None}])
def test_a_choice_of_an_odd_form_decides_nothing(value: object) -> None:
    assert decision_of([chosen(value=value)]) is None


def test_neither_the_choice_nor_the_versions_that_were_shown_are_drawn() -> None:
    shown = region() | {"from_name": VERSIONS}
    assert drawn_in([shown, chosen("version A"), region()]) == [region()]


def test_the_key_of_a_task_tells_whether_it_asks_for_a_decision() -> None:
    assert asks_for_a_decision(adjudication_key("i", ["v"]))
    assert not asks_for_a_decision(former_adjudication_key("i", ["v"]))
    assert adjudication_key("i", ["a", "b"]) == adjudication_key("i", ["b", "a"])
