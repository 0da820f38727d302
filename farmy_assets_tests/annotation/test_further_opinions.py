"""One person more for an image: after a skip, and where two disagree."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.further_opinions import (
    further_assignments,
    needs_further_opinion,
    skipped_by,
)
from farmy_assets.annotation.image_facts import ImageFacts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.sharing_counters import counted
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    assignment,
    box,
    campaign,
    person,
    vote,
)


def rules(*names: str, **changes: object) -> Campaign:
    base = campaign(annotators=[person(name) for name in names or ("anna", "ben", "dan", "eva")])
    return Campaign.model_validate(base.model_dump() | {"third_opinion": True} | changes)


def skip(name: str) -> Vote:
    return vote(name, vote_id=f"skip of {name}", outcome=Outcome.SKIPPED)


def evaluated(now: Campaign, *votes: Vote, asked: tuple[Assignment, ...] = ()) -> EvaluatedImage:
    """An image that those were asked about who answered, or those that are named."""
    given_out = asked or tuple(assignment(each.voter) for each in votes)
    kept = KeptImage(image_id=IMAGE, sha256="0" * 64, width_px=800, height_px=600)
    return EvaluatedImage(image_id=IMAGE, image=kept, assignments=given_out, votes=votes).judged(
        now
    )


def further(now: Campaign, image: EvaluatedImage, **about: object) -> tuple[Assignment, ...]:
    load = Counter({"dan": 5, "eva": 2})
    members = Membership([now])
    return further_assignments([image], campaign=now, load=load, members=members, **about)  # type: ignore[arg-type]


def test_what_two_disagree_about_goes_to_the_least_busy_third_one() -> None:
    now = rules()
    image = evaluated(now, vote("anna", box(0, 0)), vote("ben"))
    assert needs_further_opinion(image, now)
    (new,) = further(now, image)
    assert (new.person, new.replaces, new.task_key) == ("eva", None, IMAGE)
    third = evaluated(now, *image.votes, asked=(*image.assignments, new))
    assert third.consensus is not None
    assert third.consensus.status is ConsensusStatus.WAITING
    assert further(now, third) == ()


def test_a_third_opinion_comes_once() -> None:
    now = rules()
    three = evaluated(now, vote("anna", box(0, 0)), vote("ben"), vote("eva", box(300, 300)))
    assert not needs_further_opinion(three, now)
    assert further(now, three) == ()


def test_nobody_is_asked_where_two_agree_where_the_file_does_not_say_so_or_nobody_is_left() -> None:
    now = rules()
    agreed = evaluated(now, vote("anna"), vote("ben"))
    disputed = (vote("anna", box(0, 0)), vote("ben"))
    assert not needs_further_opinion(agreed, now)
    assert not needs_further_opinion(evaluated(now, *disputed), rules(third_opinion=False))
    paused = [person("anna"), person("ben"), *(_paused(n) for n in ("dan", "eva"))]
    nobody = rules(annotators=paused)
    assert not needs_further_opinion(evaluated(nobody, *disputed), nobody)
    assert further(nobody, evaluated(nobody, *disputed)) == ()


def _paused(name: str) -> Person:
    return person(name).model_copy(update={"paused": True})


def test_what_the_adjudicator_was_asked_already_stays_there() -> None:
    now = rules()
    image = evaluated(now, vote("anna", box(0, 0)), vote("ben"))
    asked = assignment("cara").model_copy(update={"phase": Phase.ADJUDICATION, "task_key": "k"})
    given_over = image.model_copy(update={"adjudication": (asked,)})
    assert not needs_further_opinion(given_over, now)


def test_a_skipped_image_goes_to_another_person_whose_answer_then_counts_alone() -> None:
    now = rules(third_opinion=False)
    image = evaluated(now, skip("anna"))
    assert skipped_by(image) == "anna"
    (new,) = further(now, image)
    assert (new.person, new.replaces) == ("ben", "anna")
    both = (*image.assignments, new)
    waiting = evaluated(now, skip("anna"), asked=both)
    assert waiting.consensus is not None
    assert waiting.consensus.waiting_for == ("ben",)
    answered = evaluated(now, skip("anna"), vote("ben", box(0, 0)), asked=both)
    assert answered.consensus is not None
    assert (answered.consensus.status, answered.consensus.people) == (
        ConsensusStatus.SINGLE, ("ben",),
    )  # fmt: skip
    again = evaluated(now, skip("anna"), skip("ben"), asked=both)
    assert again.consensus is not None
    assert again.consensus.status is ConsensusStatus.IN_CONFLICT  # the adjudicator's, as before
    assert skipped_by(again) is None
    assert further(now, again) == ()


def test_of_two_readers_the_one_who_skipped_is_replaced_and_two_skips_are_for_the_adjudicator() -> (
    None
):
    now = rules(third_opinion=False)
    (new,) = further(now, evaluated(now, skip("anna"), vote("ben", box(0, 0))))
    assert (new.person, new.replaces) == ("eva", "anna")
    assert further(now, evaluated(now, skip("anna"), skip("ben"))) == ()


def test_where_who_replaced_and_the_other_disagree_a_third_is_asked() -> None:
    now = rules()
    first = evaluated(now, skip("anna"), vote("ben", box(0, 0)))
    (new,) = further(now, first)
    after = evaluated(now, *first.votes, vote("eva", box(300, 0)), asked=(*first.assignments, new))
    assert needs_further_opinion(after, now)
    (third,) = further(now, after)
    assert (third.person, third.replaces) == ("dan", None)


def test_a_skip_of_what_nobody_else_has_the_skill_for_goes_to_the_adjudicator() -> None:
    beet = [person(n).model_copy(update={"skills": ("beet",)}) for n in ("ben", "dan", "eva")]
    now = rules(annotators=[person("anna"), *beet])
    image = evaluated(now, skip("anna"))
    assert further(now, image) == ()
    assert len(further(now, image, facts={IMAGE: ImageFacts(frozenset({"beet"}))})) == 1


def test_who_was_replaced_is_no_second_reader_in_the_counters() -> None:
    new = assignment("ben").model_copy(update={"replaces": "anna"})
    tally = counted([[assignment("anna"), new]]).tally()
    assert (tally.images, tally.doubled, dict(tally.met)) == (1, 0, {})
    assert tally.tasks == {"anna": 1, "ben": 1}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["draw", "draw else", "skip"]), min_size=1, max_size=2), st.booleans()
)
def test_every_image_is_settled_or_with_the_adjudicator_after_two_further_people_at_most(
    answers: list[str], third: bool
) -> None:
    now = rules(third_opinion=third)
    names = ["anna", "ben"][: len(answers)]
    drawn = {"draw": box(0, 0), "draw else": box(300, 300)}
    votes = [
        skip(name) if what == "skip" else vote(name, drawn[what])
        for name, what in zip(names, answers, strict=True)
    ]
    image = evaluated(now, *votes)
    rounds = 0
    while new := further(now, image):
        rounds += 1
        who = new[0].person
        assert who not in {each.person for each in image.assignments}
        image = evaluated(
            now, *image.votes, skip(who) if rounds == 1 else vote(who, box(0, 0)),
            asked=(*image.assignments, *new),
        )  # fmt: skip
    assert rounds <= 2
    assert image.consensus is not None
    assert image.consensus.status is not ConsensusStatus.WAITING
