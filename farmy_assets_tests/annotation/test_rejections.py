from typing import Any

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import correction_of, is_to_hand_over, needless_requests
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.rejections import (
    correction_key,
    image_id_of_correction,
    letters_to_send_back,
    round_of,
)
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.annotation.versions import versions_of
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    assignment,
    box,
    campaign,
    minutes,
    person,
    vote,
)

ANNA = vote("anna", box(0, 0, label="crop"))
BEN = vote("ben", box(0, 0, label="weed"))


def rules(*names: str, rounds: int = 2) -> Campaign:
    people = [person(name) for name in names or ("anna", "ben")]
    return campaign(annotators=people).model_copy(update={"review": ReviewPolicy(rounds=rounds)})


def judge(*votes: Vote, by: Campaign | None = None) -> ImageConsensus:
    asked = [assignment(name) for name in ("anna", "ben")]
    return judge_image(IMAGE, assignments=asked, votes=votes, campaign=by or rules())


def send_back(name: str, *votes: Vote, at: float = 30, **changes: object) -> Vote:
    """The adjudicator sends somebody's version back, of the judgement of these votes."""
    judgement = judge(*votes)
    judged = [v for v in votes if v.vote_id in judgement.vote_ids]
    letter = next(k for k, v in versions_of(judged).items() if v.person == name)
    fields: dict[str, Any] = {
        "vote_id": f"sent back to {name} at {at}",
        "phase": Phase.ADJUDICATION,
        "task_key": judgement.adjudication_task_key,
        "submitted_at": minutes(at),
        "decision": Decision(kind=DecisionKind.SEND_BACK, version=letter, reason="look again"),
    }
    return vote("cara", **fields | changes)


def corrected(name: str, *boxes: Box, round_number: int = 1, **changes: object) -> Vote:
    fields: dict[str, Any] = {
        "phase": Phase.CORRECTION,
        "vote_id": f"corrected by {name} {round_number}",
        "task_key": correction_key(IMAGE, name, round_number),
        "submitted_at": minutes(40 + round_number),
    }
    return vote(name, *boxes, **fields | changes)


@pytest.mark.parametrize("image_id", [IMAGE, "0a1b-2c3d", "odd.image.again1"])
def test_the_key_of_a_correction_tells_image_and_round(image_id: str) -> None:
    key = correction_key(image_id, "anna-2", 3)
    assert (image_id_of_correction(key), round_of(key)) == (image_id, 3)
    assert (image_id_of_correction(IMAGE), round_of(IMAGE)) == ("", 0)
    assert correction_key(image_id, "anna", 1) != correction_key(image_id, "ben", 1)


def test_an_image_that_was_sent_back_waits_for_its_annotator_alone() -> None:
    found = judge(ANNA, BEN, send_back("anna", ANNA, BEN))
    assert (found.status, found.waiting_for) == (ConsensusStatus.WAITING, ("anna",))
    assert found.sent_back is not None
    assert found.sent_back.task_key == correction_key(IMAGE, "anna", 1)
    assert found.sent_back.answer_vote_id == ANNA.vote_id


def test_the_corrected_answer_counts_whatever_is_edited_in_the_first_task_later() -> None:
    back = send_back("anna", ANNA, BEN)
    right = corrected("anna", box(0, 0, label="weed"))
    assert judge(ANNA, BEN, back, right).status is ConsensusStatus.AGREED
    later = vote("anna", box(300, 300), submitted_at=minutes(90))
    assert judge(ANNA, BEN, back, right, later).status is ConsensusStatus.AGREED


def test_a_correction_that_is_withdrawn_is_waited_for_again() -> None:
    back, right = send_back("anna", ANNA, BEN), corrected("anna", box(0, 0, label="weed"))
    gone = right.model_copy(
        update={"vote_id": "gone", "outcome": Outcome.WITHDRAWN, "submitted_at": minutes(60)}
    )
    found = judge(ANNA, BEN, back, right, gone)
    assert (found.status, found.waiting_for) == (ConsensusStatus.WAITING, ("anna",))


def test_a_skipped_answer_can_be_sent_back_and_the_adjudicators_own_cannot() -> None:
    skipped = vote("anna", outcome=Outcome.SKIPPED)
    assert judge(skipped, BEN, send_back("anna", skipped, BEN)).waiting_for == ("anna",)
    own = vote("cara", phase=Phase.ADJUDICATION)
    letters = letters_to_send_back([skipped, BEN, own], rules())
    people = {versions_of([skipped, BEN, own])[letter].person for letter in letters}
    assert people == {"anna", "ben"}


def test_after_the_last_round_another_decision_is_asked_for() -> None:
    votes = [ANNA, BEN]
    for number in (1, 2):
        votes.append(send_back("anna", *votes, at=number * 40))
        wrong = box(0, 0, 100 + number, label="crop")
        votes.append(
            corrected("anna", wrong, round_number=number, submitted_at=minutes(number * 40 + 1))
        )
    found = judge(*votes)
    judged = [v for v in votes if v.vote_id in found.vote_ids]
    assert letters_to_send_back(judged, rules()) == ()
    asked = judge(*votes, send_back("anna", *votes, at=200))
    assert asked.status is ConsensusStatus.IN_CONFLICT
    assert asked.adjudication_task_key != found.adjudication_task_key
    assert "cannot be sent back any more" in " ".join(asked.notes)


def test_without_rounds_nothing_can_be_sent_back() -> None:
    assert letters_to_send_back([ANNA, BEN], campaign()) == ()
    found = judge(ANNA, BEN, send_back("anna", ANNA, BEN), by=rules(rounds=0))
    assert found.status is ConsensusStatus.IN_CONFLICT


def test_what_was_sent_back_to_somebody_who_left_is_asked_again_without_a_name() -> None:
    back = send_back("anna", ANNA, BEN)
    found = judge(ANNA, BEN, back, by=rules("ben", "eva"))
    assert found.status is ConsensusStatus.IN_CONFLICT
    assert back.vote_id in found.vote_ids
    assert "has left since" in " ".join(found.notes)
    assert "anna" not in " ".join(found.notes)
    # The next one is of another round, whoever gets it: no key means two things.
    second = send_back("ben", ANNA, BEN)
    letter = next(k for k, v in versions_of([ANNA, BEN, back]).items() if v.person == "ben")
    second = second.model_copy(
        update={
            "vote_id": "second",
            "task_key": found.adjudication_task_key,
            "decision": Decision(kind=DecisionKind.SEND_BACK, version=letter, reason="look"),
        }
    )
    again = judge(ANNA, BEN, back, second, by=rules("ben", "eva"))
    assert again.sent_back is not None
    assert again.sent_back.task_key == correction_key(IMAGE, "ben", 2)


def test_a_version_that_there_is_not_cannot_be_sent_back() -> None:
    odd = send_back(
        "anna", ANNA, BEN, decision=Decision(kind=DecisionKind.SEND_BACK, version="Z", reason="x")
    )
    found = judge(ANNA, BEN, odd)
    assert found.status is ConsensusStatus.IN_CONFLICT
    assert "no author to ask" in " ".join(found.notes)


def evaluated(*votes: Vote) -> EvaluatedImage:
    return EvaluatedImage(image_id=IMAGE, votes=votes, consensus=judge(*votes))


def test_a_correction_is_asked_for_once_and_taken_back_when_nobody_needs_it() -> None:
    back = send_back("anna", ANNA, BEN)
    image = evaluated(ANNA, BEN, back)
    wanted = correction_of(image)
    assert wanted is not None
    assert (wanted.phase, wanted.person) == (Phase.CORRECTION, "anna")
    assert is_to_hand_over(image, rules(), again=False)
    asked = image.model_copy(update={"adjudication": (wanted,)})
    assert not is_to_hand_over(asked, rules(), again=False)
    assert is_to_hand_over(asked, rules(), again=True)
    assert needless_requests(asked) == ()
    changed = back.model_copy(
        update={"vote_id": "changed", "submitted_at": minutes(50),
                "decision": Decision(kind=DecisionKind.NOTHING)}
    )  # fmt: skip
    settled = evaluated(ANNA, BEN, back, changed).model_copy(update={"adjudication": (wanted,)})
    assert needless_requests(settled) == (wanted,)
    answered = evaluated(ANNA, BEN, back, changed, corrected("anna", box(0, 0)))
    assert needless_requests(answered.model_copy(update={"adjudication": (wanted,)})) == ()
