from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import review_of
from farmy_assets.annotation.inboxes import Phase, inboxes_of
from farmy_assets.annotation.membership import Membership, reviewer_for
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.annotation.reviews import (
    Reopening,
    ReviewFacts,
    ReviewResult,
    SampleCounts,
    SampledImage,
    by_person,
    counted_as,
    draw_samples,
    review_results,
    review_rows,
)
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    NOON,
    assignment,
    box,
    campaign,
    minutes,
    person,
    vote,
)

ANNA = vote("anna", box(0, 0))
BEN = vote("ben", box(0, 0))
FILE = """
name: weeds-2026
crop: maize
classes: [{id: 1, name: weed}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: cara, email: cara@example.com}
"""


def rules(share: float = 0.25, *reviewers: str) -> Campaign:
    changes = {
        "review": ReviewPolicy(share=share),
        "reviewers": tuple(person(name) for name in reviewers),
    }
    return campaign().model_copy(update=changes)


def judge(
    *votes: Vote, by: Campaign | None = None, facts: ReviewFacts | None = None
) -> ImageConsensus:
    asked = [assignment(v.inbox_person) for v in votes if v.phase is Phase.ANNOTATION]
    return judge_image(IMAGE, assignments=asked, votes=votes, campaign=by or rules(), review=facts)


def decided(judgement: ImageConsensus, decision: Decision, **changes: object) -> Vote:
    fields: dict[str, object] = {
        "vote_id": f"decided {decision.choice}", "phase": Phase.REVIEW,
        "task_key": judgement.adjudication_task_key, "submitted_at": minutes(30),
        "decision": decision,
    }  # fmt: skip
    return vote("cara", **fields | changes)


def accepted(judgement: ImageConsensus, **changes: object) -> Vote:
    return decided(judgement, Decision(kind=DecisionKind.VERSION, version="A"), **changes)


@given(st.lists(st.integers(0, 30), max_size=8), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))
def test_the_share_of_each_person_is_exact_over_any_number_of_draws(
    sizes: list[int], share: float
) -> None:
    counts, seen = SampleCounts(), Counter[str]()
    for number, size in enumerate(sizes):
        images = {f"{number}-{i}": ("anna", "ben")[i % 3 == 0] for i in range(size)}
        found = draw_samples(images, campaign=rules(share), counts=counts)
        assert {each.image_id for each in found} == images.keys()
        counts = counts.added(share, found)
        seen.update(images.values())
    for name, count in seen.items():
        assert counts.drawn[name] == count
        assert counts.chosen[name] == pytest.approx(share * count, abs=1)


def test_a_draw_depends_on_nothing_but_the_images_and_what_was_drawn_before() -> None:
    images = {f"image-{i}": "anna" for i in range(20)}
    found = draw_samples(images, campaign=rules(), counts=SampleCounts())
    backwards = dict(reversed(images.items()))
    assert draw_samples(backwards, campaign=rules(), counts=SampleCounts()) == found
    assert [s.is_chosen for s in found] != sorted(s.is_chosen for s in found)


def test_another_share_is_exact_from_its_first_draw_on() -> None:
    before = SampleCounts().added(
        0.0, [SampledImage(image_id=str(i), person="anna", is_chosen=False) for i in range(100)]
    )
    images = {f"image-{i}": "anna" for i in range(10)}
    found = draw_samples(images, campaign=rules(0.5), counts=before)
    assert sum(each.is_chosen for each in found) == 5
    assert before.added(0.5, found).drawn == {"anna": 10}


def test_what_one_person_drew_waits_for_the_draw_and_if_chosen_for_a_review() -> None:
    assert judge(ANNA).status is ConsensusStatus.IN_REVIEW
    assert judge(ANNA, facts=ReviewFacts(is_chosen=False)).status is ConsensusStatus.SINGLE
    chosen = ReviewFacts(is_chosen=True)
    waiting = judge(ANNA, facts=chosen)
    assert waiting.status is ConsensusStatus.IN_REVIEW
    assert not waiting.status.is_settled
    found = judge(ANNA, accepted(waiting), facts=chosen)
    assert (found.status, found.regions) == (ConsensusStatus.ADJUDICATED, ANNA.regions)
    assert found.decided_by == "cara"
    assert found.settled_as == ()


def test_nothing_is_reviewed_without_a_share_nor_where_two_agree() -> None:
    chosen = ReviewFacts(is_chosen=True)
    assert judge(ANNA, by=campaign(), facts=chosen).status is ConsensusStatus.SINGLE
    assert judge(ANNA, BEN, facts=chosen).status is ConsensusStatus.AGREED


def test_an_answer_that_is_edited_after_its_review_is_reviewed_again() -> None:
    chosen = ReviewFacts(is_chosen=True)
    review = accepted(judge(ANNA, facts=chosen))
    edited = vote("anna", box(50, 50), submitted_at=minutes(60))
    assert judge(ANNA, review, edited, facts=chosen).status is ConsensusStatus.IN_REVIEW


def test_a_reopened_image_is_settled_by_a_new_decision_alone() -> None:
    agreed = judge(ANNA, BEN, by=campaign())
    assert agreed.status is ConsensusStatus.AGREED
    facts = ReviewFacts((_reopening(ANNA, BEN),))
    found = judge(ANNA, BEN, by=campaign(), facts=facts)
    assert (found.status, found.notes) == (ConsensusStatus.IN_REVIEW, ("reopened: too large",))
    nothing = decided(found, Decision(kind=DecisionKind.NOTHING), phase=Phase.ADJUDICATION)
    settled = judge(ANNA, BEN, nothing, by=campaign(), facts=facts)
    assert (settled.status, settled.regions) == (ConsensusStatus.ADJUDICATED, ())

    once_more = ReviewFacts((*facts.reopenings, _reopening(ANNA, BEN, nothing)))
    again = judge(ANNA, BEN, nothing, by=campaign(), facts=once_more)
    assert again.status is ConsensusStatus.IN_REVIEW
    assert again.adjudication_task_key != found.adjudication_task_key
    assert again.conflicts == ()
    edited = nothing.model_copy(update={"vote_id": "edited", "submitted_at": minutes(90)})
    assert judge(ANNA, BEN, nothing, edited, by=campaign(), facts=once_more).status is (
        ConsensusStatus.ADJUDICATED
    )


def _reopening(*known: Vote) -> Reopening:
    ids = tuple(each.vote_id for each in known)
    return Reopening(image_id=IMAGE, reason="too large", known=ids, reopened_at=NOON)


def test_nobody_reviews_own_work_and_the_adjudicator_does_where_no_reviewer_can() -> None:
    by = rules(0.5, "anna", "emil")
    members = Membership([by])
    found = {
        name: {
            reviewer.name
            for number in range(40)
            if (reviewer := reviewer_for(f"i{number}", [name], campaign=by, members=members))
        }
        for name in ("anna", "ben")
    }
    assert found == {"anna": {"emil"}, "ben": {"anna", "emil"}}
    alone = rules(0.5, "anna")
    reviewer = reviewer_for(IMAGE, ["anna"], campaign=alone, members=Membership([alone]))
    assert reviewer is not None
    assert reviewer.name == "cara"
    nobody = reviewer_for(IMAGE, ["anna", "cara"], campaign=alone, members=Membership([alone]))
    assert nobody is None


def test_whoever_was_asked_for_a_review_keeps_it_while_he_or_she_reviews() -> None:
    chosen = SampledImage(image_id=IMAGE, person="anna", is_chosen=True)
    image = EvaluatedImage(
        image_id=IMAGE, votes=(ANNA,), sampled=chosen,
        consensus=judge(ANNA, facts=ReviewFacts(is_chosen=True)),
    )  # fmt: skip
    few, many = rules(0.5, "emil"), rules(0.5, "emil", "fay", "gus", "hal")
    given_to = review_of(image, few, Membership([few]))
    assert given_to is not None
    asked = image.model_copy(update={"adjudication": (given_to,)})
    assert review_of(asked, many, Membership([few, many])) == given_to
    others = rules(0.5, "fay")
    now = review_of(asked, others, Membership([few, others]))
    assert now is not None
    assert (now.person, now.task_key) == ("fay", given_to.task_key)


def test_reviews_are_counted_by_what_they_came_to() -> None:
    waiting = judge(ANNA, facts=ReviewFacts(is_chosen=True))
    assert review_results([ANNA, accepted(waiting)]) == [ReviewResult.ACCEPTED]
    assert review_results([accepted(waiting, phase=Phase.ADJUDICATION)]) == []
    assert review_results([accepted(waiting, problems=("odd",))]) == []
    assert review_results([accepted(waiting, outcome=Outcome.SKIPPED)]) == [ReviewResult.LEFT_OUT]
    counts = {
        counted_as("anna", ReviewResult.ACCEPTED): 3, counted_as("anna", ReviewResult.REJECTED): 1,
    }  # fmt: skip
    (row,) = review_rows(by_person(counts))
    assert row == {
        "annotator": "anna", "reviews": 4, "accepted": "3 (75 %)", "edited": "0 (0 %)",
        "rejected": "1 (25 %)", "left out": "0 (0 %)",
    }  # fmt: skip


def test_a_campaign_file_says_rounds_share_and_reviewers() -> None:
    found = parse_campaign(
        FILE + "review: {rounds: 1, share: 0.1}\nreviewers: [{name: emil, email: e@example.com}]\n"
    )
    assert (found.rounds, found.review_share) == (1, 0.1)
    keys = {inbox.key for inbox in inboxes_of(found)}
    assert "farmy:weeds-2026/correction/anna" in keys
    assert {k for k in keys if "/review/" in k} == {
        "farmy:weeds-2026/review/emil", "farmy:weeds-2026/review/cara",
    }  # fmt: skip
    plain = parse_campaign(FILE)
    assert (plain.rounds, plain.review_share, plain.people_for_review) == (0, 0.0, ())
    assert parse_campaign(FILE + "review: {}\n").rounds == 2
    assert len(inboxes_of(plain)) == 3


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("review: {share: 1.5}", "review.share"),
        ("review: {rounds: -1}", "review.rounds"),
        ("review: {round: 1}", "review.round"),
        ("reviewers: [{name: anna, email: other@example.com}]", "the name or the email of anna"),
        ("reviewers: [{name: eve, email: cara@example.com}]", "the name or the email of cara"),
    ],
)
def test_a_campaign_file_with_contradicting_rules_is_refused(more: str, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        parse_campaign(f"{FILE}{more}\n")


def test_without_reviews_an_evaluated_image_is_stored_as_it_was_and_older_lines_are_read() -> None:
    image = EvaluatedImage(
        image_id=IMAGE, assignments=(assignment("anna"),), votes=(ANNA,),
        consensus=judge(ANNA, by=campaign()),
    )  # fmt: skip
    line = image.to_line()
    for added in (b"reopenings", b"sampled", b"notes", b"sent_back", b"reason", b"places"):
        assert added not in line
    assert EvaluatedImage.model_validate_json(line) == image
    of_then = Decision.model_validate_json('{"kind":"version","version":"A"}')
    assert of_then == Decision(kind=DecisionKind.VERSION, version="A")
