"""Gold in the whole loop: mixed in unseen, scored, and whoever is too often wrong is paused."""

from collections.abc import Mapping
from datetime import timedelta

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.definitions import defs
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake.gold import GoldRepository
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


def answer_gold(lake: Lake, studio: StudioInMemory) -> None:
    """Eva finds what is there; finn takes every weed for a crop."""
    for number, image_id in enumerate(gold_in(lake, "eva")):
        submit(studio, "eva", image_id, TRUE, late=60 + number)
    for number, image_id in enumerate(gold_in(lake, "finn")):
        submit(studio, "finn", image_id, WRONG, late=60 + number)


def test_everybody_who_does_not_know_them_gets_gold_that_looks_like_any_other_task(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, shared: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    assert gold_in(lake, "anna") == []
    for person in ("eva", "finn"):
        mixed, ordinary = gold_in(lake, person), own(lake, person, shared)
        assert (len(ordinary), len(mixed)) == (6, 4)  # two fifths of all
        tasks = studio.tasks[studio.projects[f"farmy:weeds/annotation/{person}"]]
        assert list(tasks) == sorted([*ordinary, *mixed])  # the place tells nothing
        assert len({tuple(task.data) for task in tasks.values()}) == 1
        assert all(key == task.data["image_id"] for key, task in tasks.items())
        assert not any(task.predictions for task in tasks.values())
    before = lake.gold.given("weeds"), {k: list(t) for k, t in studio.tasks.items()}
    assert (
        defs.resolve_job_def("batch_job")
        .execute_in_process(
            instance=instance,
            partition_key=lake.batches.all()[-1].batch_id,
            resources=dict(resources),
        )
        .success
    )
    assert (lake.gold.given("weeds"), {k: list(t) for k, t in studio.tasks.items()}) == before


def test_whoever_is_surely_too_often_wrong_is_paused_and_nothing_waits_for_gold(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, gold: list[str],
    shared: list[str], studio: StudioInMemory,
) -> None:  # fmt: skip
    state = lake.evaluations.current("weeds")
    assert state is not None
    before = {j.image_id: j for j in state.judgements if j.image_id in gold}
    of_finn = set(own(lake, "finn", shared))
    answer_gold(lake, studio)
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]

    # Answers to gold are votes like any other, and settle nothing.
    authors = {v.inbox_person for v in lake.votes.all("weeds") if v.image_id in gold}
    assert authors == {"anna", "ben", "eva", "finn"}
    state = lake.evaluations.current("weeds")
    assert state is not None
    assert {j.image_id: j for j in state.judgements if j.image_id in gold} == before

    scores, _ = lake.gold.scores("weeds")
    right, wrong = (scores.people[name]["2"] for name in ("eva", "finn"))
    assert (right.answers, right.accuracy.value, right.classes["2"].hits) == (4, 1.0, 4)
    assert (wrong.answers, wrong.accuracy.value) == (4, 0.0)
    assert (wrong.classes["2"].other_class, wrong.classes["1"].mistaken) == (4, 4)
    (pause,) = lake.pauses.current("weeds").values()
    assert (pause.person, pause.is_paused, pause.told) == ("finn", True, ("leads", "finn"))
    assert "0% of what is known about the newest 4 test images was right" in pause.reason

    # In the same run his open tasks went to the others; what he answered stays with him.
    assert keys_in(studio, "finn") == set(gold_in(lake, "finn"))
    now = holders(lake)
    assert all("finn" not in now[image_id] for image_id in of_finn)
    assert all(now[image_id] <= {"anna", "eva"} for image_id in shared)

    # He gets nothing more, others do; and the release waits for no gold.
    for person in ("anna", "eva"):
        for image_id in own(lake, person, shared):
            submit(studio, person, image_id, TRUE, late=90)
    asked = []
    for _ in range(4):
        asked += run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert "release_job: ok" in asked
    version = lake.datasets.newest("weeds")
    assert version is not None
    assert {i.split for i in version.images if i.image_id in gold} == {"test"}
    bring(lake, {f"third {n}.jpg": photograph(900 + n) for n in range(4)})
    run_what_is_asked(new_images_sensor, instance, resources)
    assert keys_in(studio, "finn") == set(gold_in(lake, "finn"))

    # Ended, the pause comes again only by answers that are new.
    campaign = lake.campaigns.named("weeds")
    assert resume(lake, campaign, "finn", by="dora", why="we talked", now=NOON) == pause.reason
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert lake.pauses.paused("weeds") == frozenset()
    with pytest.raises(InvalidInputError, match="finn is not paused"):
        resume(lake, campaign, "finn", by="dora", why="", now=NOON)


@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "killed"])
def test_open_gold_of_who_left_is_taken_back_and_answered_gold_stays(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, shared: list[str],
    studio: StudioInMemory, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr("farmy_assets.defs.requests.FIRST_PAUSE", timedelta(0))
    first, *others = gold_in(lake, "finn")
    submit(studio, "finn", first, TRUE, late=60)
    reopened = gold_in(lake, "eva")[0]
    del studio.answers[studio.projects["farmy:weeds/annotation/ben"], reopened]
    lake.campaigns.apply(parse_campaign(rules("anna", "eva", more=GOLD, overlap=0)))
    if is_killed:

        def killed(*_: object) -> None:
            raise LakeUnavailableError("killed")

        with monkeypatch.context() as patched:
            patched.setattr(GoldRepository, "take_back", killed)
            told = run_what_is_asked(annotation_completion_sensor, instance, resources)
            assert told == ["votes_job: failed"]
    for _ in range(2):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert keys_in(studio, "finn") == {first}
    given = lake.gold.given("weeds")
    assert gold_in(lake, "finn") == [first]
    assert sorted(a.image_id for a in given.taken_back) == others
    assert all(now <= {"anna", "eva"} for i, now in holders(lake).items() if i in shared)
    # Ben left long ago, and took an answer back: it goes to nobody who had the image as gold.
    assert holders(lake)[reopened] == {"anna"}
    scores, _ = lake.gold.scores("weeds")
    assert scores.people["finn"]["3"].answers == 1  # read under the rules of now
