"""Lost answers: found, shown, and put back once under the names of those who gave them."""

import httpx
import pytest

from farmy_assets.annotation.votes import Outcome, current_votes
from farmy_assets.defs.restored_votes import LostAnswers
from farmy_assets.errors import InvalidInputError, StudioUnavailableError
from farmy_assets.lake import keys
from farmy_assets.workflow.vote_history import WantedAnswers, history
from farmy_assets_tests.defs.inboxes_in_memory import NAME, InboxesInMemory
from farmy_assets_tests.workflow.test_evaluation import BATCHES, IMAGES

FIRST, SECOND = IMAGES[BATCHES[0]][:2]
EVERYTHING = WantedAnswers()


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    """Anna has drawn on one image and skipped another; both are copied."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    made = InboxesInMemory()
    made.place(BATCHES[0])
    made.answer("anna", FIRST)
    made.answer("anna", SECOND, skipped=True)
    made.copy()
    return made


def answers(inboxes: InboxesInMemory) -> LostAnswers:
    return LostAnswers(inboxes.lake, inboxes.studio, inboxes.rules)


def lose_everything(inboxes: InboxesInMemory) -> None:
    """Label Studio is set back to before the answers."""
    before = "2025-12-31T00:00:00.000000Z"
    inboxes.server.annotations.clear()
    for task in inboxes.server.tasks.values():
        task |= {"updated_at": before, "created_at": before, "updated_by": [], "counted": False}


def test_what_label_studio_holds_is_not_lost(inboxes: InboxesInMemory) -> None:
    assert answers(inboxes).find(EVERYTHING) == []
    assert answers(inboxes).find(WantedAnswers(image_ids=frozenset([FIRST]))) == []


def test_answers_lost_by_a_backup_come_back_word_for_word_and_are_not_recorded_twice(
    inboxes: InboxesInMemory,
) -> None:
    before = {a["task"]: a["result"] for a in inboxes.server.annotations.values()}
    votes = inboxes.lake.votes.all(NAME)
    lose_everything(inboxes)
    assert inboxes.copy().new_votes == 0
    lost = answers(inboxes).find(EVERYTHING)
    assert [each.answer.vote.image_id for each in lost] == [FIRST, SECOND]
    assert inboxes.server.annotations == {}  # looking changes nothing
    assert answers(inboxes).put_back(lost) == 2
    assert answers(inboxes).put_back(lost) == 0
    put_back = list(inboxes.server.annotations.values())
    assert {a["task"]: a["result"] for a in put_back} == before
    assert {a["completed_by"] for a in put_back} == {2}
    assert [a["was_cancelled"] for a in put_back] == [False, True]
    assert not any(a["ground_truth"] for a in put_back)
    assert inboxes.copy().new_votes == 0
    assert inboxes.lake.votes.all(NAME) == votes
    assert answers(inboxes).find(EVERYTHING) == []


def test_an_answer_whose_task_is_gone_comes_back_with_its_task(inboxes: InboxesInMemory) -> None:
    lose_everything(inboxes)
    inboxes.server.tasks.clear()
    lost = answers(inboxes).find(WantedAnswers(person="anna"))
    assert [each.task_id for each in lost] == [None, None]
    assert answers(inboxes).put_back(lost) == 2
    assert len(inboxes.server.tasks) == 2
    assert inboxes.copy().new_votes == 0
    assert len(current_votes(inboxes.lake.votes.all(NAME))) == 2


def test_what_an_author_deleted_comes_back_only_when_asked_for_and_counts_again(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.delete("anna", FIRST)
    assert inboxes.copy().new_votes == 1
    assert answers(inboxes).find(EVERYTHING) == []
    (lost,) = answers(inboxes).find(WantedAnswers(with_deleted=True))
    assert lost.answer.withdrawn
    (named,) = answers(inboxes).find(WantedAnswers(vote_ids=frozenset([lost.answer.vote.vote_id])))
    assert named == lost
    assert answers(inboxes).put_back([lost]) == 1
    assert inboxes.copy().new_votes == 1
    told = [(h.vote.outcome, h.is_current) for h in history(inboxes.lake, FIRST, campaigns=[NAME])]
    assert told == [
        (Outcome.SUBMITTED, False), (Outcome.WITHDRAWN, False), (Outcome.SUBMITTED, True),
    ]  # fmt: skip


def test_an_author_who_has_answered_again_keeps_the_new_answer(inboxes: InboxesInMemory) -> None:
    (vote,) = [v for v in inboxes.lake.votes.all(NAME) if v.image_id == FIRST]
    inboxes.delete("anna", FIRST)
    inboxes.answer("anna", FIRST, x=50)
    assert answers(inboxes).find(WantedAnswers(vote_ids=frozenset([vote.vote_id]))) == []


def test_a_lost_reply_puts_nothing_back_twice(inboxes: InboxesInMemory) -> None:
    lose_everything(inboxes)
    lost = answers(inboxes).find(EVERYTHING)

    def lose_the_reply(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and "annotations" in request.url.path:
            inboxes.server.answer(request)
            raise httpx.RemoteProtocolError("gone")
        return None

    inboxes.server.fault = lose_the_reply
    assert answers(inboxes).put_back(lost) == 2
    assert len(inboxes.server.annotations) == 2


def test_a_server_that_refuses_to_store_is_told_and_the_next_call_goes_on(
    inboxes: InboxesInMemory,
) -> None:
    lose_everything(inboxes)
    lost = answers(inboxes).find(EVERYTHING)
    inboxes.server.fault = lambda r: httpx.Response(500) if r.method == "POST" else None
    with pytest.raises(StudioUnavailableError, match="HTTP 500"):
        answers(inboxes).put_back(lost)
    inboxes.server.fault = lambda _request: None
    assert answers(inboxes).put_back(lost) == 2


def test_an_author_without_an_account_is_named_with_the_way_out(inboxes: InboxesInMemory) -> None:
    lose_everything(inboxes)
    lost = answers(inboxes).find(EVERYTHING)
    inboxes.server.users = [u for u in inboxes.server.users if u["id"] != 2]
    with pytest.raises(InvalidInputError, match="farmy people invite anna"):
        answers(inboxes).put_back(lost)


def test_what_nobody_is_asked_any_more_is_shown_with_the_reason(inboxes: InboxesInMemory) -> None:
    page = inboxes.lake.assignments.of_batch(NAME, BATCHES[0])
    assert page
    given = [a for a in page.assignments if (a.person, a.image_id) == ("anna", FIRST)]
    lose_everything(inboxes)
    inboxes.lake.assignments.move(page, given, [], book=lambda _, new: list(new))
    (gone, _) = answers(inboxes).find(EVERYTHING)
    assert gone.problem == "anna is not asked about it any more"
    assert answers(inboxes).put_back([gone]) == 0


def test_a_vote_of_an_older_version_is_put_back_as_it_was_understood(
    inboxes: InboxesInMemory,
) -> None:
    for key in list(inboxes.bucket.keys(keys.submissions(NAME))):
        inboxes.bucket.delete(key)
    lose_everything(inboxes)
    assert answers(inboxes).put_back(answers(inboxes).find(EVERYTHING)) == 2
    assert inboxes.copy().new_votes == 0


def test_what_nobody_could_read_is_kept_word_for_word(inboxes: InboxesInMemory) -> None:
    number = inboxes.answer("ben", FIRST)
    odd = [{"type": "rectanglelabels", "value": "scribble", "id": "r9"}]
    inboxes.server.annotations[number]["result"] = odd
    inboxes.copy()
    (vote,) = [v for v in inboxes.lake.votes.all(NAME) if v.person == "ben"]
    assert vote.problems
    (kept,) = inboxes.lake.submissions.find(NAME, [vote]).values()
    assert (list(kept.result), kept.annotation_id) == (odd, number)


def test_submissions_are_found_by_few_objects_among_many(inboxes: InboxesInMemory) -> None:
    for image_id in IMAGES[BATCHES[0]]:
        inboxes.answer("ben", image_id)
        inboxes.copy()
    inboxes.bucket.objects[keys.submissions(NAME, "a foreign object")] = b"?"
    votes = inboxes.lake.votes.all(NAME)
    found = inboxes.lake.submissions.find(NAME, votes)
    assert found.keys() == {vote.vote_id for vote in votes}
    read: list[str] = []
    get = inboxes.bucket.get

    def noted(key: str) -> bytes:
        read.append(key)
        return get(key)

    object.__setattr__(inboxes.bucket, "get", noted)
    assert len(inboxes.lake.submissions.find(NAME, votes[:1])) == 1
    assert len(read) == 1
