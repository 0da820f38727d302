"""Answers: what changed is read once, in order, with its authors; nothing hides."""

from datetime import UTC, datetime
from typing import Any

import pytest

from farmy_assets.label_studio import InboxActivity, Studio
from farmy_assets_tests.label_studio.fake_label_studio import START, FakeLabelStudio

INSTANT = "2026-01-02T00:00:00.000000Z"


def data(key: str) -> dict[str, Any]:
    return {"asset_key": key, "image_id": key, "width_px": 320, "height_px": 240}


@pytest.fixture
def inbox(server: FakeLabelStudio) -> int:
    return server.add_project("inbox")


def read(studio: Studio, inbox: int, since: datetime | None = None) -> list[str]:
    return [task.task_key for task in studio.changed_tasks(inbox, since=since)]


def test_an_answer_comes_with_its_author_and_its_task(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    task_id = server.add_task(inbox, data("a"))
    annotation_id = server.add_annotation(task_id, skipped=True)
    (task,) = studio.changed_tasks(inbox, since=None)
    assert (task.task_id, task.image_id, task.width_px, task.height_px) == (task_id, "a", 320, 240)
    (answer,) = task.annotations
    assert answer.annotation_id == annotation_id
    assert (answer.email, answer.skipped, answer.lead_time_s) == ("admin@example.com", True, 2.5)
    assert answer.created_at.tzinfo is not None


def test_a_task_whose_answer_was_deleted_comes_without_any(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    server.add_task(inbox, data("a"))
    (task,) = studio.changed_tasks(inbox, since=None)
    assert task.annotations == ()


def test_only_changes_since_then_come_and_the_oldest_first(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    first, second, third = (server.add_task(inbox, data(key)) for key in "abc")
    server.add_annotation(third)
    server.add_annotation(first)
    since = datetime.fromisoformat(server.tasks[second]["updated_at"])
    assert read(studio, inbox, since) == ["b", "c", "a"]


def test_all_pages_are_read_even_where_a_whole_page_changed_at_one_instant(
    studio: Studio, server: FakeLabelStudio, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farmy_assets.label_studio.data_manager._ANSWERED_PAGE", 3)
    for key in "abcd":
        server.add_task(inbox, data(key))
    for key in "efghijklm":
        server.add_task(inbox, data(key), updated_at=INSTANT)
    assert sorted(read(studio, inbox)) == list("abcdefghijklm")


def test_a_task_that_changes_while_we_read_hides_no_other(
    studio: Studio, server: FakeLabelStudio, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farmy_assets.label_studio.data_manager._ANSWERED_PAGE", 2)
    ids = [server.add_task(inbox, data(key)) for key in "abcde"]
    seen = []
    for task in studio.changed_tasks(inbox, since=None):
        seen.append(task.task_key)
        if len(seen) == 2:
            server.add_annotation(ids[0])
    assert seen == ["a", "b", "c", "d", "e", "a"]


def test_tasks_made_by_hand_are_passed_over_and_the_log_counts_them(
    studio: Studio, server: FakeLabelStudio, inbox: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.add_task(inbox, {"image": "mine.jpg"})
    server.add_task(inbox, data("altered") | {"width_px": "wide"})
    server.add_task(inbox, data("a"))
    assert read(studio, inbox) == ["altered", "a"]  # what it shows stands in the record
    assert "1 tasks were not made by the platform" in caplog.text


def test_an_author_whose_account_is_gone_is_named_by_number(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    server.add_annotation(server.add_task(inbox, data("a")), by=77)
    (task,) = studio.changed_tasks(inbox, since=None)
    assert task.annotations[0].email == "deleted-user-77"


def test_somebody_who_joined_while_we_read_is_known(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    for by, key in ((1, "a"), (2, "b")):
        server.add_annotation(server.add_task(inbox, data(key)), by=by)
    emails = []
    for task in studio.changed_tasks(inbox, since=None):
        emails.append(task.annotations[0].email)
        server.users.append({"id": 2, "email": "ben@example.com"})
    assert emails == ["admin@example.com", "ben@example.com"]


def test_an_answer_that_was_half_saved_in_a_crash_is_counted_and_read(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    server.add_annotation(server.add_task(inbox, data("a")), half_saved=True)
    assert not studio.progress([inbox])[inbox].is_complete
    assert read(studio, inbox, datetime.fromisoformat(server.now())) == ["a"]
    assert studio.progress([inbox])[inbox].is_complete


def test_an_answer_that_was_counted_but_never_marked_as_a_change_is_read(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    task_id = server.add_task(inbox, data("a"))
    since = datetime.fromisoformat(server.now())
    server.add_annotation(task_id, half_saved=True)
    server.tasks[task_id]["counted"] = True
    assert read(studio, inbox, since) == ["a"]


def test_a_sound_inbox_is_only_read_never_written_to(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    server.add_annotation(server.add_task(inbox, data("a")))
    read(studio, inbox)
    assert {request.method for request in server.requests} == {"GET"}


def test_activity_moves_with_every_answer_edit_and_deleted_task(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    assert studio.activity(inbox) == InboxActivity(None, tasks=0, annotations=0)
    first, second = (server.add_task(inbox, data(key)) for key in "ab")
    seen = [studio.activity(inbox)]
    server.add_annotation(first)
    seen.append(studio.activity(inbox))
    server.tasks[first]["updated_at"] = server.now()
    seen.append(studio.activity(inbox))
    del server.tasks[second]
    seen.append(studio.activity(inbox))
    assert len(set(seen)) == 4
    assert seen[0].changed_at is not None
    assert seen[0].changed_at > START.astimezone(UTC)
