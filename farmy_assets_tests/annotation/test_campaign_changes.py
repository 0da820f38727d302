import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_changes import described_changes, orphaned_classes
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.votes import Outcome
from farmy_assets_tests.annotation.examples import box, campaign, minutes, person, vote

BEFORE = campaign()


def with_classes(*classes: tuple[int, str]) -> Campaign:
    told = [{"id": key, "name": name} for key, name in classes]
    return Campaign.model_validate(BEFORE.model_dump() | {"classes": told})


VOTES = [
    vote("anna", box(0, 0), box(200, 0), box(0, 200, label="crop")),
    vote("ben", box(0, 0)),
]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (with_classes((2, "weed")),
         'class "crop" would be removed, and has 1 region in 1 vote on 1 image'),
        (with_classes((2, "weed"), (3, "crop")),
         'class "crop" would get the id 3 in place of 1, and has 1 region in 1 vote on 1 image'),
        (with_classes((1, "crop")),
         'class "weed" would be removed, and has 3 regions in 2 votes on 1 image'),
    ],
    ids=["removed", "another id", "several votes"],
)  # fmt: skip
def test_a_class_with_votes_does_not_go_without_saying_what_becomes_of_it(
    after: Campaign, told: str
) -> None:
    assert [item.sentence for item in orphaned_classes(BEFORE, after, VOTES)] == [told]


def test_a_class_that_is_renamed_loses_no_vote() -> None:
    assert orphaned_classes(BEFORE, with_classes((1, "crop"), (2, "grass")), VOTES) == ()


def test_a_class_that_nobody_used_may_go_and_new_ones_may_come() -> None:
    after = with_classes((2, "weed"), (3, "grass"))
    assert orphaned_classes(BEFORE, after, [vote("anna", box(0, 0))]) == ()


def test_votes_that_were_replaced_or_withdrawn_hold_nothing_back() -> None:
    first = vote("anna", box(0, 0))
    gone = vote("anna", vote_id="w", outcome=Outcome.WITHDRAWN, submitted_at=minutes(5))
    assert orphaned_classes(BEFORE, with_classes((1, "crop")), [first, gone]) == ()


def test_a_class_that_is_gone_already_does_not_forbid_other_changes() -> None:
    present = with_classes((1, "crop"))
    after = present.model_copy(update={"overlap_share": 0.5})
    assert orphaned_classes(present, after, VOTES) == ()


def test_the_same_rules_change_nothing() -> None:
    assert described_changes(BEFORE, BEFORE.model_copy(update={"version": 2})) == []


def test_every_field_of_a_campaign_that_can_change_is_reported() -> None:
    changes: dict[str, object] = {
        "crop": "beet",
        "classes": [{"id": 1, "name": "crop"}, {"id": 3, "name": "grass"}],
        "instructions": "Draw.",
        "label_config": "<View/>",
        "image_query": "SELECT image_id FROM images",
        "annotators": [person("anna"), person("eva")],
        "adjudicator": person("dora"),
        "triagers": [person("ben")],
        "reviewers": [person("emil")],
        "review": {"rounds": 1, "share": 0.1},
        "overlap_share": 0.5,
        "gold": {"share": 0.05},
        "agreement": {"match_iou": 0.4},
        "splits": {"train": 0.6, "val": 0.2, "test": 0.2},
        "regions": ["box", "other"],
        "choices": [{"name": "quality", "values": ["good", "bad"]}],
        "attributes": [{"name": "leaves", "kind": "number"}],
        "exports": ["coco"],
        "overlap": 3,
        "lease_days": 5,
        "keep_together": ["field"],
        "third_opinion": True,
        "language": "de",
        "consensus": {"quorum": 3},
        "predictions": {"model": "weeds-v1"},
        "order": "uncertainty",
    }
    before = campaign(annotators=[person("anna"), person("ben"), person("fay")])
    assert changes.keys() == set(Campaign.model_fields) - {"name", "version"}
    for field, value in changes.items():
        after = Campaign.model_validate(before.model_dump() | {field: value})
        assert described_changes(before, after), field


def test_what_changes_in_somebodys_work_is_said() -> None:
    anna = person("anna").model_copy(
        update={"tasks_a_day": 40, "skills": ("maize",), "languages": ("de", "fr"), "paused": True}
    )
    busy = campaign(annotators=[anna, person("ben")])
    assert described_changes(BEFORE, busy) == [
        "annotator anna: tasks_a_day no limit -> 40, for what is given from now on",
        "annotator anna: skills anything -> maize, for what is given from now on",
        "annotator anna: languages not said -> de, fr",
        "annotator anna is paused: what is open goes to others, as far as they can take it",
    ]
    assert described_changes(busy, BEFORE)[-1] == "annotator anna is asked again"


def test_changed_rules_for_gold_are_described() -> None:
    rules = [
        parse_campaign(
            "name: weeds-2026\ncrop: maize\nclasses: [{id: 1, name: crop}]\n"
            "annotators: [{name: anna, email: anna@example.com}]\noverlap_share: 0\n"
            f"adjudicator: {{name: cara, email: cara@example.com}}\n{gold}"
        )
        for gold in ("", "gold: {share: 0.05, pause: {below: 0.8}}", "gold: {share: 0.1}")
    ]
    middle = (
        "5.0% of the tasks, retired after 20 people, pauses whose newest 100 answers are below "
        "0.8, from 20 answers on"
    )
    assert [*described_changes(*rules[:2]), *described_changes(*rules[1:])] == [
        f"gold: none -> {middle}",
        f"gold: {middle} -> 10.0% of the tasks, retired after 20 people, pauses nobody",
    ]


def test_changes_are_described_in_sentences() -> None:
    after = parse_campaign("""
name: weeds-2026
crop: beet
classes: [{id: 1, name: crop, colour: "#2ca02c"}, {id: 2, name: weed, colour: "#d62728"},
          {id: 3, name: grass}]
annotators: [{name: anna, email: anna@example.com, capacity: 0.5}, {name: eva, email: eva@x.org}]
adjudicator: {name: cara, email: cara@example.com}
""")
    assert described_changes(BEFORE, after) == [
        'class "grass" (id 3) is new',
        "annotator eva (eva@x.org) joins",
        "annotator ben leaves: what he or she has not labelled goes to others at once",
        "annotator anna: capacity 1 -> 0.5",
        "crop: maize -> beet",
    ]
