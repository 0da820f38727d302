"""Label Studio and the records, compared: what has one right answer is done, the rest is told."""

import copy
from typing import Any

import httpx
import pytest

from farmy_assets.annotation.inbox_drift import DriftKind
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.votes import current_votes
from farmy_assets.defs.inbox_repair import InboxRepair, StudioDrift
from farmy_assets_tests.defs.inboxes_in_memory import NAME, InboxesInMemory
from farmy_assets_tests.workflow.test_evaluation import BATCHES, IMAGES, hand_over

FIRST, SECOND = IMAGES[BATCHES[0]][:2]


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    made = InboxesInMemory()
    made.place(*BATCHES[:2])
    return made


def reconcile(inboxes: InboxesInMemory, *, is_dry: bool = False) -> StudioDrift:
    return InboxRepair(inboxes.lake, inboxes.studio, is_dry=is_dry).reconcile(inboxes.rules)


def found(drift: StudioDrift) -> dict[str, int]:
    return {kind: count for kind, count in drift.found.items() if count}


def healed_at_once(inboxes: InboxesInMemory, kind: DriftKind, *, count: int = 1) -> StudioDrift:
    """Looks, repairs and looks again: the same is found, healed, and gone."""
    before = copy.deepcopy((inboxes.server.tasks, inboxes.server.projects))
    assert found(reconcile(inboxes, is_dry=True)) == {kind: count}
    assert (inboxes.server.tasks, inboxes.server.projects) == before
    drift = reconcile(inboxes)
    assert found(drift) == {kind: count}
    assert drift.healed == {kind: count}
    assert found(reconcile(inboxes)) == {}
    return drift


def test_where_nothing_differs_nothing_is_written(inboxes: InboxesInMemory) -> None:
    inboxes.answer("anna", FIRST)
    inboxes.copy()
    inboxes.server.requests.clear()
    drift = reconcile(inboxes)
    assert found(drift) == {}
    assert (drift.inboxes, drift.tasks) == (2, 12)
    assert {request.method for request in inboxes.server.requests} == {"GET"}


def test_tasks_that_were_deleted_are_put_back_in_their_inbox(inboxes: InboxesInMemory) -> None:
    for image_id in (FIRST, SECOND):
        del inboxes.server.tasks[inboxes.tasks("anna")[image_id]["id"]]
    healed_at_once(inboxes, DriftKind.TASKS_MISSING, count=2)
    assert inboxes.tasks("anna")[FIRST]["data"]["image"].endswith(f"{FIRST}.jpg")
    assert len(inboxes.tasks("anna")) == 6


def test_a_task_whose_recorded_answer_is_lost_is_told_and_not_asked_again(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.answer("anna", FIRST)
    inboxes.copy()
    task = inboxes.tasks("anna")[FIRST]
    inboxes.server.annotations.clear()
    del inboxes.server.tasks[task["id"]]
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.ANSWERS_LOST: 1}
    assert (drift.left, drift.examples[DriftKind.ANSWERS_LOST]) == (1, (FIRST,))
    assert FIRST not in inboxes.tasks("anna")
    inboxes.copy()
    assert len(current_votes(inboxes.lake.votes.all(NAME))) == 1


def test_second_tasks_without_an_answer_go_and_the_answered_one_stays(
    inboxes: InboxesInMemory,
) -> None:
    task = inboxes.tasks("anna")[FIRST]
    second = inboxes.server.add_task(task["project"], dict(task["data"]))
    inboxes.server.add_annotation(second, by=2)
    inboxes.copy()
    healed_at_once(inboxes, DriftKind.TASKS_DOUBLED)
    assert inboxes.tasks("anna")[FIRST]["id"] == second


def test_a_task_that_two_copies_were_answered_of_is_told_and_kept(inboxes: InboxesInMemory) -> None:
    task = inboxes.tasks("anna")[FIRST]
    second = inboxes.server.add_task(task["project"], dict(task["data"]))
    for task_id in (task["id"], second):
        inboxes.server.add_annotation(task_id, by=2)
    inboxes.copy()
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.ANSWERED_TWICE: 1}
    assert len(inboxes.server.annotations) == 2


@pytest.mark.parametrize(
    "change", [{"image": "s3://elsewhere/x.jpg"}, {"width_px": 9}, {"image_id": "another"}]
)
def test_altered_data_are_put_right_and_what_else_they_hold_stays(
    inboxes: InboxesInMemory, change: dict[str, Any]
) -> None:
    task = inboxes.tasks("anna")[FIRST]
    right = dict(task["data"])
    task["data"] |= change | {"note": "mine"}
    healed_at_once(inboxes, DriftKind.TASKS_ALTERED)
    assert inboxes.tasks("anna")[FIRST]["data"] == right | {"note": "mine"}


def test_a_task_that_has_lost_its_key_gets_it_back_with_its_answer(
    inboxes: InboxesInMemory,
) -> None:
    task = inboxes.tasks("anna")[FIRST]
    inboxes.answer("anna", FIRST)
    task["data"]["asset_key"] = "something else"
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.TASKS_ALTERED: 1}
    assert inboxes.tasks("anna")[FIRST]["id"] == task["id"]
    inboxes.copy()
    assert len(current_votes(inboxes.lake.votes.all(NAME))) == 1


def test_tasks_that_nobody_asked_are_told_and_left_alone(inboxes: InboxesInMemory) -> None:
    project_id = inboxes.project("anna")
    inboxes.server.add_task(project_id, {"image": "s3://mine/1.jpg"})
    inboxes.server.add_task(project_id, {"asset_key": "strange", "image": "s3://mine/2.jpg"})
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.TASKS_UNKNOWN: 2}
    assert drift.healed == {}
    assert len(inboxes.server.tasks) == 14


def test_an_open_task_that_was_taken_back_goes(inboxes: InboxesInMemory) -> None:
    page = inboxes.lake.assignments.of_batch(NAME, BATCHES[0])
    assert page
    given = [a for a in page.assignments if (a.person, a.image_id) == ("anna", FIRST)]
    inboxes.lake.assignments.move(page, given, [], book=lambda _, new: list(new))
    healed_at_once(inboxes, DriftKind.TASKS_LEFT_OVER)
    assert FIRST not in inboxes.tasks("anna")


def test_an_answer_that_was_never_read_has_its_inbox_read_whole(inboxes: InboxesInMemory) -> None:
    inboxes.answer("anna", SECOND)
    inboxes.copy()
    number = inboxes.answer("anna", FIRST)
    long_ago = "2025-12-31T00:00:00.000000Z"
    inboxes.server.annotations[number] |= {"created_at": long_ago, "updated_at": long_ago}
    inboxes.tasks("anna")[FIRST]["updated_at"] = long_ago
    assert inboxes.copy().new_votes == 0
    drift = reconcile(inboxes)
    assert drift.healed == {DriftKind.ANSWERS_NOT_COPIED: 1}
    assert inboxes.copy().new_votes == 1
    assert found(reconcile(inboxes)) == {}


def test_an_answer_that_waits_for_the_next_copying_is_no_difference(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.answer("anna", SECOND)
    inboxes.copy()
    inboxes.answer("anna", FIRST)
    assert found(reconcile(inboxes)) == {}


def test_a_deleted_project_is_made_again_with_its_open_tasks(inboxes: InboxesInMemory) -> None:
    inboxes.answer("anna", FIRST)
    inboxes.copy()
    project_id = inboxes.project("anna")
    del inboxes.server.projects[project_id]
    for task_id in [i for i, t in inboxes.server.tasks.items() if t["project"] == project_id]:
        del inboxes.server.tasks[task_id]
    expected = {
        DriftKind.INBOXES_MISSING: 1, DriftKind.TASKS_MISSING: 5, DriftKind.ANSWERS_LOST: 1,
    }  # fmt: skip
    assert found(reconcile(inboxes, is_dry=True)) == expected
    drift = reconcile(inboxes)
    assert found(drift) == expected
    assert drift.left == 1
    assert sorted(inboxes.tasks("anna")) == sorted(
        i for b in BATCHES[:2] for i in IMAGES[b] if i != FIRST
    )


def test_a_project_that_has_lost_its_key_is_known_by_its_tasks(inboxes: InboxesInMemory) -> None:
    project_id = inboxes.project("anna")
    inboxes.server.projects[project_id]["description"] = "anna's photographs"
    healed_at_once(inboxes, DriftKind.INBOXES_WITHOUT_KEY)
    assert inboxes.project("anna") == project_id
    assert inboxes.server.projects[project_id]["description"].endswith(" anna@example.com")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"title": "Anna"}, DriftKind.INBOXES_RENAMED),
        ({"label_config": "<View/>"}, DriftKind.OTHER_LABEL_CONFIG),
        ({"skip_queue": "REQUEUE_FOR_OTHERS"}, DriftKind.OTHER_SETTINGS),
        ({"maximum_annotations": 3, "sampling": "Uniform sampling"}, DriftKind.OTHER_SETTINGS),
    ],
    ids=["title", "label config", "a setting", "two settings"],
)
def test_a_changed_project_is_as_the_campaign_says_again(
    inboxes: InboxesInMemory, change: dict[str, Any], kind: DriftKind
) -> None:
    project = inboxes.server.projects[inboxes.project("anna")]
    right = dict(project)
    project |= change
    healed_at_once(inboxes, kind)
    changed = inboxes.server.projects[project["id"]]
    assert {name: changed[name] for name in change} == {name: right[name] for name in change}


def test_an_inbox_belongs_to_its_person_again(inboxes: InboxesInMemory) -> None:
    project = inboxes.server.projects[inboxes.project("anna")]
    key = Inbox(campaign=NAME, phase=Phase.ANNOTATION, person="anna").key
    project["description"] = f"{key} mallory@example.com"
    drift = healed_at_once(inboxes, DriftKind.OTHER_OWNER)
    assert drift.examples[DriftKind.OTHER_OWNER] == (f"{key}: mallory@example.com",)
    assert project["description"] == f"{key} anna@example.com"


def test_an_inbox_shows_its_pictures_again(inboxes: InboxesInMemory) -> None:
    project_id = inboxes.project("anna")
    inboxes.server.storages = [s for s in inboxes.server.storages if s["project"] != project_id]
    healed_at_once(inboxes, DriftKind.WITHOUT_IMAGES)


def test_a_second_project_goes_with_its_open_tasks_and_stays_when_it_holds_an_answer(
    inboxes: InboxesInMemory,
) -> None:
    first = inboxes.server.projects[inboxes.project("anna")]
    for is_answered in (True, False):
        project_id = inboxes.server.add_project(first["description"])
        inboxes.server.projects[project_id] |= {**first, "id": project_id}
        task_id = inboxes.server.add_task(project_id, dict(inboxes.tasks("anna")[FIRST]["data"]))
        if is_answered:
            inboxes.server.add_annotation(task_id, by=2)
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.INBOXES_DOUBLED: 2}
    assert drift.healed == {DriftKind.INBOXES_DOUBLED: 1}
    assert found(reconcile(inboxes)) == {DriftKind.INBOXES_DOUBLED: 1}


def test_people_without_an_account_and_annotators_who_read_all_are_told(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.server.users = [u for u in inboxes.server.users if not u["email"].startswith("ben@")]
    next(u for u in inboxes.server.users if u["email"].startswith("anna@"))["role"] = "lead"
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.WITHOUT_ACCOUNT: 1, DriftKind.READS_ALL: 1}
    assert drift.examples[DriftKind.WITHOUT_ACCOUNT] == ("ben@example.com",)


def test_what_label_studio_refuses_is_told_and_the_rest_is_done(inboxes: InboxesInMemory) -> None:
    project_id = inboxes.project("anna")
    inboxes.server.projects[project_id]["label_config"] = "<View/>"
    del inboxes.server.tasks[inboxes.tasks("ben")[FIRST]["id"]]
    inboxes.server.fault = lambda request: (
        httpx.Response(400, json={"detail": "labels are in use"})
        if request.method == "PATCH" and request.url.path.rstrip("/").endswith(f"/{project_id}")
        else None
    )
    drift = reconcile(inboxes)
    assert drift.healed == {DriftKind.TASKS_MISSING: 1}
    assert "labels are in use" in drift.refused[0]
    assert drift.left == 1


def test_the_conflicts_of_an_emptied_inbox_are_handed_over_again(inboxes: InboxesInMemory) -> None:
    inboxes.answer("anna", FIRST)
    inboxes.answer("ben", FIRST, x=60)
    inboxes.copy()
    hand_over(inboxes.lake)
    drift = reconcile(inboxes)
    assert found(drift) == {DriftKind.INBOXES_MISSING: 1, DriftKind.TASKS_MISSING: 1}
    inputs, _ = inboxes.lake.evaluations.inputs(NAME)
    assert inputs
    assert inputs.to_hand_over == (FIRST,)
