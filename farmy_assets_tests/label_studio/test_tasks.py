"""Tasks: every key once, whatever happens on the way."""

import httpx
import pytest

from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio


def new(*numbers: int) -> list[NewTask]:
    return [NewTask(task_key=f"k.{n}", data={"image": f"s3://b/{n}"}) for n in numbers]


def keys(server: FakeLabelStudio) -> list[str]:
    return sorted(task["data"]["asset_key"] for task in server.tasks.values())


@pytest.fixture
def inbox(server: FakeLabelStudio) -> int:
    return server.add_project("inbox")


def test_only_tasks_that_are_not_there_yet_are_added(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    assert studio.add_tasks(inbox, new(1, 2)) == 2
    assert studio.add_tasks(inbox, new(1, 2, 3)) == 1
    assert studio.add_tasks(inbox, new(1, 2, 3)) == 0
    assert keys(server) == ["k.1", "k.2", "k.3"]


def test_a_key_given_twice_makes_one_task(studio: Studio, inbox: int) -> None:
    assert studio.add_tasks(inbox, new(1, 1)) == 1


def test_nothing_to_add_asks_nothing(studio: Studio, server: FakeLabelStudio, inbox: int) -> None:
    assert studio.add_tasks(inbox, []) == 0
    assert not server.requests


def test_predictions_travel_with_their_task(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    prediction = {"model_version": "version A", "result": []}
    studio.add_tasks(inbox, [NewTask(task_key="k", data={}, predictions=(prediction,))])
    (task,) = server.tasks.values()
    assert task["predictions"] == [prediction]


def test_many_tasks_go_in_chunks_and_are_read_in_pages(
    studio: Studio, server: FakeLabelStudio, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farmy_assets.label_studio.data_manager._LISTED_PAGE", 100)
    assert studio.add_tasks(inbox, new(*range(601))) == 601
    assert server.asked("POST", "import") == 3
    assert len(studio.task_ids(inbox)) == 601


def test_a_few_keys_in_a_big_inbox_are_looked_up_not_read_in_full(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    studio.add_tasks(inbox, new(*range(100)))
    server.requests.clear()
    assert studio.add_tasks(inbox, new(5, 500)) == 1
    lists = [r for r in server.requests if r.url.path == "/api/tasks"]
    assert all("regex" in r.url.params["query"] for r in lists)


def test_a_looked_up_key_is_taken_literally(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    for number in range(100):
        server.add_task(inbox, {"asset_key": f"kx{number}"})
    assert studio.add_tasks(inbox, new(5)) == 1  # "k.5" is not "kx5"


def test_an_import_whose_answer_got_lost_is_not_repeated(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    def lose_the_answer(request: httpx.Request) -> httpx.Response | None:
        if "import" in request.url.path:
            server.answer(request)
            raise httpx.RemoteProtocolError("gone")
        return None

    server.fault = lose_the_answer
    assert studio.add_tasks(inbox, new(1, 2)) == 2
    assert keys(server) == ["k.1", "k.2"]
    assert server.asked("POST", "import") == 1


def test_an_import_that_did_not_arrive_is_raised_and_the_next_call_goes_on(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    server.fault = lambda request: httpx.Response(503) if "import" in request.url.path else None
    with pytest.raises(StudioUnavailableError):
        studio.add_tasks(inbox, new(*range(300)))
    assert server.asked("POST", "import") == 1
    server.fault = lambda _request: None
    assert studio.add_tasks(inbox, new(*range(300))) == 300


def test_a_refused_import_says_what_the_server_objects_to(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    refusal = {"detail": "Validation error", "validation_errors": {"data": ["image is missing"]}}
    server.fault = lambda request: (
        httpx.Response(400, json=refusal) if "import" in request.url.path else None
    )
    with pytest.raises(StudioError, match="image is missing") as caught:
        studio.add_tasks(inbox, new(1))
    assert not isinstance(caught.value, StudioUnavailableError)


def test_surplus_copies_are_deleted_and_the_first_stays(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    first, _copy = (server.add_task(inbox, {"asset_key": "k.1"}) for _ in range(2))
    assert studio.add_tasks(inbox, new(1)) == 0
    assert list(server.tasks) == [first]
    assert studio.task_ids(inbox) == {"k.1": first}


@pytest.mark.parametrize("half_saved", [False, True])
def test_of_copies_the_answered_one_stays(
    studio: Studio, server: FakeLabelStudio, inbox: int, half_saved: bool
) -> None:
    _first, answered = (server.add_task(inbox, {"asset_key": "k.1"}) for _ in range(2))
    server.add_annotation(answered, half_saved=half_saved)
    studio.add_tasks(inbox, new(1))
    assert list(server.tasks) == [answered]


def test_no_answered_copy_is_ever_deleted(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    for _ in range(2):
        server.add_annotation(server.add_task(inbox, {"asset_key": "k.1"}), skipped=True)
    studio.add_tasks(inbox, new(1))
    assert len(server.tasks) == 2


def test_tasks_made_by_hand_have_no_key_and_are_left_alone(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    server.add_task(inbox, {"image": "x"})
    studio.add_tasks(inbox, new(1))
    assert list(studio.task_ids(inbox)) == ["k.1"]
    assert len(server.tasks) == 2


def test_only_what_nobody_answered_is_taken_out_of_an_inbox(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    studio.add_tasks(inbox, new(1, 2, 3, 4))
    ids = studio.task_ids(inbox)
    server.add_annotation(ids["k.1"])
    server.add_annotation(ids["k.2"], skipped=True)
    assert studio.remove_unanswered(inbox, ["k.1", "k.2", "k.3", "never there"]) == 1
    assert keys(server) == ["k.1", "k.2", "k.4"]
    assert studio.remove_unanswered(inbox, ["k.1", "k.2", "k.3"]) == 0
    assert studio.remove_unanswered(inbox, []) == 0


def test_an_answer_given_between_the_look_and_the_deletion_stays(
    studio: Studio, server: FakeLabelStudio, inbox: int
) -> None:
    studio.add_tasks(inbox, new(1, 2))
    task_id = studio.task_ids(inbox)["k.1"]

    def answered_meanwhile(request: httpx.Request) -> httpx.Response | None:
        if "dm/actions" in request.url.path:
            server.add_annotation(task_id)
        return None

    server.fault = answered_meanwhile
    assert studio.remove_unanswered(inbox, ["k.1", "k.2"]) == 1
    assert keys(server) == ["k.1"]
