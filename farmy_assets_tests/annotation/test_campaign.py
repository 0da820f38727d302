import sys

import pytest

from farmy_assets.annotation.campaign import PALETTE, Campaign, LabelClass, Splits, same_rules
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.annotation.examples import campaign, person

FILE = """
name: weeds-2026
crop: maize
classes:
  - {id: 1, name: crop}
  - {id: 2, name: weed}
instructions: |
  Draw every plant.
annotators:
  - {name: anna, email: Anna@Example.com}
  - {name: ben, email: ben@example.com, capacity: 0.5}
adjudicator: {name: cara, email: cara@example.com}
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        parse_campaign(text)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_a_short_file_is_a_whole_campaign() -> None:
    found = parse_campaign(FILE)
    assert found.version == 1
    assert found.overlap_share == 0.3
    assert (found.agreement.match_iou, found.agreement.tight_iou) == (0.5, 0.75)
    assert found.splits == Splits(train=0.8, val=0.1, test=0.1)
    assert found.exports == ("coco", "yolo")
    assert found.annotators[1].capacity == 0.5
    assert found.class_names == ("crop", "weed")


def test_the_example_in_the_module_text_is_a_campaign() -> None:
    example = "".join(
        line.removeprefix("    ") + "\n"
        for line in (sys.modules[parse_campaign.__module__].__doc__ or "").splitlines()
        if line.startswith("    ")
    )
    assert parse_campaign(example).name == "weeds-2026"


def test_a_campaign_survives_being_stored() -> None:
    found = parse_campaign(FILE)
    assert Campaign.model_validate_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("gold", "place"),
    [
        ("{share: 0.6}", "gold.share: "),
        ("{share: 0.05, retire_after: 0}", "gold.retire_after: "),
        ("{share: 0.05, pause: {below: 1.5}}", "gold.pause.below: "),
        ("{share: 0.05, pause: {below: 0.8, after: 30, of_last: 20}}", "gold.pause: of_last 20 "),
        ("{pause: {below: 0.8}}", "gold.pause: pauses nobody while no task is gold"),
    ],
)
def test_what_is_wrong_with_the_rules_for_gold_is_said(gold: str, place: str) -> None:
    assert any(problem.startswith(place) for problem in problems_of(f"{FILE}gold: {gold}\n"))


def test_a_campaign_has_no_gold_unless_its_file_says_so() -> None:
    assert parse_campaign(FILE).gold.share == 0
    found = parse_campaign(f"{FILE}gold: {{share: 0.05, pause: {{below: 0.8, after: 10}}}}\n").gold
    assert (found.share, found.retire_after) == (0.05, 20)
    assert found.pause
    assert (found.pause.below, found.pause.after, found.pause.of_last) == (0.8, 10, 100)


def test_every_problem_is_reported_at_once_with_its_place() -> None:
    text = """
name: Weeds 2026
classes:
  - {id: 1, name: crop, colour: green}
  - {id: 1, name: Crop}
annotators:
  - {name: anna, email: anna@example.com}
  - {name: anna, email: nowhere, capacity: 0}
adjudicator: {name: anna, email: cara@example.com}
overlap_share: 2
splits: {train: 0.9}
exports: [coco, "pascal voc"]
gold: 3
"""
    places = {problem.partition(":")[0] for problem in problems_of(text)}
    assert places == {
        "name",
        "crop",
        "classes.0.colour",
        "classes.1.id",
        "classes.1.name",
        "annotators.1.name",
        "annotators.1.email",
        "annotators.1.capacity",
        "adjudicator.name",
        "overlap_share",
        "splits",
        "exports.1",
        "gold",
    }


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("name: ben,", "name: anna,", "annotators.1.name: repeats annotators.0.name"),
        ("ben@example", "anna@example", "annotators.1.email: repeats annotators.0.email"),
        ("id: 2", "id: 1", "classes.1.id: repeats classes.0.id"),
        ("name: weed}", "name: CROP}", "classes.1.name: repeats classes.0.name"),
        ("name: cara", "name: ben", "adjudicator.name: the adjudicator must not be one of"),
        ("cara@", "BEN@", "adjudicator.email: the adjudicator must not be one of"),
        ("name: ben", "name: a-very-long-name-here", "annotators.1.name: String should match"),
        ("name: weed}", 'name: "two\\nlines"}', "classes.1.name: must not hold control"),
        ("name: weed}", "name: $image}", "classes.1.name: must not hold control"),
        ("crop: maize", "crop: maize\nsplits: {val: 0.2}", "splits: train, val and test must sum"),
        (
            "crop: maize",
            "crop: maize\nagreement: {tight_iou: 0.4}",
            "agreement: tight_iou 0.4 must not be under match_iou 0.5",
        ),
        ("id: 2", "id: 01", "classes.1.id: repeats classes.0.id"),
    ],
)
def test_a_contradiction_is_named(before: str, after: str, problem: str) -> None:
    assert before in FILE
    found = problems_of(FILE.replace(before, after))
    assert len(found) == 1
    assert problem in found[0]


def test_an_overlap_needs_two_annotators() -> None:
    alone = FILE.replace("  - {name: ben, email: ben@example.com, capacity: 0.5}\n", "")
    assert problems_of(alone) == [
        "overlap_share: an overlap needs two annotators; write 0 for a single one"
    ]
    assert parse_campaign(alone + "overlap_share: 0\n").overlap_share == 0


def test_a_contradiction_in_code_is_refused_as_well() -> None:
    with pytest.raises(ValueError, match=r"annotators\.1\.name: repeats"):
        campaign(annotators=[person("anna"), person("anna")])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a: &x [1]\nb: *x", "aliases are not allowed", id="alias"),
        pytest.param("a: &x {b: *x}", "aliases are not allowed", id="a value inside itself"),
        pytest.param("name: a\nname: b", "written twice", id="repeated key"),
        pytest.param("[" * 5_000, "nested too deeply", id="deep nesting"),
        pytest.param("x" * 300_000, "longer than", id="long file"),
        pytest.param("? [1, 2]\n: 3", "not readable YAML", id="a list as key"),
        pytest.param("? {a: 1}\n: 3\n? {a: 1}\n: 4", "not readable YAML", id="mappings as keys"),
        pytest.param("a: b: c", "not readable YAML", id="broken"),
        pytest.param("a: 1\n---\nb: 2", "not readable YAML", id="two documents"),
        pytest.param("\x00", "not readable YAML", id="a zero byte"),
        pytest.param("", "must hold fields", id="empty"),
        pytest.param("- 1", "must hold fields", id="a list"),
        pytest.param("!!python/object/apply:os.getcwd []", "must hold fields", id="a tag"),
        pytest.param("{a: !!int x, b: !!timestamp y}", "not valid", id="lying tags"),
        pytest.param("classes: 3\nannotators: [1, [2]]", "not valid", id="wrong shapes"),
    ],
)
def test_a_hostile_file_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        parse_campaign(text)


def test_words_that_yaml_takes_for_truth_values_are_fit_for_a_class() -> None:
    assert parse_campaign(FILE.replace("name: weed", "name: no")).class_names == ("crop", "no")


def test_classes_without_a_colour_get_different_ones_in_their_order() -> None:
    chosen = LabelClass(id=7, name="rust", colour=PALETTE[0])
    plain = tuple(LabelClass(id=n, name=f"class {n}") for n in (1, 2, 3))
    found = Campaign(**dict(campaign()) | {"classes": (plain[0], chosen, *plain[1:])})
    assert [item.colour for item in found.classes] == [PALETTE[1], PALETTE[0], *PALETTE[2:4]]


def test_a_campaign_may_have_more_classes_than_there_are_colours() -> None:
    many = tuple(LabelClass(id=n, name=f"class {n}") for n in range(1, 31))
    found = Campaign(**dict(campaign()) | {"classes": many})
    assert all(item.colour in PALETTE for item in found.classes)


def test_a_person_is_found_by_address_in_any_case_of_letters() -> None:
    found = parse_campaign(FILE)
    assert found.person_with_email(" ANNA@example.COM ") == found.annotators[0]
    assert found.person_with_email("cara@example.com") == found.adjudicator
    assert found.person_with_email("dan@example.com") is None


def test_two_versions_of_the_same_rules_are_the_same_rules() -> None:
    assert same_rules(campaign(version=1), campaign(version=2))
    assert not same_rules(campaign(), campaign(overlap_share=0.4))
