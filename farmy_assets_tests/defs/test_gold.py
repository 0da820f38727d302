"""Gold in the whole loop: mixed in unseen, scored, and whoever is too often wrong is paused."""

from collections.abc import Mapping

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.gold_images import Wanted, add_gold
from farmy_assets.workflow.gold_scores import resume
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_reassignment import holders, keys_in
from farmy_assets_tests.defs.test_the_loop import (
    TRUE,
    WRONG,
    photograph,
    run_what_is_asked,
    submit,
    tick,
)

Resources = Mapping[str, object]
FIRST = {f"{n}.jpg": photograph(700 + n) for n in range(6)}
SECOND = {f"later {n}.jpg": photograph(800 + n) for n in range(12)}
GOLD = "gold: {share: 0.4, pause: {below: 0.8, after: 4, of_last: 4}}\n"


def rules(*annotators: str, more: str = "", overlap: float = 1.0) -> str:
    people = ", ".join(f"{{name: {n}, email: {n}@example.com}}" for n in annotators)
    return f"""
name: weeds
crop: maize
classes: [{{id: 1, name: crop}}, {{id: 2, name: weed}}]
annotators: [{people}]
adjudicator: {{name: dora, email: dora@example.com}}
overlap_share: {overlap}
{more}"""


@pytest.fixture
def gold(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory
) -> list[str]:
    """Six settled images that are gold; anna and ben know them, eva and finn do not."""
    lake.campaigns.apply(parse_campaign(rules("anna", "ben")))
    bring(lake, FIRST)
    run_what_is_asked(new_images_sensor, instance, resources)
    ids = sorted(lake.kept_images("weeds"))
    for image_id in ids:
        submit(studio, "anna", image_id, TRUE)
        submit(studio, "ben", image_id, TRUE)
    for _ in range(3):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    lake.campaigns.apply(parse_campaign(rules("anna", "eva", "finn", more=GOLD, overlap=0)))
    campaign = lake.campaigns.named("weeds")
    assert sorted(add_gold(lake, campaign, Wanted(agreed_by=2)).added) == ids
    for _ in range(3):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    return ids


@pytest.fixture
def shared(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, gold: list[str]
) -> list[str]:
    """A second batch, given out with gold; the ids of its own images."""
    bring(lake, SECOND)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    return sorted(lake.kept_images("weeds").keys() - set(gold))


def own(lake: Lake, person: str, images: list[str]) -> list[str]:
    return [i for i, people in sorted(holders(lake).items()) if person in people and i in images]


def gold_in(lake: Lake, person: str) -> list[str]:
    return sorted(a.image_id for a in lake.gold.given("weeds").given if a.person == person)


def test_everybody_who_does_not_know_them_gets_gold_that_looks_like_any_other_task(
    lake: Lake, shared: list[str], gold: list[str], studio: StudioInMemory
) -> None:
    assert gold_in(lake, "anna") == []
    for person in ("eva", "finn"):
        mixed = gold_in(lake, person)
        ordinary = own(lake, person, shared)
        assert len(ordinary) == 4
        assert len(mixed) == 3  # two fifths of all, rounded up
        tasks = studio.tasks[studio.projects[f"farmy:weeds/annotation/{person}"]]
        assert list(tasks) == sorted([*ordinary, *mixed])  # the place tells nothing
        assert len({tuple(task.data) for task in tasks.values()}) == 1
        assert all(key == task.data["image_id"] for key, task in tasks.items())
        assert not any(task.predictions for task in tasks.values())


def test_giving_a_batch_out_again_gives_no_more_gold(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, shared: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    before = lake.gold.given("weeds"), {k: set(t) for k, t in studio.tasks.items()}
    newest = lake.batches.all()[-1]
    job = dg.Definitions.merge  # the definitions themselves are loaded once, by the loop's module
    del job
    for _ in range(2):
        tick(new_images_sensor, instance, resources)
        from farmy_assets.definitions import defs

        assert defs.resolve_job_def("batch_job").execute_in_process(
            instance=instance, partition_key=newest.batch_id, resources=dict(resources)
        ).success
    assert (lake.gold.given("weeds"), {k: set(t) for k, t in studio.tasks.items()}) == before


def answer_gold(lake: Lake, studio: StudioInMemory) -> None:
    """Eva finds what is there; finn takes every weed for a crop."""
    for number, image_id in enumerate(gold_in(lake, "eva")):
        submit(studio, "eva", image_id, TRUE, late=60 + number)
    for number, image_id in enumerate(gold_in(lake, "finn")):
        submit(studio, "finn", image_id, WRONG, late=60 + number)
