"""Inboxes: found by their key, created once, repaired, kept as the campaign says."""

import httpx
import pytest

from farmy_assets.annotation.inboxes import CONNECTION_KEY, Inbox, Phase
from farmy_assets.errors import StudioUnavailableError
from farmy_assets.label_studio import InboxProgress, Studio
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio

ANNA = Inbox(campaign="weeds", phase=Phase.ANNOTATION, person="anna")
CONFIG = "<View><Image name='image' value='$image'/></View>"


def ensure(studio: Studio, *, config: str = CONFIG, instructions: str = "Draw all.") -> int:
    return studio.ensure_inbox(ANNA, label_config=config, instructions=instructions)


def test_a_new_inbox_shows_only_its_own_work_in_order_and_lets_skipped_tasks_finish(
    studio: Studio, server: FakeLabelStudio
) -> None:
    project = server.projects[ensure(studio)]
    assert (project["title"], project["description"]) == (ANNA.title, ANNA.key)
    assert project["maximum_annotations"] == 1
    assert project["sampling"] == "Sequential sampling"
    assert project["skip_queue"] == "IGNORE_SKIPPED"


def test_images_are_proxied_from_the_bucket_and_no_credential_is_sent(
    studio: Studio, server: FakeLabelStudio
) -> None:
    ensure(studio)
    (storage,) = server.storages
    assert (storage["bucket"], storage["presign"], storage["use_blob_urls"]) == (
        "cleansed",
        False,
        True,
    )
    assert storage["prefix"] == CONNECTION_KEY  # the only object that Label Studio may list
    assert not {name for name in storage if name.startswith("aws") or "endpoint" in name}
    assert not server.asked("POST", "sync")


def test_asking_again_changes_nothing(studio: Studio, server: FakeLabelStudio) -> None:
    first = ensure(studio)
    server.requests.clear()
    assert ensure(studio) == first
    assert {request.method for request in server.requests} == {"GET"}


def test_an_inbox_that_lacks_its_storage_after_a_crash_gets_it(
    studio: Studio, server: FakeLabelStudio
) -> None:
    first = ensure(studio)
    server.storages.clear()
    assert ensure(studio) == first
    assert len(server.storages) == 1


def test_a_changed_configuration_and_changed_instructions_reach_the_project(
    studio: Studio, server: FakeLabelStudio
) -> None:
    project_id = ensure(studio)
    changed = ensure(studio, config="<View/>\n", instructions="Draw < all >.\nTwice.\n\nEnd.")
    assert changed == project_id
    project = server.projects[project_id]
    assert project["label_config"] == "<View/>"
    assert project["expert_instruction"] == "<p>Draw &lt; all &gt;.<br>Twice.</p><p>End.</p>"


def test_of_two_projects_with_one_key_the_lower_id_is_the_inbox(
    studio: Studio, server: FakeLabelStudio
) -> None:
    first, _second = server.add_project(ANNA.key), server.add_project(ANNA.key)
    assert studio.find_inboxes() == {ANNA.key: first}
    assert ensure(studio) == first


def test_who_loses_a_race_removes_the_own_empty_project(
    studio: Studio, server: FakeLabelStudio
) -> None:
    def race(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path == "/api/projects/":
            server.fault = lambda _request: None
            server.add_project(ANNA.key)
        return None

    server.fault = race
    winner = ensure(studio)
    assert list(server.projects) == [winner]


def test_a_project_that_was_stored_in_spite_of_an_error_is_taken_not_made_again(
    studio: Studio, server: FakeLabelStudio
) -> None:
    def locked(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path == "/api/projects/":
            server.fault = lambda _request: None
            server.answer(request)
            return httpx.Response(500, text="database is locked")
        return None

    server.fault = locked
    made = ensure(studio)
    assert list(server.projects) == [made]


def test_empty_copies_of_an_inbox_are_removed_and_those_that_hold_work_stay(
    studio: Studio, server: FakeLabelStudio
) -> None:
    first, empty, working = (server.add_project(ANNA.key) for _ in range(3))
    task = NewTask(task_key="k", data={"image": "s3://b/k.jpg", "image_id": "k"})
    studio.add_tasks(working, [task])
    assert ensure(studio) == first
    assert set(server.projects) == {first, working}
    assert empty not in server.projects


def test_a_key_that_only_begins_like_another_is_another_inbox(
    studio: Studio, server: FakeLabelStudio
) -> None:
    server.add_project(f"{ANNA.key}-maria")
    assert ensure(studio) != next(iter(server.projects))


def test_inboxes_are_found_past_the_first_page(studio: Studio, server: FakeLabelStudio) -> None:
    for number in range(205):
        server.add_project(f"farmy:weeds/annotation/p{number}")
    server.add_project("somebody's own project")
    assert len(studio.find_inboxes("farmy:weeds/")) == 205


def test_a_create_without_an_answer_is_not_sent_twice(
    studio: Studio, server: FakeLabelStudio
) -> None:
    server.fault = lambda request: httpx.Response(502) if request.method == "POST" else None
    with pytest.raises(StudioUnavailableError):
        ensure(studio)
    assert server.asked("POST") == 1


def test_progress_counts_many_inboxes_and_leaves_out_deleted_ones(
    studio: Studio, server: FakeLabelStudio
) -> None:
    ids = [server.add_project(f"p{number}") for number in range(150)]
    done, skipped, _open = (server.add_task(ids[0], {}) for _ in range(3))
    server.add_annotation(done)
    server.add_annotation(skipped, skipped=True)
    progress = studio.progress([*ids, 9999])
    assert progress[ids[0]] == InboxProgress(tasks=3, finished=2, answers=2)
    assert len(progress) == 150
    assert server.asked("GET", "counts") == 2


@pytest.mark.parametrize(
    ("tasks", "finished", "complete"), [(0, 0, False), (2, 1, False), (2, 2, True)]
)
def test_an_inbox_is_complete_when_there_was_work_and_all_is_done(
    tasks: int, finished: int, complete: bool
) -> None:
    assert InboxProgress(tasks, finished, answers=finished).is_complete is complete


def test_an_inbox_has_a_table_of_what_is_open_and_one_of_everything(
    studio: Studio, server: FakeLabelStudio
) -> None:
    ensure(studio)
    first, second = (view["data"] for view in server.views.values())
    assert (first["title"], second["title"]) == ("To do", "All")
    assert [item["filter"] for item in first["filters"]["items"]] == ["filter:tasks:annotators"]
    assert second["filters"]["items"] == []


def test_keys_and_ids_are_hidden_in_the_tables(studio: Studio, server: FakeLabelStudio) -> None:
    ensure(studio)
    for view in server.views.values():
        for hidden in view["data"]["hiddenColumns"].values():
            assert {"tasks:id", "tasks:data.asset_key", "tasks:data.image_id"} <= set(hidden)
            assert "tasks:file_upload" in hidden
            assert not {"tasks:data.image", "tasks:completed_at"} & set(hidden)


def test_the_table_that_label_studio_made_goes_and_a_persons_own_stays(
    studio: Studio, server: FakeLabelStudio
) -> None:
    project_id = server.add_project(ANNA.key)
    for title in ("Default", "mine"):
        server.add_view({"project": project_id, "data": {"title": title}})
    assert ensure(studio) == project_id
    titles = [view["data"]["title"] for view in server.views.values()]
    assert titles == ["mine", "To do", "All"]


def test_instructions_open_until_the_first_answer_and_again_when_they_changed(
    studio: Studio, server: FakeLabelStudio
) -> None:
    project = server.projects[ensure(studio)]
    assert project["show_instruction"]
    studio.stop_opening_instructions(project["id"])
    ensure(studio)
    assert not project["show_instruction"]
    ensure(studio, instructions="Draw the small ones too.")
    assert project["show_instruction"]


def test_closing_closed_instructions_asks_for_no_change(
    studio: Studio, server: FakeLabelStudio
) -> None:
    project_id = ensure(studio)
    studio.stop_opening_instructions(project_id)
    server.requests.clear()
    studio.stop_opening_instructions(project_id)
    assert {request.method for request in server.requests} == {"GET"}


def test_an_inbox_carries_the_address_of_its_person_behind_its_key(
    studio: Studio, server: FakeLabelStudio
) -> None:
    project = studio.ensure_inbox(ANNA, owner="Anna@example.com", label_config=CONFIG,
                                  instructions="")  # fmt: skip
    assert server.projects[project]["description"] == f"{ANNA.key} anna@example.com"
    assert studio.find_inboxes() == {ANNA.key: project}
    studio.ensure_inbox(ANNA, label_config=CONFIG, instructions="")
    assert server.projects[project]["description"] == f"{ANNA.key} anna@example.com"


def test_an_inbox_from_before_there_was_a_gate_is_given_to_its_person(
    studio: Studio, server: FakeLabelStudio
) -> None:
    older, mine = server.add_project(ANNA.key), server.add_project("a project of somebody's own")
    owners = {ANNA.key: "anna@example.com", "farmy:weeds/annotation/ben": "ben@example.com"}
    assert [studio.give_inboxes(owners) for _ in range(2)] == [1, 0]
    assert server.projects[older]["description"] == f"{ANNA.key} anna@example.com"
    assert server.projects[mine]["description"] == "a project of somebody's own"
