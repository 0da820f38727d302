"""Copying and evaluating, killed at any request while votes come in: as if nothing had happened."""

import random
from collections.abc import Callable

import httpx
import pytest

from farmy_assets.annotation.votes import current_votes
from farmy_assets.lake import keys
from farmy_assets.lake.evaluations import EvaluationSummary
from farmy_assets_tests.defs.inboxes_in_memory import NAME, PEOPLE, InboxesInMemory
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow import test_evaluation as records

BATCH = records.BATCHES[0]
IMAGE_IDS = [f"image-{number:03d}" for number in range(110)]
MADE_BY_RUNS = ("votes/", "submissions/", "evaluations/", "copied/")
ROUNDS = 200


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    monkeypatch.setitem(records.IMAGES, BATCH, IMAGE_IDS)
    made = InboxesInMemory()
    made.place(BATCH)
    return made


class Killer:
    """Ends a pass at one of its requests, before or after the server has done what was asked."""

    def __init__(self, inboxes: InboxesInMemory) -> None:
        self._server, self._left = inboxes.server, -1
        self._does_it_first = False
        self.kills = 0
        inboxes.bucket.before_request.append(self._count)
        inboxes.server.fault = self._fault

    def arm(self, after: int, *, does_it_first: bool) -> None:
        """Kill the next pass at its request with this number; -1 lets it be."""
        self._left, self._does_it_first = after, does_it_first

    def _count(self) -> None:
        if self._left == 0:
            self._left = -1
            self.kills += 1
            raise Killed
        self._left -= self._left > 0

    def _fault(self, request: httpx.Request) -> httpx.Response | None:
        if self._left == 0 and self._does_it_first:
            self._server.answer(request)
        self._count()
        return None


def run_rounds(
    inboxes: InboxesInMemory, rounds: int, come_in: Callable[[random.Random], None], *, seed: int
) -> int:
    """Let votes come in, round after round, and kill most of the passes; how many were killed."""
    chance, killer = random.Random(seed), Killer(inboxes)
    for _ in range(rounds):
        come_in(chance)
        killer.arm(chance.randrange(45), does_it_first=chance.random() < 0.5)
        try:
            inboxes.copy()
        except Killed:
            continue
        finally:
            killer.arm(-1, does_it_first=False)
    inboxes.copy()
    return killer.kills


def undisturbed(inboxes: InboxesInMemory) -> InboxesInMemory:
    """One pass over the same Label Studio, on a lake where nothing was copied before."""
    bucket = BucketInMemory()
    bucket.objects |= {
        key: content
        for key, content in inboxes.bucket.objects.items()
        if not key.startswith(MADE_BY_RUNS)
    }
    fresh = InboxesInMemory.__new__(InboxesInMemory)
    fresh.__dict__ |= inboxes.__dict__ | {"bucket": bucket, "lake": lake_in_memory(bucket)}
    fresh.copy()
    return fresh


def pages(inboxes: InboxesInMemory) -> dict[str, bytes]:
    """The pages of the evaluation by their names; a layout's own name is drawn by chance."""
    inputs, _ = inboxes.lake.evaluations.inputs(NAME)
    assert inputs
    prefix = keys.evaluation_pages(NAME, inputs.layout)
    found = {
        key.removeprefix(prefix): content
        for key, content in inboxes.bucket.objects.items()
        if key.startswith(prefix)
    }
    assert set(found) == {f"{name}.jsonl" for name in inputs.pages}
    return found


def summary(inboxes: InboxesInMemory) -> EvaluationSummary:
    found = inboxes.lake.evaluations.summary(NAME)
    assert found
    return found.model_copy(update={"layout": ""})


def votes(inboxes: InboxesInMemory) -> list[bytes]:
    return [vote.to_json() for vote in inboxes.lake.votes.all(NAME)]


def test_after_200_rounds_of_kills_everything_is_byte_for_byte_as_after_one_undisturbed_pass(
    inboxes: InboxesInMemory,
) -> None:
    waiting = [(person, image_id) for image_id in IMAGE_IDS for person in PEOPLE]
    random.Random(7).shuffle(waiting)

    def answer(chance: random.Random) -> None:
        person, image_id = waiting.pop()
        inboxes.answer(
            person, image_id, x=chance.choice((10, 11, 60)), skipped=not len(waiting) % 9
        )

    kills = run_rounds(inboxes, ROUNDS, answer, seed=1)
    assert kills > ROUNDS // 2
    one_pass = undisturbed(inboxes)
    assert len(votes(inboxes)) == ROUNDS
    assert votes(inboxes) == votes(one_pass)
    assert pages(inboxes) == pages(one_pass)
    assert summary(inboxes) == summary(one_pass)
    all_votes = inboxes.lake.votes.all(NAME)
    submissions = inboxes.lake.submissions.find(NAME, all_votes)
    assert len(submissions) == ROUNDS
    assert submissions == one_pass.lake.submissions.find(NAME, all_votes)
    logged = [
        line
        for key, content in inboxes.bucket.objects.items()
        if key.startswith(f"votes/{NAME}/log/")
        for line in content.splitlines()
    ]
    assert len(logged) == ROUNDS, "a vote was copied twice"


def test_with_edits_and_deletions_coming_in_what_counts_is_as_after_one_undisturbed_pass(
    inboxes: InboxesInMemory,
) -> None:
    answered: list[tuple[str, str]] = []

    def change(chance: random.Random) -> None:
        person, image_id = chance.choice(PEOPLE), chance.choice(IMAGE_IDS[:8])
        if (person, image_id) not in answered:
            inboxes.answer(person, image_id, x=chance.randrange(60))
            answered.append((person, image_id))
        elif chance.random() < 0.6:
            inboxes.edit(person, image_id, x=chance.randrange(60))
        else:
            inboxes.delete(person, image_id)
            answered.remove((person, image_id))

    assert run_rounds(inboxes, 60, change, seed=2) > 20
    one_pass = undisturbed(inboxes)

    def counts(found: InboxesInMemory) -> set[str]:
        return {vote.vote_id for vote in current_votes(found.lake.votes.all(NAME))}

    assert len(counts(inboxes)) == len(answered)
    assert counts(inboxes) == counts(one_pass)
    judged = [found.lake.evaluations.current(NAME) for found in (inboxes, one_pass)]
    assert judged[0]
    assert judged[1]
    assert judged[0].judgements == judged[1].judgements
