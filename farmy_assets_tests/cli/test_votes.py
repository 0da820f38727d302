"""farmy votes and farmy studio: what people see, and what scripts read."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from farmy_assets.cli.main import app
from farmy_assets_tests.defs.inboxes_in_memory import NAME, InboxesInMemory
from farmy_assets_tests.workflow.test_evaluation import BATCHES, IMAGES

FIRST, SECOND = IMAGES[BATCHES[0]][:2]
Farmy = Callable[..., Result]


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    """Anna has answered, edited and skipped; ben has answered and deleted."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    made = InboxesInMemory()
    for module in ("votes", "studio"):
        monkeypatch.setattr(f"farmy_assets.cli.{module}.open_lake", lambda: made.lake)
        monkeypatch.setattr(f"farmy_assets.cli.{module}.open_studio", lambda: made.studio)
    made.place(BATCHES[0])
    made.answer("anna", FIRST)
    made.answer("anna", SECOND, skipped=True)
    made.answer("ben", FIRST)
    made.copy()
    made.edit("anna", FIRST, x=50)
    made.delete("ben", FIRST)
    made.copy()
    return made


@pytest.fixture
def farmy(inboxes: InboxesInMemory) -> Farmy:
    del inboxes
    return lambda *arguments, **given: CliRunner().invoke(app, list(arguments), **given)


def test_the_history_of_an_image_shows_every_answer_and_which_counts(farmy: Farmy) -> None:
    lines = farmy("votes", "list", FIRST).stdout.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["no", "no", "yes", "no"]
    assert "annotation of anna" in lines[1]
    assert "1 weed" in lines[1]
    assert "withdrawn" in lines[4]


def test_the_history_as_json_holds_the_whole_votes(farmy: Farmy) -> None:
    found = [
        json.loads(line) for line in farmy("votes", "list", FIRST, "--json").stdout.splitlines()
    ]
    assert [vote["person"] for vote in found] == ["anna", "ben", "anna", "ben"]
    assert {vote["campaign_version"] for vote in found} == {1}
    assert [vote["is_current"] for vote in found] == [False, False, True, False]
    assert found[0]["regions"] != found[2]["regions"]


def test_an_image_without_votes_and_a_campaign_that_is_not_there_are_told(farmy: Farmy) -> None:
    nothing = farmy("votes", "list", "image-9")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "no vote on image image-9" in nothing.stderr
    unknown = farmy("votes", "list", FIRST, "--campaign", "weds")
    assert unknown.exit_code == 1
    assert NAME in unknown.stderr


def test_restoring_shows_first_and_asks(farmy: Farmy, inboxes: InboxesInMemory) -> None:
    nothing = farmy("votes", "restore", NAME)
    assert "every recorded answer that was asked for is in Label Studio" in nothing.stderr
    looked = farmy("votes", "restore", NAME, "--deleted", "--dry-run")
    assert "deleted 2026-01-01" in looked.stdout
    before = len(inboxes.server.annotations)
    refused = farmy("votes", "restore", NAME, "--deleted", input="n\n")
    assert refused.exit_code == 1
    assert "--yes does it without asking" in refused.stderr
    assert len(inboxes.server.annotations) == before
    done = farmy("votes", "restore", NAME, "--deleted", input="y\n")
    assert (done.exit_code, len(inboxes.server.annotations)) == (0, before + 1)
    assert "1 answer put back" in done.stderr


def test_a_vote_is_restored_by_its_id_for_scripts(farmy: Farmy, inboxes: InboxesInMemory) -> None:
    listed = farmy("votes", "list", FIRST, "--json").stdout.splitlines()
    vote_id = json.loads(listed[1])["vote_id"]
    told = farmy("votes", "restore", NAME, "--vote", vote_id, "--yes", "--json")
    (found,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert (found["vote_id"], found["author"], found["problem"]) == (vote_id, "ben", "")
    assert inboxes.copy().new_votes == 1


def test_the_comparison_is_a_table_of_what_differs(farmy: Farmy, inboxes: InboxesInMemory) -> None:
    same = farmy("studio", "reconcile")
    assert same.stdout == ""
    assert "2 inboxes with 6 tasks compared: no difference" in same.stderr
    del inboxes.server.tasks[inboxes.tasks("ben")[SECOND]["id"]]
    looked = farmy("studio", "reconcile", "--dry-run")
    assert "tasks missing" in looked.stdout
    assert SECOND not in inboxes.tasks("ben")
    told = farmy("studio", "reconcile", "--campaign", NAME, "--json")
    (found,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert found["healed"] == {"tasks_missing": 1}
    assert SECOND in inboxes.tasks("ben")


def test_lost_answers_come_with_the_command_that_puts_them_back(
    farmy: Farmy, inboxes: InboxesInMemory
) -> None:
    del inboxes.server.tasks[inboxes.tasks("anna")[FIRST]["id"]]
    told = farmy("studio", "reconcile")
    assert "1 answer is recorded, gone in Label Studio" in told.stderr
    assert "farmy votes restore" in told.stderr
