"""What may be taken out of a campaign: nothing that votes hold."""

from typing import Any

import pytest

from farmy_assets.annotation.campaign_changes import described_changes
from farmy_assets.annotation.question_changes import may_orphan, orphaned_answers
from farmy_assets.annotation.votes import Outcome
from farmy_assets_tests.annotation.examples import box, minutes, vote
from farmy_assets_tests.annotation.questions import ATTRIBUTES, CHOICES, asking, weed

BEFORE = asking(regions=("box", "polygon"))
VOTES = [
    vote("anna", weed(stage="young", damage=("holes", "rust"), leaves=3),
         choices={"quality": "good", "pests": ["aphid"]}),
    vote("ben", box(0, 0), choices={"quality": "good"}),
]  # fmt: skip


def changed(group: str, name: str, **changes: object) -> dict[str, Any]:
    """A group of questions in which one is another, or gone where nothing is said of it."""
    asked = CHOICES if group == "choices" else ATTRIBUTES
    left = [{**each, **changes} if each["name"] == name else each for each in asked]
    return {group: [each for each in left if changes or each["name"] != name]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"regions": ["polygon"]},
         "the kind of region box would be removed, and there are 2 regions of it"),
        (changed("choices", "quality"),
         "the choice quality would be removed, and votes hold 2 answers of it"),
        (changed("choices", "pests", values=["beetle"]),
         'the choice pests would lose the value "aphid", and votes hold 1 answer of it'),
        (changed("attributes", "stage"),
         "the attribute stage would be removed, and votes hold 1 answer of it"),
        (changed("attributes", "leaves", kind="text", min=None, max=None),
         "the attribute leaves would become a text, and votes hold 1 answer of it"),
        (changed("attributes", "damage", several=False),
         "the attribute damage would take one value alone, and votes hold 1 answer of it"),
    ],
)  # fmt: skip
def test_what_votes_hold_stays(change: dict[str, object], told: str) -> None:
    after = asking(**{"regions": ("box", "polygon"), **change})
    assert may_orphan(BEFORE, after)
    assert orphaned_answers(BEFORE, after, VOTES) == (told,)
    gone = [
        v.model_copy(update={"vote_id": f"w{n}", "outcome": Outcome.WITHDRAWN,
                             "submitted_at": minutes(5)})
        for n, v in enumerate(VOTES)
    ]  # fmt: skip
    assert orphaned_answers(BEFORE, after, [*VOTES, *gone]) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"regions": ["box", "polygon", "mask"]},
        changed("choices", "quality", values=["good", "bad", "so so"]),
        changed("choices", "quality", several=True),
        changed("attributes", "leaves", max=3),
        changed("attributes", "stage", required=False),
    ],
)
def test_what_only_adds_is_no_question_to_the_votes(change: dict[str, object]) -> None:
    assert not may_orphan(BEFORE, asking(**{"regions": ("box", "polygon"), **change}))


def test_what_nobody_used_may_go() -> None:
    after = asking(**changed("choices", "pests", values=["aphid"]))
    assert may_orphan(BEFORE, after)
    assert orphaned_answers(BEFORE, after, VOTES) == ()


def test_changes_of_questions_are_described_in_sentences() -> None:
    after = asking(
        choices=[CHOICES[1], CHOICES[0]],
        attributes=[
            *changed("attributes", "stage", values=["young", "old", "dead"])["attributes"],
            {"name": "height_cm", "kind": "number", "min": 0, "classes": ["crop"]},
        ],
        agreement={"number_tolerance": {"leaves": 1}},
    )
    assert described_changes(asking(), after) == [
        "the attribute height_cm is new: number, from 0, of crop",
        "the attribute stage: choice, one of young, old, of weed, required -> choice, one of "
        "young, old, dead, of weed, required",
        "agreement.number_tolerance: none -> leaves 1",
    ]
    reordered = asking(choices=[CHOICES[1], CHOICES[0]])
    assert described_changes(asking(), reordered) == ["the questions are asked in another order"]
