"""What a check flagged goes before people, and their word moves the photograph on."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

import dagster as dg
import pytest
from PIL import Image, ImageEnhance

from farmy_assets.annotation.answers import RawAnnotation
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.audit import phases
from farmy_assets.workflow.duplicate_rulings import DuplicateRulings
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import (
    CAMPAIGN,
    TRUE,
    names_by_phase,
    photograph,
    run_what_is_asked,
    submit,
    tick,
)

INBOX = "farmy:weeds/triage/dora"
Resources = Mapping[str, object]


def darkened(content: bytes) -> bytes:
    buffer = BytesIO()
    ImageEnhance.Brightness(Image.open(BytesIO(content))).enhance(0.2).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTOGRAPHS = {
    "good.jpg": photograph(1),
    "dark.jpg": darkened(photograph(2)),
    "also dark.jpg": darkened(photograph(3)),
}


def say(
    studio: StudioInMemory, image_id: str, word: str, *, late: int = 0, by: str = "dora"
) -> None:
    """Somebody answers in the own triage inbox; without a word he or she skips."""
    when = NOON + timedelta(seconds=late)
    result = {
        "from_name": "usable", "to_name": "image", "type": "choices", "value": {"choices": [word]},
    }  # fmt: skip
    annotation = RawAnnotation(
        annotation_id=late + 1, email=f"{by}@example.com", created_at=when, updated_at=when,
        skipped=not word, lead_time_s=1.0, ground_truth=False, result=(result,) if word else (),
    )  # fmt: skip
    studio.answer(f"farmy:weeds/triage/{by}", image_id, annotation)


@pytest.fixture
def asked(lake: Lake, instance: dg.DagsterInstance, resources: Resources) -> dict[str, str]:
    """Photographs of which two were flagged; file name to image id."""
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    ids = bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    return ids


def until_quiet(instance: dg.DagsterInstance, resources: Resources) -> list[str]:
    """Ticks of the sensor and their runs, until it asks for nothing more."""
    told: list[str] = []
    for _ in range(8):
        asked_for = run_what_is_asked(annotation_completion_sensor, instance, resources)
        if not asked_for:
            return told
        told += asked_for
    pytest.fail(f"the sensor asks for ever: {told}")


def test_a_flagged_photograph_is_a_question_with_its_reason(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory
) -> None:
    assert names_by_phase(lake) == {
        "good.jpg": ImagePhase.ANNOTATION, "dark.jpg": ImagePhase.HELD,
        "also dark.jpg": ImagePhase.HELD,
    }  # fmt: skip
    tasks = studio.tasks[studio.projects[INBOX]]
    assert tasks.keys() == {asked["dark.jpg"], asked["also dark.jpg"]}
    assert "It is dark" in str(tasks[asked["dark.jpg"]].data["reasons"])


def test_nobody_is_asked_before_somebody_answers(
    asked: dict[str, str], instance: dg.DagsterInstance, resources: Resources
) -> None:
    found = tick(annotation_completion_sensor, instance, resources)
    assert isinstance(found, dg.SensorResult)
    assert not found.run_requests


def test_a_yes_sends_the_photograph_to_the_annotators_and_a_no_takes_it_out(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory, instance: dg.DagsterInstance,
    resources: Resources,
) -> None:  # fmt: skip
    say(studio, asked["dark.jpg"], "yes")
    say(studio, asked["also dark.jpg"], "no")

    assert until_quiet(instance, resources)[:2] == ["votes_job: ok", "rulings_job: ok"]

    found = names_by_phase(lake)
    assert found["dark.jpg"] is ImagePhase.ANNOTATION
    assert found["also dark.jpg"] is ImagePhase.DISCARDED
    for person in ("anna", "ben"):
        inbox = studio.tasks[studio.projects[f"farmy:weeds/annotation/{person}"]]
        assert {t.data["image_id"] for t in inbox.values()} == {
            asked["good.jpg"], asked["dark.jpg"],
        }  # fmt: skip
    reason = next(i.reason for i in phases(lake) if i.name == "also dark.jpg")
    assert "dark" in reason


def test_who_thinks_better_of_it_moves_the_photograph_again(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory, instance: dg.DagsterInstance,
    resources: Resources,
) -> None:  # fmt: skip
    say(studio, asked["dark.jpg"], "no")
    until_quiet(instance, resources)
    assert names_by_phase(lake)["dark.jpg"] is ImagePhase.DISCARDED
    say(studio, asked["dark.jpg"], "yes", late=9)
    until_quiet(instance, resources)
    assert names_by_phase(lake)["dark.jpg"] is ImagePhase.ANNOTATION
    say(studio, asked["dark.jpg"], "no", late=20)
    until_quiet(instance, resources)
    assert names_by_phase(lake)["dark.jpg"] is ImagePhase.DISCARDED


def test_a_data_set_waits_until_every_flagged_photograph_has_its_word(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory, instance: dg.DagsterInstance,
    resources: Resources,
) -> None:  # fmt: skip
    for person in ("anna", "ben"):
        submit(studio, person, asked["good.jpg"], TRUE)
    say(studio, asked["dark.jpg"], "no")
    until_quiet(instance, resources)
    assert lake.datasets.newest("weeds") is None

    say(studio, asked["also dark.jpg"], "yes")
    assert "release_job: ok" not in until_quiet(instance, resources)
    for person in ("anna", "ben"):
        submit(studio, person, asked["also dark.jpg"], TRUE)
    assert until_quiet(instance, resources)[-1] == "release_job: ok"

    version = lake.datasets.newest("weeds")
    assert version is not None
    assert {i.image_id for i in version.images} == {asked["good.jpg"], asked["also dark.jpg"]}


def test_a_photograph_taken_out_after_its_release_leaves_the_next_version(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory, instance: dg.DagsterInstance,
    resources: Resources,
) -> None:  # fmt: skip
    say(studio, asked["dark.jpg"], "yes")
    say(studio, asked["also dark.jpg"], "no")
    until_quiet(instance, resources)
    for name in ("good.jpg", "dark.jpg"):
        for person in ("anna", "ben"):
            submit(studio, person, asked[name], TRUE)
    assert until_quiet(instance, resources)[-1] == "release_job: ok"

    say(studio, asked["dark.jpg"], "no", late=30)
    assert until_quiet(instance, resources)[-1] == "release_job: ok"

    version = lake.datasets.newest("weeds")
    assert version is not None
    assert (version.number, [i.image_id for i in version.images]) == (2, [asked["good.jpg"]])


def test_a_task_that_somebody_imported_by_hand_rules_nothing(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory, instance: dg.DagsterInstance,
    resources: Resources,
) -> None:  # fmt: skip
    task = studio.tasks[studio.projects[INBOX]][asked["dark.jpg"]]
    forged = {**task.data, "image_id": asked["good.jpg"]}
    studio.tasks[studio.projects[INBOX]]["forged"] = NewTask(task_key="forged", data=forged)
    say(studio, "forged", "no")
    until_quiet(instance, resources)
    assert names_by_phase(lake)["good.jpg"] is ImagePhase.ANNOTATION
    assert lake.triage.rulings("weeds") == ()


def test_overturn_rates_are_reported_for_each_check(
    lake: Lake, asked: dict[str, str], studio: StudioInMemory, instance: dg.DagsterInstance,
    resources: Resources,
) -> None:  # fmt: skip
    say(studio, asked["dark.jpg"], "yes")
    say(studio, asked["also dark.jpg"], "no")
    until_quiet(instance, resources)
    event = instance.get_latest_materialization_event(dg.AssetKey("triage_answers"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["overturned_dark"].value == 0.5


def test_a_duplicate_that_somebody_restores_goes_on_beside_the_one_it_looks_like_and_back(
    lake: Lake, studio: StudioInMemory, instance: dg.DagsterInstance, resources: Resources
) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    bring(lake, {"a.jpg": photograph(1), "copy.jpg": photograph(1)})
    run_what_is_asked(new_images_sensor, instance, resources)
    (copy,) = DuplicateRulings.of(lake).duplicates("weeds")
    assert copy.duplicate_of

    DuplicateRulings.of(lake).restore(
        [copy.image_id], by="anna@example.com", why="another plot", now=NOON
    )
    assert until_quiet(instance, resources) == ["rulings_job: ok"]
    assert set(names_by_phase(lake).values()) == {ImagePhase.ANNOTATION}

    DuplicateRulings.of(lake).exclude(
        [copy.image_id], by="anna@example.com", why="", now=NOON + timedelta(hours=1)
    )
    until_quiet(instance, resources)
    (again,) = DuplicateRulings.of(lake).duplicates("weeds")
    assert (again.image_id, again.duplicate_of) == (copy.image_id, copy.duplicate_of)


def test_what_is_no_duplicate_cannot_be_restored_and_what_was_not_restored_not_excluded(
    lake: Lake, asked: dict[str, str]
) -> None:
    good = asked["good.jpg"]
    with pytest.raises(InvalidInputError, match=f"not excluded as a duplicate: {good}"):
        DuplicateRulings.of(lake).restore([good], by="a@example.com", why="", now=NOON)
    with pytest.raises(InvalidInputError, match=f"never restored: {good}"):
        DuplicateRulings.of(lake).exclude([good], by="a@example.com", why="", now=NOON)
    with pytest.raises(InvalidInputError, match="no cleansed batch holds an image nothing"):
        DuplicateRulings.of(lake).restore(["nothing"], by="a@example.com", why="", now=NOON)
    assert lake.triage.rulings("weeds") == ()
