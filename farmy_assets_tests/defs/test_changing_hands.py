"""Pauses, leases, limits a day, skips and third opinions: tasks change hands, and none is lost."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.defs import days
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake.lake import Lake
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
PHOTOGRAPHS = {f"{n}.jpg": photograph(100 + n) for n in range(6)}
MONDAY = date(2026, 6, 1)


def rules(*people: str, more: str = "", overlap: float = 0) -> str:
    """A campaign; a person is a name, or a name with further fields."""
    named = (person.partition(",") for person in people)
    told = ", ".join(
        f"{{name: {name}, email: {name}@example.com{comma}{fields}}}"
        for name, comma, fields in named
    )
    return f"""
name: weeds
crop: maize
classes: [{{id: 1, name: crop}}, {{id: 2, name: weed}}]
annotators: [{told}]
adjudicator: {{name: dora, email: dora@example.com}}
overlap_share: {overlap}
{more}
"""


class Loop:
    """The sensors, looked at until nothing is asked any more."""

    def __init__(
        self, lake: Lake, instance: dg.DagsterInstance, resources: Resources,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        self.lake, self.instance, self.resources = lake, instance, resources
        self.monkeypatch = monkeypatch
        self.on(MONDAY)

    def on(self, day: date) -> None:
        self.monkeypatch.setattr(days, "today", lambda: day)

    def bring(self, text: str) -> list[str]:
        """Six photographs in a campaign of these rules."""
        self.lake.campaigns.apply(parse_campaign(text))
        bring(self.lake, PHOTOGRAPHS)
        assert run_what_is_asked(new_images_sensor, self.instance, self.resources) == [
            "batch_job: ok"
        ]
        return sorted(self.lake.kept_images("weeds"))

    def look(self) -> list[str]:
        """What is asked for until the sensor is quiet."""
        told: list[str] = []
        for _ in range(5):
            asked = run_what_is_asked(annotation_completion_sensor, self.instance, self.resources)
            told += asked
            if not asked:
                return told
        msg = f"the sensor never comes to rest: {told}"
        raise AssertionError(msg)


@pytest.fixture
def loop(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> Loop:
    return Loop(lake, instance, resources, monkeypatch)


def statuses(lake: Lake) -> dict[str, int]:
    state = lake.evaluations.current("weeds")
    assert state is not None
    return {name: count for name, count in state.statuses().items() if count}


def skip(studio: StudioInMemory, person: str, image_id: str) -> None:
    submit(studio, person, image_id)
    key = studio.projects[f"farmy:weeds/annotation/{person}"], image_id
    studio.answers[key] = studio.answers[key].model_copy(update={"skipped": True})


def test_somebody_is_paused_and_comes_back(lake: Lake, loop: Loop, studio: StudioInMemory) -> None:
    loop.bring(rules("anna", "ben"))
    first = sorted(keys_in(studio, "anna"))
    submit(studio, "anna", first[0], TRUE)
    lake.campaigns.apply(parse_campaign(rules("anna, paused: true", "ben")))
    loop.look()
    assert keys_in(studio, "anna") == {first[0]}
    assert Counter(a.person for a in lake.assignments.all("weeds")) == {"anna": 1, "ben": 5}
    bring(lake, {"late.jpg": photograph(300)})
    run_what_is_asked(new_images_sensor, loop.instance, loop.resources)
    assert Counter(a.person for a in lake.assignments.all("weeds")) == {"anna": 1, "ben": 6}
    lake.campaigns.apply(parse_campaign(rules("anna", "ben")))
    loop.look()
    bring(lake, {"later.jpg": photograph(301)})
    run_what_is_asked(new_images_sensor, loop.instance, loop.resources)
    assert Counter(a.person for a in lake.assignments.all("weeds")) == {"anna": 2, "ben": 6}


def test_what_waits_for_everybody_to_come_back_is_given_out_then(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    paused = "anna, paused: true"
    loop.bring(rules(paused))
    assert lake.assignments.all("weeds") == ()
    assert loop.look() == []
    loop.on(MONDAY + timedelta(days=1))
    assert loop.look() == ["placement_job: ok"]
    lake.campaigns.apply(parse_campaign(rules("anna")))
    assert loop.look()[:2] == ["votes_job: ok", "placement_job: ok"]
    assert len(keys_in(studio, "anna")) == 6


def test_who_has_a_limit_gets_so_much_a_day(lake: Lake, loop: Loop, studio: StudioInMemory) -> None:
    loop.bring(rules("anna, tasks_a_day: 2", "ben, tasks_a_day: 1"))
    assert Counter(a.person for a in lake.assignments.all("weeds")) == {"anna": 3, "ben": 3}
    assert [len(keys_in(studio, name)) for name in ("anna", "ben")] == [2, 1]
    assert loop.look() == []
    loop.on(MONDAY + timedelta(days=1))
    assert loop.look() == ["placement_job: ok"]
    assert [len(keys_in(studio, name)) for name in ("anna", "ben")] == [3, 2]
    loop.on(MONDAY + timedelta(days=5))
    assert loop.look() == ["placement_job: ok"]
    assert [len(keys_in(studio, name)) for name in ("anna", "ben")] == [3, 3]
    loop.on(MONDAY + timedelta(days=6))
    assert loop.look() == []


def test_nothing_is_released_while_tasks_wait_for_their_day(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    loop.bring(rules("anna, tasks_a_day: 3"))
    for image_id in keys_in(studio, "anna"):
        submit(studio, "anna", image_id, TRUE)
    loop.look()
    assert statuses(lake) == {"waiting": 3, "single": 3}
    assert lake.datasets.newest("weeds") is None


def test_what_moves_to_somebody_with_a_limit_waits_for_a_day_with_room(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    loop.bring(rules("anna", "ben, tasks_a_day: 3"))
    assert len(keys_in(studio, "ben")) == 3
    lake.campaigns.apply(parse_campaign(rules("ben, tasks_a_day: 3")))
    loop.look()
    assert (len(keys_in(studio, "anna")), len(keys_in(studio, "ben"))) == (0, 3)
    loop.on(MONDAY + timedelta(days=1))
    assert loop.look()[0] == "placement_job: ok"
    assert len(keys_in(studio, "ben")) == 6


def test_overdue_tasks_go_to_others_but_not_what_somebody_is_at_work_on(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    loop.bring(rules("anna", "ben", "eva", more="lease_days: 3"))
    own = sorted(keys_in(studio, "anna"))
    submit(studio, "anna", own[0], TRUE)
    for name in ("ben", "eva"):
        for image_id in keys_in(studio, name):
            submit(studio, name, image_id, TRUE)
    loop.look()
    studio.in_work = {(studio.projects["farmy:weeds/annotation/anna"], own[1])}
    loop.on(MONDAY + timedelta(days=3))
    assert loop.look()[0] == "votes_job: ok"
    assert keys_in(studio, "anna") == set(own)
    loop.on(MONDAY + timedelta(days=4))
    assert loop.look()[0] == "votes_job: ok"
    assert keys_in(studio, "anna") == set(own)  # there is a draft
    assert lake.pending.of("weeds").is_held_back
    studio.in_work.clear()
    loop.on(MONDAY + timedelta(days=5))
    assert loop.look()[0] == "votes_job: ok"
    assert keys_in(studio, "anna") == {own[0]}
    assert own[1] in keys_in(studio, "ben") | keys_in(studio, "eva")
    (moved,) = [a for a in lake.assignments.all("weeds") if a.image_id == own[1]]
    assert moved.from_day == MONDAY + timedelta(days=5)
    assert loop.look() == []


def test_a_skipped_image_goes_to_somebody_else_once_and_then_to_the_adjudicator(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    loop.bring(rules("anna", "ben"))
    one, other, *_ = sorted(keys_in(studio, "anna"))
    skip(studio, "anna", one)
    skip(studio, "anna", other)
    assert loop.look()[0] == "votes_job: ok"
    assert {one, other} <= keys_in(studio, "ben")
    assert keys_in(studio, "dora", "adjudication") == set()
    assert holders(lake)[one] == {"anna", "ben"}
    assert statuses(lake) == {"waiting": 6}
    submit(studio, "ben", one, TRUE)
    skip(studio, "ben", other)
    assert loop.look()[0] == "votes_job: ok"
    assert statuses(lake) == {"waiting": 4, "single": 1, "in_conflict": 1}
    (asked,) = lake.assignments.adjudication("weeds").assignments
    assert asked.image_id == other
    assert lake.pending.of("weeds").unplaced == ()


def test_what_two_disagree_about_goes_to_a_third_before_the_adjudicator(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    ids = loop.bring(rules("anna", "ben", "eva", overlap=1, more="third_opinion: true"))
    image_id = ids[0]
    one, two = sorted(holders(lake)[image_id])
    (third,) = {"anna", "ben", "eva"} - {one, two}
    submit(studio, one, image_id, TRUE)
    submit(studio, two, image_id, WRONG)
    loop.look()
    assert image_id in keys_in(studio, third)
    assert keys_in(studio, "dora", "adjudication") == set()
    submit(studio, third, image_id, TRUE)
    loop.look()
    assert holders(lake)[image_id] == {"anna", "ben", "eva"}
    state = lake.evaluations.current("weeds")
    assert state is not None
    (judged,) = [j for j in state.judgements if j.image_id == image_id]
    assert len(judged.vote_ids) == 3
    assert judged.status is not ConsensusStatus.WAITING


@pytest.mark.parametrize("place", ["add_tasks", "remove_unanswered"])
def test_a_run_that_was_killed_while_tasks_changed_hands_is_made_up_for(
    lake: Lake, loop: Loop, studio: StudioInMemory, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("farmy_assets.defs.requests.FIRST_PAUSE", timedelta(0))
    loop.bring(rules("anna", "ben", "eva", more="lease_days: 1"))
    skipped = min(keys_in(studio, "ben"))
    skip(studio, "ben", skipped)
    loop.on(MONDAY + timedelta(days=2))

    def killed(*_: object) -> int:
        raise LakeUnavailableError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(StudioInMemory, place, killed)
        told = run_what_is_asked(annotation_completion_sensor, loop.instance, loop.resources)
        assert told == ["votes_job: failed"]
    loop.look()
    given = lake.assignments.all("weeds")
    assert {(a.person, a.image_id) for a in given} == {
        (name, image_id) for name in ("anna", "ben", "eva") for image_id in keys_in(studio, name)
    }
    replaced = [a for a in given if a.image_id == skipped]
    assert [a.replaces for a in replaced if a.person != "ben"] == ["ben"]
    assert lake.pending.of("weeds").unplaced == ()
    assert len({a.image_id for a in given}) == 6


def test_a_campaign_without_any_of_this_is_looked_at_no_more_often(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    loop.bring(rules("anna", "ben"))
    for day in range(3):
        loop.on(MONDAY + timedelta(days=day))
        found = tick(annotation_completion_sensor, loop.instance, loop.resources)
        assert not isinstance(found, dg.SensorResult) or not found.run_requests
    assert len(keys_in(studio, "anna") | keys_in(studio, "ben")) == 6


def test_skills_and_fields_come_from_the_photographs_metadata(
    lake: Lake, loop: Loop, studio: StudioInMemory
) -> None:
    lake.campaigns.apply(
        parse_campaign(rules("anna, skills: [beet]", "ben, skills: [maize]",
                             more="keep_together: [field, near_duplicate]"))
    )  # fmt: skip
    bring(lake, PHOTOGRAPHS)
    run_what_is_asked(new_images_sensor, loop.instance, loop.resources)
    assert len(keys_in(studio, "ben")) == 6
    assert keys_in(studio, "anna") == set()
