"""Questions of a campaign: in its file, in Label Studio's answers, in votes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.question_answers import answers_of
from farmy_assets.annotation.questions import RESERVED_NAMES
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions import REGION_KINDS, ensure_names_are_no_kinds
from farmy_assets.annotation.votes import Vote
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.read_configs import read_config
from farmy_assets_tests.annotation.examples import annotation, inbox, labelled, region, task
from farmy_assets_tests.annotation.questions import about_image, about_region, asking
from farmy_assets_tests.annotation.test_campaign import FILE, problems_of

ASKED = """
choices:
  - {name: quality, values: [good, bad], required: yes}
attributes:
  - {name: stage, values: [young, old], classes: [weed]}
  - {name: leaves, kind: number, min: 0, max: 40}
  - {name: remark, kind: text}
agreement: {number_tolerance: {leaves: 1}}
"""
CROP = labelled("box", "rectanglelabels", x=50, y=50, width=10, height=10) | {"id": "r2"}
CROP["value"]["rectanglelabels"] = ["crop"]
GOOD = about_image("quality", "good")
YOUNG = about_region(region(), "stage", "choices", ["young"])


def read(*results_given: object) -> Vote:
    (found,) = votes_from_task(
        task(annotation("anna", *results_given)),
        inbox=inbox(), campaign=asking(), known=(), reader=results,
    )  # fmt: skip
    return found


def test_a_file_may_ask_about_images_and_about_regions() -> None:
    found = parse_campaign(FILE + ASKED)
    assert [choice.required for choice in found.choices] == [True]
    assert [attribute.kind for attribute in found.attributes] == ["choice", "number", "text"]
    assert found.agreement.number_tolerance == {"leaves": 1.0}


def test_a_campaign_may_only_ask_about_images() -> None:
    drawing = "classes:\n  - {id: 1, name: crop}\n  - {id: 2, name: weed}\n"
    text = FILE.replace(drawing, "regions: []\nchoices: [{name: quality, values: [good, bad]}]\n")
    found = parse_campaign(text)
    assert (found.classes, found.regions) == ((), ())
    config = label_config(found, Phase.ANNOTATION)
    assert "Labels" not in config
    assert '<Choices name="quality"' in config


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("name: leaves", "name: stage", "attributes.1.name: repeats attributes.0.name"),
        ("name: leaves", "name: quality", "attributes.1.name: repeats choices.0.name"),
        ("name: stage", "name: box", "attributes.0.name: is the name of a kind of region"),
        ("name: quality", "name: decision", "choices.0.name: is a name of the platform's own"),
        ("name: quality", 'name: "Is it good?"', "choices.0.name: String should match pattern"),
        ("classes: [weed]", "classes: [wed]", "attributes.0.classes: there is no class 'wed'"),
        ("values: [young, old]", "values: [a, A]", "the value 'A' is offered twice"),
        ("values: [young, old]", "values: [$a]", "start with $"),
        ("values: [young, old]", "several: yes", "a choice needs values"),
        ("kind: text", "kind: text, several: yes", "a text has no values to choose from"),
        ("kind: text", "kind: text, min: 1", "a text has neither min nor max"),
        ("min: 0, max: 40", "min: 50, max: 40", "min 50 must not be over max 40"),
        ("{leaves: 1}", "{stage: 1}", "number_tolerance.stage: there is no number attribute"),
        ("required: yes", "required: perhaps", "choices.0.required"),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_named(before: str, after: str, problem: str) -> None:
    assert before in ASKED
    found = problems_of(FILE + ASKED.replace(before, after))
    assert any(problem in line for line in found), found


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("regions: []\n", "regions: nothing is drawn, so something has to be asked"),
        ("regions: []\nattributes: [{name: a, kind: text}]\n", "attributes: they are of regions"),
        ("attributes: [{name: a, kind: text}]\n", "classes.1.name: must not hold a comma"),
    ],
)  # fmt: skip
def test_what_is_asked_fits_what_is_drawn(more: str, problem: str) -> None:
    found = problems_of(FILE.replace("name: weed}", 'name: "weed, small"}') + more)
    assert any(line.startswith(problem) for line in found), found


def test_classes_are_needed_where_something_is_drawn() -> None:
    drawing = "classes:\n  - {id: 1, name: crop}\n  - {id: 2, name: weed}\n"
    for empty in ("", "classes: []\n"):
        assert problems_of(FILE.replace(drawing, empty)) == [
            "classes: what is drawn needs at least one class"
        ]


def test_no_question_has_the_name_of_another_control_of_the_pages() -> None:
    config = asking(regions=tuple(REGION_KINDS))
    asked = set(config.question_names)
    for phase in Phase:
        found = label_config(config, phase)
        names = {part.partition('"')[0] for part in found.split(' name="')[1:]}
        assert names - asked <= {*REGION_KINDS, *RESERVED_NAMES}
    with pytest.raises(InvalidInputError, match="cannot be called mask"):
        ensure_names_are_no_kinds(["stage", "mask"])


def test_every_question_has_its_control_in_both_pages() -> None:
    for phase in (Phase.ANNOTATION, Phase.ADJUDICATION):
        found = read_config(label_config(asking(), phase))
        assert {n for n, q in found.questions.items() if q.of_each_region} == {
            "stage", "damage", "leaves", "remark",
        }  # fmt: skip
        assert found.questions["quality"].options == ("good", "bad")


def test_what_is_answered_belongs_to_its_region_and_to_the_image() -> None:
    leaves = about_region(region(), "leaves", "number", 7)
    damage = about_region(region(), "damage", "choices", ["spots", "holes"])
    remark = about_region(CROP, "remark", "text", [" tilted "])
    found = read(GOOD, leaves, region(), CROP, remark, YOUNG, damage, about_image("pests", "aphid"))
    assert found.problems == ()
    weed, crop = found.regions
    assert weed.attributes == answers_of(
        {"damage": ("holes", "spots"), "leaves": 7, "stage": "young"}
    )
    assert crop.attributes == answers_of({"remark": "tilted"})
    assert found.region_ids == ("r1", "r2")
    assert found.choices == answers_of({"pests": ("aphid",), "quality": "good"})
    assert Vote.model_validate_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([YOUNG, about_image("quality", "so so")],
         "the choice quality has the answer 'so so', which is not offered"),
        ([YOUNG, about_image("quality", "good", "bad")],
         "the choice quality has 2 answers instead of one"),
        ([YOUNG, GOOD, about_image("quality", "bad")],
         "the choice quality has 2 answers that differ"),
        ([YOUNG], "the choice quality is not answered"),
        ([YOUNG, about_image("quality")], "the choice quality is not answered"),
        ([YOUNG, GOOD | {"value": 3}], "the choice quality has no readable choice"),
        ([GOOD], "region 1: the attribute stage is not answered"),
        ([GOOD, about_region(region(), "stage", "choices", ["ancient"])],
         "region 1: the attribute stage has the answer 'ancient', which is not offered"),
        ([GOOD, YOUNG, about_region(region(), "leaves", "number", 41)],
         "region 1: the attribute leaves has the number 41, which is over 40"),
        ([GOOD, YOUNG, about_region(region(), "leaves", "number", -1)],
         "region 1: the attribute leaves has the number -1, which is under 0"),
        ([GOOD, YOUNG, about_region(region(), "leaves", "number", "many")],
         "region 1: the attribute leaves has no usable number: 'many'"),
        ([GOOD, YOUNG, about_region(region(), "remark", "text", ["a", "b"])],
         "region 1: the attribute remark has 2 texts instead of one"),
        ([GOOD, YOUNG, about_region(region(), "remark", "text", ["x" * 3_000])],
         "region 1: the attribute remark has a text of more than 2,000 characters"),
        ([GOOD, YOUNG, about_region(region(), "remark", "text", 5)],
         "region 1: the attribute remark has no readable text"),
        ([GOOD, YOUNG, about_region(CROP, "remark", "text", ["x"])],
         "the attribute remark is of no region"),
        ([GOOD, YOUNG, CROP, about_region(CROP, "stage", "choices", ["young"])],
         "region 2: the attribute stage is not asked of the class 'crop'"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_a_problem_of_the_vote(
    given: list[object], problem: str
) -> None:
    found = read(region(), *given)
    assert found.problems == (problem,)
    assert found.regions


@pytest.mark.parametrize(
    "entry",
    [{"from_name": "stage"}, {"from_name": "stage", "id": {}}, {"from_name": "quality", "id": 3},
     {"from_name": ["stage"]}, {"from_name": "leaves", "id": "r1", "value": {"number": 10**400}},
     {"from_name": "damage", "id": "r1", "value": {"choices": [None, ["holes"]]}}],
)  # fmt: skip
def test_whatever_an_answer_holds_it_is_a_problem_and_no_failure(entry: object) -> None:
    found = read(region(), YOUNG, GOOD, entry)
    assert len(found.problems) == 1
    assert len(found.regions) == 1


def test_an_answer_about_a_region_that_cannot_be_read_is_one_problem() -> None:
    broken = region(width=-5)
    found = read(GOOD, broken, about_region(broken, "stage", "choices", ["young"]))
    assert found.problems == ("region 1 has the width -5",)


def test_a_vote_of_a_campaign_without_questions_is_written_as_before_but_for_its_ids() -> None:
    (found,) = votes_from_task(
        task(annotation("anna", region())), inbox=inbox(),
        campaign=asking(choices=(), attributes=()), known=(), reader=results,
    )  # fmt: skip
    assert '"choices"' not in found.model_dump_json()
    assert '"attributes"' not in found.model_dump_json()
    assert found.region_ids == ("r1",)


anything = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["r1", "good"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["choices", "number", "text", "x", "id"]), inner),
    ),
    max_leaves=6,
)
entries = st.fixed_dictionaries(
    {"from_name": st.sampled_from(["quality", "pests", "stage", "damage", "leaves", "remark"])},
    optional={"id": st.one_of(st.just("r1"), anything), "type": anything, "value": anything},
)


@given(st.lists(st.one_of(entries, anything), max_size=4))
def test_nothing_that_is_sent_hides_what_can_be_understood(sent: list[object]) -> None:
    found = read(region(), YOUNG, GOOD, *sent)
    assert found.regions[0].bounds_px == read(region(), YOUNG, GOOD).regions[0].bounds_px
    assert len(found.regions) == len(found.region_ids)
    assert Vote.model_validate_json(found.to_json()) == found
