"""The whole loop on a lake in memory: sensors ask, runs follow, and nothing is lost on the way."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from farmy_assets.annotation.answers import RawAnnotation
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.inboxes import CONNECTION_KEY
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.definitions import defs
from farmy_assets.defs.jobs import BATCH_ASSETS
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import AdjudicationAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.query.tables import TABLES
from farmy_assets.workflow.audit import phases, sealed_twice
from farmy_assets.workflow.progress import Progress
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.workflow.settled_campaign import settled_campaign

SIZE = (400, 300)
CAMPAIGN = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}, {id: 2, name: weed}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 1.0
"""
TRUE = Box(label="weed", x_min=100, y_min=80, x_max=200, y_max=160)
WRONG = TRUE.model_copy(update={"label": "crop"})
Resources = Mapping[str, object]


def photograph(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).resize(SIZE, Image.Resampling.NEAREST).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


PHOTOGRAPHS = {
    "a.jpg": photograph(1),
    "b.jpg": photograph(2),
    "copy of a.jpg": photograph(1),
    "cut.jpg": photograph(3)[:3000],
    "letter.jpg": b"Dear Sir or Madam",
}


def tick(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, resources: Resources
) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(
        instance=instance, definitions=defs, resources=dict(resources)
    ) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    if isinstance(found, dg.SensorResult):
        for request in found.dynamic_partitions_requests or []:
            name = request.partitions_def_name
            instance.add_dynamic_partitions(name, list(request.partition_keys))
    return found


def run_what_is_asked(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, resources: Resources
) -> list[str]:
    """One tick, then its runs; returns job and outcome of each."""
    found = tick(sensor, instance, resources)
    told = []
    for request in (found.run_requests or []) if isinstance(found, dg.SensorResult) else []:
        job = defs.resolve_job_def(str(request.job_name))
        if request.asset_selection:
            job = job.get_subset(asset_selection=set(request.asset_selection))
        result = job.execute_in_process(
            instance=instance, partition_key=request.partition_key, resources=dict(resources),
            raise_on_error=False,
        )  # fmt: skip
        told.append(f"{request.job_name}: {'ok' if result.success else 'failed'}")
    return told


def submit(
    studio: StudioInMemory,
    person: str,
    task_key: str,
    *drawn: Region,
    late: int = 0,
    choice: str = "",
) -> None:
    value = {"choices": [choice]}
    chosen = {"from_name": "decision", "to_name": "image", "type": "choices", "value": value}
    when = NOON + timedelta(seconds=late)
    annotation = RawAnnotation(
        annotation_id=1, email=f"{person}@example.com", created_at=when, updated_at=when,
        skipped=False, lead_time_s=3.0, ground_truth=False,
        result=tuple(
            region_to_result(region, region_id=str(n), width_px=SIZE[0], height_px=SIZE[1])
            for n, region in enumerate(drawn)
        )
        + ((chosen,) if choice else ()),
    )  # fmt: skip
    phase = "adjudication" if person == "dora" else "annotation"
    studio.answer(f"farmy:weeds/{phase}/{person}", task_key, annotation)


@pytest.fixture
def placed(lake: Lake, instance: dg.DagsterInstance, resources: Resources) -> dict[str, str]:
    """Photographs that are with their annotators; file name to image id."""
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    ids = bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    return ids


def names_by_phase(lake: Lake) -> dict[str, ImagePhase]:
    return {image.name: image.phase for image in phases(lake)}


def test_a_batch_goes_from_raw_to_inboxes_and_every_image_has_one_phase(
    lake: Lake, placed: dict[str, str], studio: StudioInMemory
) -> None:
    found = names_by_phase(lake)
    assert found.pop("cut.jpg") is ImagePhase.REJECTED
    assert found.pop("letter.jpg") is ImagePhase.REJECTED
    assert sorted(found.values()) == [
        ImagePhase.ANNOTATION, ImagePhase.ANNOTATION, ImagePhase.DUPLICATE,
    ]  # fmt: skip
    assert found["b.jpg"] is ImagePhase.ANNOTATION
    assert sealed_twice(lake) == set()
    assert [len(tasks) for tasks in studio.tasks.values()] == [2, 2]
    assert lake.cleansed.find(CONNECTION_KEY) is not None  # what Label Studio may list


def test_a_second_look_asks_for_nothing(
    instance: dg.DagsterInstance, resources: Resources, placed: dict[str, str]
) -> None:
    found = tick(new_images_sensor, instance, resources)
    assert isinstance(found, dg.SensorResult)
    assert not found.run_requests


def test_running_a_batch_again_changes_nothing(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: dict[str, str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    before = phases(lake), {key: list(t) for key, t in studio.tasks.items()}
    (batch,) = lake.batches.all()
    for _ in range(2):
        job = defs.resolve_job_def("batch_job")
        assert job.execute_in_process(
            instance=instance, partition_key=batch.batch_id, resources=dict(resources)
        ).success
    assert (phases(lake), {key: list(t) for key, t in studio.tasks.items()}) == before


def test_agreement_and_an_adjudicated_conflict_become_a_released_version(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: dict[str, str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    one, two = sorted(t.image_id for t in lake.kept_images("weeds").values())
    submit(studio, "anna", one, TRUE)
    submit(studio, "ben", one, TRUE)
    submit(studio, "anna", two, TRUE)
    submit(studio, "ben", two, WRONG)
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]
    found = {image.image_id: image.phase for image in phases(lake)}
    assert (found[one], found[two]) == (ImagePhase.SETTLED, ImagePhase.ADJUDICATION)

    run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert lake.datasets.newest("weeds") is None  # an open conflict holds the release back
    (task_key,) = studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]]
    submit(studio, "dora", task_key, TRUE, late=5)  # twice Ctrl+Enter: nothing was chosen
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    _, again = studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]]
    assert "no decision was made" in str(
        studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]][again].data["differences"]
    )
    assert lake.datasets.newest("weeds") is None
    submit(studio, "dora", again, TRUE, late=6, choice="draw everything")
    asked = []
    for _ in range(4):
        asked += run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert asked.count("release_job: ok") == 1
    version = lake.datasets.newest("weeds")
    assert version is not None
    assert {i.image_id: [b.label for b in i.regions] for i in version.images} == {
        one: ["weed"], two: ["weed"],
    }  # fmt: skip
    assert all(lake.datasets.has_export(version, name) for name in ("coco", "yolo"))
    assert {i.phase for i in phases(lake) if i.image_id in {one, two}} == {ImagePhase.RELEASED}


def test_a_release_is_asked_for_in_the_formats_of_the_campaign_and_in_no_other(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    rules = settled_campaign(lake, exports=("yolo",))
    found = tick(annotation_completion_sensor, instance, resources)
    (request,) = (found.run_requests or []) if isinstance(found, dg.SensorResult) else []
    wanted = [dg.AssetKey("dataset_version"), dg.AssetKey("yolo_dataset")]
    assert request.asset_selection == wanted
    asked = run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert asked == ["release_job: ok"]
    version = lake.datasets.newest(rules.name)
    assert version is not None
    assert lake.datasets.exported_formats(version) == ["yolo"]
    found = tick(annotation_completion_sensor, instance, resources)
    assert not (isinstance(found, dg.SensorResult) and found.run_requests)
    of_class_names = dg.AssetCheckKey(dg.AssetKey("dataset_version"), "no_class_vanished")
    events = instance.event_log_storage.get_asset_check_execution_history(of_class_names, limit=2)
    assert len(events) == 1  # checks of what is made run as well


def test_an_open_task_of_the_former_page_is_replaced_and_an_answered_one_is_read(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: dict[str, str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    one, two = sorted(t.image_id for t in lake.kept_images("weeds").values())
    for image_id in (one, two):
        submit(studio, "anna", image_id, TRUE)
        submit(studio, "ben", image_id, WRONG)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    tasks = studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]]
    for key in list(tasks):  # as if they had been made before the page changed
        former = key.removesuffix(".decide")
        tasks[former] = tasks.pop(key).model_copy(update={"task_key": former})
    given = lake.assignments.adjudication("weeds").assignments
    of_then = AdjudicationAssignments(
        campaign="weeds",
        assignments=tuple(
            a.model_copy(update={"task_key": a.task_key.removesuffix(".decide")}) for a in given
        ),
    )
    records = lake.records.bucket
    for key in (*records.keys("adjudication/"), *records.keys(keys.EVALUATIONS)):
        records.delete(key)
    lake.records.replace(keys.adjudication("weeds"), of_then)
    answered, still_open = sorted(tasks)
    submit(studio, "dora", answered, TRUE, late=5)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    state = lake.evaluations.current("weeds")
    assert state is not None
    status = {j.image_id: j.status.value for j in state.judgements}
    assert status == {
        answered.partition(".")[0]: "adjudicated", still_open.partition(".")[0]: "in_conflict",
    }  # fmt: skip
    assert set(tasks) == {answered, f"{still_open}.decide"}
    assert studio.projects["farmy:weeds/adjudication/dora"] in studio.seen_instructions


def test_a_version_asked_for_by_hand_is_refused_while_a_conflict_is_open(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: dict[str, str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    for image_id in lake.kept_images("weeds"):
        submit(studio, "anna", image_id, TRUE)
        submit(studio, "ben", image_id, WRONG)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    result = defs.resolve_job_def("release_job").execute_in_process(
        instance=instance, partition_key="weeds", resources=dict(resources), raise_on_error=False
    )
    assert not result.success
    failure = result.failure_data_for_node("dataset_version")
    assert failure is not None
    assert "2 images have an open conflict" in failure.error.cause.message  # type: ignore[union-attr]
    assert list(lake.exports.keys("")) == []


def test_while_label_studio_is_down_the_run_fails_plainly_and_is_asked_for_again(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("farmy_assets.defs.requests.FIRST_PAUSE", timedelta(0))
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    bring(lake, PHOTOGRAPHS)
    studio.is_down = True
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: failed"]
    assert {image.phase for image in phases(lake)} >= {ImagePhase.ANNOTATION}
    assert isinstance(tick(annotation_completion_sensor, instance, resources), dg.SkipReason)
    studio.is_down = False
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["placement_job: ok"]
    assert [len(tasks) for tasks in studio.tasks.values()] == [2, 2]


def test_a_batch_waits_for_its_campaign_and_goes_on_once_it_is_applied(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory
) -> None:
    bring(lake, {"a.jpg": PHOTOGRAPHS["a.jpg"]})
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert names_by_phase(lake) == {"a.jpg": ImagePhase.CLEANSED}
    waiting = tick(new_images_sensor, instance, resources)
    assert isinstance(waiting, dg.SensorResult)
    assert "wait for a campaign file: weeds" in str(waiting.skip_reason)
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["placement_job: ok"]
    assert names_by_phase(lake) == {"a.jpg": ImagePhase.ANNOTATION}


def test_an_image_deleted_after_sealing_is_excluded_with_that_reason(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    ids = bring(lake, {"a.jpg": PHOTOGRAPHS["a.jpg"], "b.jpg": PHOTOGRAPHS["b.jpg"]})
    found = tick(new_images_sensor, instance, resources)
    assert isinstance(found, dg.SensorResult)
    assert found.run_requests
    lake.raw.delete(f"images/{ids['a.jpg']}")
    assert (
        defs.resolve_job_def("batch_job")
        .execute_in_process(
            instance=instance,
            partition_key=found.run_requests[0].partition_key,
            resources=dict(resources),
        )
        .success
    )
    gone = next(image for image in phases(lake) if image.name == "a.jpg")
    assert (gone.phase, gone.reason) == (ImagePhase.REJECTED, "missing_from_raw")


def test_the_lineage_has_six_groups_and_every_asset_has_its_place() -> None:
    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    groups: dict[str, set[str]] = {}
    for key in graph.get_all_asset_keys():
        groups.setdefault(graph.get(key).group_name, set()).add(key.to_user_string())
    assert groups == {
        "ingestion": {"scraped_images", "raw_zone", "raw_images"},
        "catalog": {"catalog_entries", "reconciled_catalog"},
        "query": {f"{name}_table" for name in TABLES},
        "cleansing": {"image_quality", "cleansed_set", "triage_tasks", "triage_answers"},
        "annotation": {
            "chosen_images", "annotation_tasks", "annotation_projects", "annotations",
            "reassigned_tasks", "annotation_conflicts", "adjudication_tasks", "consensus",
                "agreement",
        },
        "datasets": {"dataset_version", "coco_dataset", "yolo_dataset"},
    }  # fmt: skip
    assert set(BATCH_ASSETS) <= set().union(*groups.values())


def test_a_batch_in_which_nothing_is_fit_is_done_and_holds_nobody_up(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory
) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    bring(lake, {"letter.jpg": PHOTOGRAPHS["letter.jpg"]})
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert names_by_phase(lake) == {"letter.jpg": ImagePhase.REJECTED}
    assert all(batch.is_done for batch in Progress.of(lake).of_batches())
    assert studio.projects == {}
