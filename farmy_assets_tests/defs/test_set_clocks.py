"""Clocks that are set, a Label Studio that is set back, and runs that take a part at a time."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from farmy_assets.annotation.votes import Outcome, Vote, current_votes
from farmy_assets.defs.inbox_repair import InboxRepair
from farmy_assets.defs.restored_votes import LostAnswers
from farmy_assets.workflow.vote_history import WantedAnswers
from farmy_assets_tests.defs.inboxes_in_memory import NAME, InboxesInMemory
from farmy_assets_tests.workflow.test_evaluation import BATCHES, IMAGES

FIRST, SECOND, THIRD = IMAGES[BATCHES[0]]
HOUR = timedelta(hours=1)


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    made = InboxesInMemory()
    made.server.time = datetime.now(UTC)
    made.place(BATCHES[0])
    return made


def standing(inboxes: InboxesInMemory) -> dict[tuple[str, str], Vote]:
    votes = current_votes(inboxes.lake.votes.all(NAME))
    return {(vote.inbox_person, vote.image_id): vote for vote in votes}


def left_edge(vote: Vote) -> float:
    return vote.regions[0].bounds_px[0]


def set_clock(inboxes: InboxesInMemory, by: timedelta) -> None:
    assert inboxes.server.time
    inboxes.server.time += by


@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "forward"])
def test_answers_edits_and_deletions_after_a_clock_was_set_are_all_copied(
    inboxes: InboxesInMemory, jump: timedelta
) -> None:
    for image_id in (FIRST, SECOND):
        inboxes.answer("anna", image_id)
    inboxes.copy()
    set_clock(inboxes, jump)
    inboxes.edit("anna", FIRST, x=50)
    inboxes.delete("anna", SECOND)
    inboxes.answer("anna", THIRD)
    inboxes.answer("ben", FIRST)
    inboxes.copy()
    found = standing(inboxes)
    assert set(found) == {("anna", FIRST), ("anna", THIRD), ("ben", FIRST)}
    assert left_edge(found["anna", FIRST]) == 400  # 50 % of 800 pixels
    # The clock is put right: what follows is copied as well, and nothing comes a second time.
    set_clock(inboxes, -jump)
    inboxes.edit("anna", FIRST, x=60)
    inboxes.answer("anna", SECOND, x=20)
    assert inboxes.copy().new_votes == 2
    assert left_edge(standing(inboxes)["anna", FIRST]) == 480
    assert left_edge(standing(inboxes)["anna", SECOND]) == 160
    assert inboxes.copy().new_votes == 0


def test_behind_answers_that_are_dated_in_the_future_later_ones_are_copied(
    inboxes: InboxesInMemory,
) -> None:
    set_clock(inboxes, HOUR)
    inboxes.answer("anna", FIRST)
    inboxes.copy()
    set_clock(inboxes, -HOUR)
    for number, image_id in enumerate((SECOND, THIRD)):
        inboxes.answer("anna", image_id)
        assert inboxes.copy().new_votes == 1, number
    inboxes.edit("anna", SECOND, x=30)
    inboxes.answer("ben", FIRST)  # the edit alone moves nothing that is looked at first
    inboxes.copy()
    assert left_edge(standing(inboxes)["anna", SECOND]) == 240


def test_a_label_studio_that_was_set_back_to_yesterday_costs_no_vote_and_makes_no_second_task(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.answer("anna", FIRST)
    inboxes.answer("ben", FIRST)
    inboxes.copy()
    server = inboxes.server
    yesterday = copy.deepcopy((server.projects, server.tasks, server.annotations, server.storages))
    set_clock(inboxes, 24 * HOUR)
    inboxes.copy()
    inboxes.edit("anna", FIRST, x=70)
    inboxes.answer("anna", SECOND)
    inboxes.place(BATCHES[1])
    inboxes.answer("ben", IMAGES[BATCHES[1]][0])
    inboxes.copy()
    recorded, stood = inboxes.lake.votes.all(NAME), standing(inboxes)

    server.projects, server.tasks, server.annotations, server.storages = yesterday
    assert inboxes.copy().new_votes == 0
    drift = InboxRepair(inboxes.lake, inboxes.studio).reconcile(inboxes.rules)
    assert drift.healed == {"tasks_missing": 5}
    assert drift.found["answers_lost_in_label_studio"] == 2
    inboxes.server.tasks[inboxes.tasks("anna")[SECOND]["id"]]["updated_at"] = server.now()
    assert inboxes.copy().new_votes == 0
    assert standing(inboxes) == stood

    lost = LostAnswers(inboxes.lake, inboxes.studio, inboxes.rules)
    assert lost.put_back(lost.find(WantedAnswers())) == 2
    inboxes.copy()
    assert inboxes.lake.votes.all(NAME) == recorded
    keys = [(t["project"], t["data"]["asset_key"]) for t in server.tasks.values()]
    assert len(keys) == len(set(keys)) == 12
    assert not any(
        InboxRepair(inboxes.lake, inboxes.studio).reconcile(inboxes.rules).found.values()
    )


def test_a_run_reads_a_part_and_the_next_ones_go_on_until_all_is_copied(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.place(BATCHES[1])
    for person in ("anna", "ben"):
        for batch_id in BATCHES[:2]:
            for image_id in IMAGES[batch_id]:
                inboxes.answer(person, image_id)
    counts = []
    while True:
        copied = inboxes.copy(at_most=4)
        counts.append(copied.new_votes)
        if not copied.inboxes.begun:
            break
        assert set(copied.inboxes.inboxes) | set(copied.inboxes.begun) == {
            f"farmy:{NAME}/annotation/{person}" for person in ("anna", "ben")
        }
    assert sum(counts) == 12
    assert max(counts) <= 4
    assert len(standing(inboxes)) == 12
    assert inboxes.copy(at_most=4).new_votes == 0


def test_tasks_of_one_instant_are_read_together_so_that_every_run_gets_on(
    inboxes: InboxesInMemory,
) -> None:
    for image_id in (FIRST, SECOND, THIRD):
        inboxes.answer("anna", image_id)
    for task in inboxes.tasks("anna").values():
        task["updated_at"] = "2026-01-01T00:00:00.000000Z"
    copied = inboxes.copy(at_most=1)
    assert copied.new_votes == 3
    inboxes.copy(at_most=1)
    assert not inboxes.copy(at_most=100).inboxes.begun


def test_nothing_that_people_do_in_label_studio_changes_what_was_copied(
    inboxes: InboxesInMemory,
) -> None:
    steps: tuple[Callable[[], object], ...] = (
        lambda: inboxes.answer("anna", FIRST),
        lambda: inboxes.edit("anna", FIRST, x=40),
        lambda: inboxes.delete("anna", FIRST),
        lambda: inboxes.answer("anna", FIRST, skipped=True),
        inboxes.server.tasks.clear,
        inboxes.server.projects.clear,
    )
    kept: dict[str, bytes] = {}
    for step in steps:
        step()
        inboxes.copy()
        now = {
            key: content
            for key, content in inboxes.bucket.objects.items()
            if key.startswith((f"votes/{NAME}/", f"submissions/{NAME}/"))
        }
        assert kept.items() <= now.items()
        kept = now
    history = sorted(inboxes.lake.votes.all(NAME), key=lambda vote: vote.submitted_at)
    assert [vote.outcome for vote in history] == [
        Outcome.SUBMITTED, Outcome.SUBMITTED, Outcome.WITHDRAWN, Outcome.SKIPPED,
    ]  # fmt: skip
    assert {vote.campaign_version for vote in history} == {1}
    assert [vote.lead_time_s for vote in history] == [2.5, 2.5, None, 2.5]
