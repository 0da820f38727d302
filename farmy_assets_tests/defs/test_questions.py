"""Questions about images and regions go from a campaign file to a version and into tables."""

import json
from collections.abc import Mapping
from datetime import timedelta

import dagster as dg

from farmy_assets.annotation.answers import RawAnnotation
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.question_answers import AnswerValue, answers_of
from farmy_assets.annotation.regions.box import Box
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.label_studio.question_forms import results_of
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.workflow import campaigns
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import SIZE, photograph, run_what_is_asked

PEOPLE = """
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 1.0
"""
CAMPAIGN = f"""
name: weeds
crop: maize
classes: [{{id: 1, name: crop}}, {{id: 2, name: weed}}]
choices: [{{name: quality, values: [good, bad], required: yes}}]
attributes:
  - {{name: stage, values: [young, old]}}
  - {{name: leaves, kind: number}}
agreement: {{number_tolerance: {{leaves: 2}}}}
{PEOPLE}"""
CLASSIFYING = f"""
name: weeds
crop: maize
regions: []
choices: [{{name: pests, values: [aphid, beetle], several: yes}}]
exports: [coco]
{PEOPLE}"""
KINDS = {"quality": "choice", "pests": "choice", "stage": "choice", "leaves": "number"}
PLANT = Box(label="weed", x_min=100, y_min=80, x_max=200, y_max=160)


def answer(
    studio: StudioInMemory,
    person: str,
    task_key: str,
    attributes: Mapping[str, AnswerValue] | None = None,
    *,
    decision: str = "",
    **choices: AnswerValue,
) -> None:
    """A person draws the plant, where something is said of it, and answers about the image."""
    result = results_of(answers_of(choices), KINDS)
    if attributes is not None:
        drawn = region_to_result(PLANT, region_id="r1", width_px=SIZE[0], height_px=SIZE[1])
        result += [drawn, *results_of(answers_of(attributes), KINDS, of=drawn)]
    if decision:
        result += results_of(answers_of({"decision": decision}), {"decision": "choice"})
    when = NOON + timedelta(seconds=5 if decision else 0)
    phase = "adjudication" if decision else "annotation"
    studio.answer(
        f"farmy:weeds/{phase}/{person}", task_key,
        RawAnnotation(
            annotation_id=1, email=f"{person}@example.com", created_at=when, updated_at=when,
            skipped=False, lead_time_s=3.0, ground_truth=False, result=tuple(result),
        ),
    )  # fmt: skip


def released(lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]) -> None:
    for _ in range(5):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert lake.datasets.newest("weeds") is not None


def in_coco(lake: Lake) -> list[dict[str, object]]:
    version = lake.datasets.newest("weeds")
    assert version is not None
    files = [
        json.loads(
            lake.datasets.exported_file(version, "coco", f"annotations/instances_{split}.json")
        )
        for split in ("train", "val", "test")
    ]
    return [
        each["attributes"] for document in files for each in document["images"]
    ] + [each["attributes"] for document in files for each in document["annotations"]]  # fmt: skip


def test_what_people_answer_is_compared_decided_released_and_asked_for(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    campaigns.apply(lake, parse_campaign(CAMPAIGN))
    bring(lake, {"a.jpg": photograph(1), "b.jpg": photograph(2)})
    run_what_is_asked(new_images_sensor, instance, resources)
    one, two = sorted(lake.kept_images("weeds"))
    answer(studio, "anna", one, {"stage": "young", "leaves": 4}, quality="good")
    answer(studio, "ben", one, {"stage": "young", "leaves": 6}, quality="good")
    answer(studio, "anna", two, {"stage": "young"}, quality="good")
    answer(studio, "ben", two, {"stage": "old"}, quality="bad")
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]

    assert all(not vote.problems for vote in lake.votes.all("weeds"))
    state = lake.evaluations.current("weeds")
    assert state is not None
    judged = {j.image_id: j for j in state.judgements}
    assert judged[one].regions[0].attributes == answers_of({"leaves": 5, "stage": "young"})
    assert judged[one].choices == answers_of({"quality": "good"})
    kinds = [conflict.kind for conflict in judged[two].conflicts]
    assert kinds == [ConflictKind.ATTRIBUTE, ConflictKind.IMAGE_CHOICE]

    ((task_key, task),) = studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]].items()
    told = str(task.data["differences"])
    assert "stage" in told
    assert "young" in told
    assert "quality:" in told
    answer(
        studio, "dora", task_key, {"stage": "old", "leaves": 2}, decision="draw everything",
        quality="bad",
    )  # fmt: skip
    released(lake, instance, resources)
    assert sorted(in_coco(lake), key=str) == [
        {"leaves": 2, "stage": "old"}, {"leaves": 5, "stage": "young"},
        {"quality": "bad"}, {"quality": "good"},
    ]  # fmt: skip

    layer = QueryLayer(lake)
    layer.bring_up_to_date(
        ("votes", "regions", "conflicts", "consensus", "dataset_versions"), crops={}
    )
    rows = layer.engine.query(
        "SELECT json_extract_scalar(attributes, '$.stage') AS stage, count(*) AS n "
        "FROM regions WHERE region_id = 'r1' GROUP BY 1 ORDER BY 1"
    ).to_pylist()
    assert rows == [{"stage": "old", "n": 2}, {"stage": "young", "n": 3}]
    rows = layer.engine.query(
        "SELECT question, answers FROM conflicts WHERE question IS NOT NULL ORDER BY 1"
    ).to_pylist()
    assert [(row["question"], sorted(row["answers"])) for row in rows] == [
        ("quality", ["bad", "good"]), ("stage", ["old", "young"]),
    ]  # fmt: skip
    for table in ("votes", "consensus", "dataset_versions"):
        rows = layer.engine.query(
            f"SELECT count(*) AS n FROM {table} "
            "WHERE json_extract_scalar(choices, '$.quality') = 'bad'"
        ).to_pylist()
        assert rows[0]["n"] > 0, table
    rows = layer.engine.query("SELECT attributes FROM dataset_versions").to_pylist()
    assert {json.loads(text)["stage"] for row in rows for text in row["attributes"]} == {
        "old", "young",
    }  # fmt: skip


def test_images_are_classified_without_anything_drawn(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    campaigns.apply(lake, parse_campaign(CLASSIFYING))
    bring(lake, {"a.jpg": photograph(1), "b.jpg": photograph(2)})
    run_what_is_asked(new_images_sensor, instance, resources)
    one, two = sorted(lake.kept_images("weeds"))
    for name in ("anna", "ben"):
        answer(studio, name, one, pests=("aphid",))
    answer(studio, "anna", two, pests=("aphid",))
    answer(studio, "ben", two, pests=("aphid", "beetle"))
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    ((task_key, task),) = studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]].items()
    assert [choice["value"] for choice in task.data["decisions"]] == [
        "version A", "version B", "draw everything", "leave out",
    ]  # fmt: skip
    answer(studio, "dora", task_key, decision="draw everything", pests=("beetle",))
    released(lake, instance, resources)
    version = lake.datasets.newest("weeds")
    assert version is not None
    assert {i.image_id: i.choices for i in version.images} == {
        one: answers_of({"pests": ("aphid",)}), two: answers_of({"pests": ("beetle",)}),
    }  # fmt: skip
    assert sorted(in_coco(lake), key=str) == [{"pests": ["aphid"]}, {"pests": ["beetle"]}]
