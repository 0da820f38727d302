"""Renaming, merging, splitting and retiring classes, without touching a vote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_changes import described_changes, orphaned_classes
from farmy_assets.annotation.class_history import ClassHistory, with_history
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Vote
from farmy_assets_tests.annotation.examples import IMAGE, assignment, box, campaign, minutes, vote

THREE = [{"id": 1, "name": "crop"}, {"id": 2, "name": "weed"}, {"id": 3, "name": "thistle"}]
BOTH = [assignment("anna"), assignment("ben")]


def rules(*classes: dict[str, object]) -> Campaign:
    return Campaign.model_validate(campaign().model_dump() | {"classes": list(classes)})


def changed(before: Campaign, *classes: dict[str, object]) -> Campaign:
    return with_history(before, rules(*classes))


def judged(after: Campaign, *votes: Vote) -> ImageConsensus:
    return judge_image(IMAGE, assignments=BOTH, votes=votes, campaign=after)


def labels(judgement: ImageConsensus) -> list[str]:
    return [region.label for region in judgement.regions]


def test_a_renamed_class_keeps_its_regions_under_the_new_name() -> None:
    after = changed(rules(*THREE), {"id": 1, "name": "crop"}, {"id": 2, "name": "grass"},
                    {"id": 3, "name": "thistle"})  # fmt: skip
    votes = [vote("anna", box(0, 0, label="weed")), vote("ben", box(1, 1, label="grass"))]
    found = judged(after, *votes)
    assert (found.status, labels(found)) == (ConsensusStatus.AGREED, ["grass"])
    assert votes[0].regions[0].label == "weed"


def test_a_name_follows_all_renamings_and_merges_since() -> None:
    first = changed(rules(*THREE), {"id": 2, "name": "grass"}, {"id": 3, "name": "thistle"},
                    {"id": 1, "name": "crop"})  # fmt: skip
    second = changed(first, {"id": 1, "name": "crop"}, {"id": 3, "name": "other", "merges": [2]})
    third = changed(second, {"id": 1, "name": "crop"}, {"id": 3, "name": "plant"})
    history = ClassHistory(third)
    names = ["weed", "grass", "thistle", "other", "plant", "crop"]
    drawn = vote("anna", *(box(100 * n, 0, 50, label=name) for n, name in enumerate(names)))
    assert [region.label for region in history.present(drawn).regions] == [*["plant"] * 5, "crop"]
    assert third.classes[1].merges == (2,)
    assert third.known_labels == {"crop", "plant", "other", "thistle", "grass", "weed"}


def test_people_who_disagreed_about_classes_that_were_merged_agree() -> None:
    votes = [vote("anna", box(0, 0, label="weed")), vote("ben", box(0, 0, label="thistle"))]
    before = rules(*THREE)
    assert judged(before, *votes).status is ConsensusStatus.IN_CONFLICT
    after = changed(before, {"id": 1, "name": "crop"}, {"id": 2, "name": "weed", "merges": [3]})
    assert judged(after, *votes).status is ConsensusStatus.AGREED


def test_a_retired_class_is_not_offered_and_keeps_its_regions() -> None:
    after = changed(rules(*THREE), *THREE[:2], {"id": 3, "name": "thistle", "retired": True})
    assert [item.name for item in after.offered_classes] == ["crop", "weed"]
    found = judged(after, *(vote(who, box(0, 0, label="thistle")) for who in ("anna", "ben")))
    assert (found.status, labels(found)) == (ConsensusStatus.AGREED, ["thistle"])


SPLIT = ({"id": 1, "name": "crop"}, {"id": 2, "name": "weed", "split_into": [3, 4]},
         {"id": 3, "name": "thistle"}, {"id": 4, "name": "grass"})  # fmt: skip


def decision(task_key: str, kind: DecisionKind, *boxes: Box, **changes: object) -> Vote:
    return vote(
        "cara", *boxes, phase=Phase.ADJUDICATION, task_key=task_key, submitted_at=minutes(9),
        decision=Decision(kind=kind, **changes), vote_id=f"{kind} of {task_key}",
    )  # fmt: skip


def test_an_image_with_a_split_class_is_decided_anew_and_the_others_stay_settled() -> None:
    after = changed(rules(*THREE), *SPLIT)
    others = [vote(who, box(0, 0, label="crop")) for who in ("anna", "ben")]
    assert judged(after, *others).status is ConsensusStatus.AGREED
    votes = [vote(who, box(0, 0, label="weed")) for who in ("anna", "ben")]
    found = judged(after, *votes)
    assert found.status is ConsensusStatus.IN_CONFLICT
    assert 'class "weed" was split into "thistle" and "grass"' in found.conflicts[0].sentence
    key = found.adjudication_task_key
    assert key
    drawn = decision(key, DecisionKind.WHOLE_IMAGE, box(0, 0, label="grass"))
    settled = judged(after, *votes, drawn)
    assert (settled.status, labels(settled)) == (ConsensusStatus.ADJUDICATED, ["grass"])


def test_a_decision_for_a_version_with_a_split_class_is_asked_again_with_the_reason() -> None:
    after = changed(rules(*THREE), *SPLIT)
    votes = [vote(who, box(0, 0, label="weed")) for who in ("anna", "ben")]
    key = judged(after, *votes).adjudication_task_key
    assert key
    again = judged(after, *votes, decision(key, DecisionKind.VERSION, version="A"))
    assert again.status is ConsensusStatus.IN_CONFLICT
    assert again.adjudication_task_key != key
    assert "was split" in again.conflicts[-1].sentence


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        ([{"id": 1, "name": "crop"}, {"id": 2, "name": "grass"}, {"id": 7, "name": "weed"}],
         "classes.2.name: 'weed' was a name of classes.1 (grass)"),
        ([{"id": 1, "name": "weed"}, {"id": 2, "name": "crop"}], "'crop' was a name of classes.0"),
        ([{"id": 1, "name": "crop", "merges": [2]}, {"id": 2, "name": "weed"}],
         "class 2 is merged into this one, and cannot be in the file as classes.1"),
        ([{"id": 1, "name": "crop", "merges": [3]}, {"id": 2, "name": "weed", "merges": [3]}],
         "classes.0 merges 3 as well"),
        ([{"id": 1, "name": "crop"}, {"id": 2, "name": "weed", "split_into": [9]}],
         "classes.1.split_into: 9 is not another class of the file that is offered"),
        ([{"id": 1, "name": "crop", "retired": "true"}], "all are retired or split"),
    ],
    ids=["old name", "exchanged", "merged and there", "merged twice", "split into nothing", "none"],
)  # fmt: skip
def test_what_would_give_a_name_or_an_id_another_meaning_is_refused(
    classes: list[dict[str, object]], problem: str
) -> None:
    with pytest.raises(ValidationError, match="classes") as caught:
        changed(rules(*THREE), *classes)
    assert problem in str(caught.value)


def test_an_id_that_was_merged_is_not_used_again() -> None:
    merged = changed(rules(*THREE), {"id": 1, "name": "crop"},
                     {"id": 2, "name": "weed", "merges": [3]})  # fmt: skip
    with pytest.raises(ValidationError, match="class 3 is merged into this one"):
        changed(merged, *THREE)


def test_applying_the_same_file_again_changes_nothing() -> None:
    file = ({"id": 1, "name": "crop"}, {"id": 2, "name": "grass", "merges": [3]})
    first = changed(rules(*THREE), *file)
    assert changed(first, *file) == first


def test_what_becomes_of_classes_is_said_in_words() -> None:
    after = changed(rules(*THREE), {"id": 1, "name": "maize", "retired": True},
                    {"id": 2, "name": "weed", "merges": [3]})  # fmt: skip
    assert described_changes(rules(*THREE), after)[:3] == [
        'class "crop" (id 1) is now called "maize"',
        'class "crop" (id 1) is retired: it is not offered any more, what was drawn stays',
        'class "thistle" (id 3) is merged into "weed"',
    ]
    assert orphaned_classes(rules(*THREE), after, [vote("anna", box(0, 0, label="thistle"))]) == ()


@given(st.lists(st.tuples(st.sampled_from(["rename", "merge"]), st.integers(0, 9)), max_size=8))
def test_every_name_that_was_ever_offered_leads_to_exactly_one_class(
    steps: list[tuple[str, int]],
) -> None:
    present = rules(*({"id": n, "name": f"class {n}"} for n in range(1, 6)))
    meaning = {f"class {n}": n for n in range(1, 6)}
    for number, (step, chance) in enumerate(steps):
        classes = [item.model_dump(include={"id", "name"}) for item in present.classes]
        place = chance % len(classes)
        if step == "rename":
            classes[place]["name"] = f"name {number}"
            meaning[f"name {number}"] = classes[place]["id"]
        elif len(classes) > 1:
            gone = classes.pop(place)
            target = classes[chance % len(classes)]
            target["merges"] = [gone["id"]]
            for name, key in meaning.items():
                meaning[name] = target["id"] if key == gone["id"] else key
        present = changed(present, *classes)
    history = ClassHistory(present)
    names = {item.id: item.name for item in present.classes}
    for name, key in meaning.items():
        (region,) = history.present(vote("anna", box(0, 0, label=name))).regions
        assert region.label == names[key]
