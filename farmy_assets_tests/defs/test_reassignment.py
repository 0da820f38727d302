"""People leave a campaign, and come back: open tasks move, answers stay, nothing waits for them."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake.assignments import AssignmentRepository
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.pending_work import PendingWorkRepository
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import (
    TRUE,
    WRONG,
    photograph,
    run_what_is_asked,
    submit,
    tick,
)
from farmy_assets_tests.defs.test_triage import darkened, say

Resources = Mapping[str, object]
PHOTOGRAPHS = {f"{n}.jpg": photograph(100 + n) for n in range(6)}


def rules(*annotators: str, adjudicator: str = "dora", overlap: float = 1.0) -> str:
    people = ", ".join(f"{{name: {n}, email: {n}@example.com}}" for n in annotators)
    return f"""
name: weeds
crop: maize
classes: [{{id: 1, name: crop}}, {{id: 2, name: weed}}]
annotators: [{people}]
adjudicator: {{name: {adjudicator}, email: {adjudicator}@example.com}}
overlap_share: {overlap}
"""


@pytest.fixture
def placed(lake: Lake, instance: dg.DagsterInstance, resources: Resources) -> list[str]:
    """Six photographs with anna and ben, both of whom have all of them."""
    lake.campaigns.apply(parse_campaign(rules("anna", "ben")))
    bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    return sorted(lake.kept_images("weeds"))


def keys_in(studio: StudioInMemory, person: str, phase: str = "annotation") -> set[str]:
    project = studio.projects.get(f"farmy:weeds/{phase}/{person}", 0)
    return set(studio.tasks.get(project, {}))


def holders(lake: Lake) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for given in lake.assignments.all("weeds"):
        found.setdefault(given.image_id, set()).add(given.person)
    return found


def test_open_tasks_of_who_left_move_within_one_look_and_answers_stay(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    submit(studio, "anna", placed[0], TRUE)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    lake.campaigns.apply(parse_campaign(rules("ben", "eva")))
    submit(studio, "anna", placed[1], TRUE, late=9)  # of which the platform knows nothing yet
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]
    assert keys_in(studio, "anna") == set(placed[:2])
    assert keys_in(studio, "ben") == set(placed)
    assert keys_in(studio, "eva") == set(placed[2:])
    now = holders(lake)
    assert [now[i] for i in placed[:2]] == [{"anna", "ben"}] * 2
    assert all(now[i] == {"ben", "eva"} for i in placed[2:])
    (page,) = lake.assignments.pages("weeds")
    assert {a.person for a in page.taken_back} == {"anna"}
    assert {a.image_id for a in page.taken_back} == set(placed[2:])
    votes = {v.image_id: v.person for v in lake.votes.all("weeds")}
    assert votes == {placed[0]: "anna", placed[1]: "anna"}  # also what came after she had left


def test_the_release_never_waits_for_who_left(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    for image_id in placed:
        submit(studio, "ben", image_id, TRUE)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert lake.datasets.newest("weeds") is None
    lake.campaigns.apply(parse_campaign(rules("ben", overlap=0)))
    asked = []
    for _ in range(4):
        asked += run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert "release_job: ok" in asked
    version = lake.datasets.newest("weeds")
    assert version is not None
    assert version.image_count == len(placed)
    assert keys_in(studio, "anna") == set()


def test_a_second_look_finds_nothing_more_to_move(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(rules("ben", "eva")))
    for _ in range(3):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    before = lake.assignments.pages("weeds"), {k: set(t) for k, t in studio.tasks.items()}
    found = tick(annotation_completion_sensor, instance, resources)
    assert isinstance(found, dg.SensorResult)
    assert not found.run_requests
    lake.pending.fall_back(lake.campaigns.named("weeds"))  # as after a run that was killed
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert (lake.assignments.pages("weeds"), {k: set(t) for k, t in studio.tasks.items()}) == before


@pytest.mark.parametrize("place", ["remove_unanswered", "add_tasks", "move", "follow"])
def test_a_run_killed_in_the_middle_is_repeated_to_the_same_end(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory, monkeypatch: pytest.MonkeyPatch, place: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("farmy_assets.defs.requests.FIRST_PAUSE", timedelta(0))
    lake.campaigns.apply(parse_campaign(rules("ben", "eva")))

    def killed(*_: object, **__: object) -> None:
        raise LakeUnavailableError("killed")

    owner = {"move": AssignmentRepository, "follow": PendingWorkRepository}.get(
        place, StudioInMemory
    )
    with monkeypatch.context() as patched:
        if place == "remove_unanswered":  # killed behind it, not before
            whole = StudioInMemory.remove_unanswered

            def killed_after(*arguments: object) -> int:
                whole(*arguments)  # type: ignore[arg-type]
                raise LakeUnavailableError("killed")

            patched.setattr(owner, place, killed_after)
        else:
            patched.setattr(owner, place, killed)
        assert run_what_is_asked(annotation_completion_sensor, instance, resources) == [
            "votes_job: failed"
        ]
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]
    assert holders(lake) == {image_id: {"ben", "eva"} for image_id in placed}
    assert [keys_in(studio, p) for p in ("anna", "ben", "eva")] == [
        set(), set(placed), set(placed),
    ]  # fmt: skip
    (page,) = lake.assignments.pages("weeds")
    assert len(page.taken_back) == len(placed)


def test_who_comes_back_gets_work_again_and_keeps_the_old_answers(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    submit(studio, "anna", placed[0], TRUE)
    for text in (rules("ben", "eva"), rules("anna", "ben", "eva")):
        lake.campaigns.apply(parse_campaign(text))
        for _ in range(2):
            run_what_is_asked(annotation_completion_sensor, instance, resources)
    bring(lake, {f"late {n}.jpg": photograph(200 + n) for n in range(6)})
    run_what_is_asked(new_images_sensor, instance, resources)
    load = Counter(given.person for given in lake.assignments.all("weeds"))
    assert load["anna"] > 1
    assert placed[0] in keys_in(studio, "anna")
    assert len(keys_in(studio, "anna")) == load["anna"]


def test_a_conflict_moves_to_the_new_adjudicator_and_nobody_decides_on_own_work(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    for image_id in placed:
        submit(studio, "anna", image_id, TRUE)
        submit(studio, "ben", image_id, WRONG if image_id == placed[0] else TRUE)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    (key,) = keys_in(studio, "dora", "adjudication")

    lake.campaigns.apply(parse_campaign(rules("eva", "finn", adjudicator="anna")))
    for _ in range(2):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert keys_in(studio, "dora", "adjudication") == set()
    assert keys_in(studio, "anna", "adjudication") == set()  # it was her own work

    lake.campaigns.apply(parse_campaign(rules("eva", "finn", adjudicator="gina")))
    for _ in range(2):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert keys_in(studio, "gina", "adjudication") == {key}
    (given,) = lake.assignments.adjudication("weeds").assignments
    assert given.person == "gina"
    state = lake.evaluations.current("weeds")
    assert state is not None
    assert state.statuses()[ConsensusStatus.IN_CONFLICT.value] == 1


def test_what_a_former_adjudicator_decided_stays_decided(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory,
) -> None:  # fmt: skip
    for image_id in placed:
        submit(studio, "anna", image_id, TRUE)
        submit(studio, "ben", image_id, WRONG if image_id == placed[0] else TRUE)
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    (key,) = keys_in(studio, "dora", "adjudication")
    submit(studio, "dora", key, TRUE, late=5, choice="draw everything")
    lake.campaigns.apply(parse_campaign(rules("anna", "ben", adjudicator="gina")))
    run_what_is_asked(annotation_completion_sensor, instance, resources)
    state = lake.evaluations.current("weeds")
    assert state is not None
    (decided,) = [j for j in state.judgements if j.status is ConsensusStatus.ADJUDICATED]
    assert decided.decided_by == "dora"
    assert keys_in(studio, "dora", "adjudication") == {key}


def test_a_conflict_whose_giving_was_killed_is_given_again(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, placed: list[str],
    studio: StudioInMemory, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("farmy_assets.defs.requests.FIRST_PAUSE", timedelta(0))
    for image_id in placed:
        submit(studio, "anna", image_id, TRUE)
        submit(studio, "ben", image_id, WRONG)

    def killed(*_: object) -> int:
        raise LakeUnavailableError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(StudioInMemory, "add_tasks", killed)
        told = run_what_is_asked(annotation_completion_sensor, instance, resources)
        assert told == ["votes_job: failed"]
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]
    assert len(keys_in(studio, "dora", "adjudication")) == len(placed)


def test_open_questions_of_a_former_triager_go_to_others_a_skip_included(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory
) -> None:
    triagers = "triagers: [{name: tom, email: tom@example.com}]\n"
    lake.campaigns.apply(parse_campaign(rules("anna", "ben") + triagers))
    dark = [f"dark {n}.jpg" for n in range(3)]
    ids = bring(lake, {name: darkened(photograph(500 + n)) for n, name in enumerate(dark)})
    run_what_is_asked(new_images_sensor, instance, resources)
    assert keys_in(studio, "tom", "triage") == set(ids.values())
    say(studio, ids[dark[0]], "no", by="tom")
    say(studio, ids[dark[1]], "", by="tom")  # a skip decides nothing
    lake.campaigns.apply(parse_campaign(rules("anna", "ben")))
    for _ in range(2):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert keys_in(studio, "dora", "triage") == {ids[dark[1]], ids[dark[2]]}
    assert keys_in(studio, "tom", "triage") == {ids[dark[0]], ids[dark[1]]}
    now = {q.assignment.image_id: q.assignment.person for q in lake.triage.questions("weeds")}
    assert now == {ids[dark[0]]: "tom", ids[dark[1]]: "dora", ids[dark[2]]: "dora"}
    assert lake.triage.current_decisions("weeds").discards(ids[dark[0]])
