from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.membership import Membership, can_decide
from farmy_assets.annotation.reassignment import reassign, unanswered_by_former
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import (
    assignment,
    box,
    campaign,
    given_before,
    minutes,
    person,
    vote,
)
from farmy_assets_tests.annotation.test_consensus import judge


def images(count: int) -> list[str]:
    return [f"image-{n}" for n in range(count)]


def names(rules: Campaign) -> set[str]:
    return {one.name for one in rules.annotators}


def answer(given: Assignment, **changes: object) -> Vote:
    told = {"task_key": given.task_key, "image_id": given.image_id, **changes}
    return vote(given.person, box(0, 0), vote_id=f"{given.person} {given.image_id} {changes}",
                **told)  # fmt: skip


def moved(
    ledger: list[Assignment], before: Campaign, after: Campaign, votes: list[Vote]
) -> tuple[list[Assignment], tuple[Assignment, ...], tuple[Assignment, ...]]:
    """The ledger after somebody left, with what was taken back and what was given instead."""
    former = unanswered_by_former(ledger, people=names(after), votes=votes)
    staying = [given for given in ledger if given not in former]
    members = Membership([before, after])
    new = reassign(former, campaign=after, staying=staying, members=members)
    return [*staying, *new], former, new


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 5), st.integers(1, 4), st.integers(0, 40), st.floats(0, 1), st.randoms()
)  # fmt: skip
def test_everything_open_of_who_left_goes_to_others_and_work_stays_blind(
    people: int, leaving: int, count: int, overlap: float, random: object
) -> None:
    before = campaign(annotators=[person(f"p{n}") for n in range(people)], overlap_share=overlap)
    stay = max(people - leaving, 1)
    after = campaign(
        annotators=[person(f"p{n}") for n in range(stay)],
        overlap_share=overlap if stay > 1 else 0, version=2,
    )  # fmt: skip
    ledger = list(share_out(images(count), campaign=before, batch_id="b", earlier=given_before()))
    votes = [answer(given) for given in ledger if random.random() < 0.3]  # type: ignore[attr-defined]
    now, former, _ = moved(ledger, before, after, votes)
    answered = {(v.image_id, v.person) for v in votes}
    held = defaultdict(list)
    for given_now in now:
        held[given_now.image_id].append(given_now.person)
        assert given_now.person in names(after) or (
            (given_now.image_id, given_now.person) in answered
        )
    assert held.keys() == {given_then.image_id for given_then in ledger}  # none is lost
    assert all(len(set(who)) == len(who) for who in held.values())  # nobody sees one twice
    assert {(g.image_id, g.person) for g in ledger if (g.image_id, g.person) in answered} <= {
        (g.image_id, g.person) for g in now
    }
    assert moved(now, before, after, votes) == (now, (), ())  # done is done
    if stay >= 3:
        assert len(now) == len(ledger)  # enough others: the overlap is kept
    assert moved(ledger, before, after, votes)[0] == now
    assert all(given.person not in names(after) for given in former)


def test_what_others_get_is_shared_by_capacity() -> None:
    before = campaign(
        annotators=[person("anna"), person("ben"), person("dan", capacity=0.5)], overlap_share=0
    )
    after = campaign(
        annotators=[person("ben"), person("dan", capacity=0.5)], overlap_share=0, version=2
    )
    ledger = list(share_out(images(500), campaign=before, batch_id="b", earlier=given_before()))
    now, _, _ = moved(ledger, before, after, [])
    load = Counter(given.person for given in now)
    assert load.total() == 500
    assert abs(load["ben"] - 2 * load["dan"]) <= 2


def test_where_nobody_else_is_left_the_image_loses_its_second_annotator() -> None:
    after = campaign(annotators=[person("ben")], overlap_share=0, version=2)
    ledger = [assignment("anna"), assignment("ben")]
    now, former, new = moved(ledger, campaign(), after, [])
    assert (now, former, new) == ([assignment("ben")], (assignment("anna"),), ())


def test_a_skip_is_an_answer_and_a_withdrawn_vote_is_none() -> None:
    given = assignment("anna")
    skipped = answer(given, outcome=Outcome.SKIPPED)
    withdrawn = answer(given, outcome=Outcome.WITHDRAWN, submitted_at=minutes(5))
    assert unanswered_by_former([given], people={"ben"}, votes=[skipped]) == ()
    assert unanswered_by_former([given], people={"ben"}, votes=[skipped, withdrawn]) == (given,)


def test_what_somebody_else_wrote_into_the_inbox_is_no_answer_of_its_owner() -> None:
    given = assignment("anna")
    foreign = answer(given, person="ben", email="ben@example.com")
    assert unanswered_by_former([given], people={"ben"}, votes=[foreign]) == (given,)


def test_an_image_does_not_come_back_to_its_annotator_under_another_name() -> None:
    before = campaign(annotators=[person("anna"), person("ben"), person("dan")])
    renamed = Person(name="anna-2", email="anna@example.com")
    after = campaign(annotators=[renamed, person("dan")], version=2)
    ledger = [assignment("anna"), assignment("ben")]
    now, _, _ = moved(ledger, before, after, [answer(assignment("anna"))])
    assert [given.person for given in now] == ["anna", "dan"]


def test_who_comes_back_may_be_given_what_was_taken_back_before() -> None:
    first = campaign(annotators=[person("anna"), person("ben")])
    second = campaign(annotators=[person("ben"), person("dan")], version=2)
    third = campaign(annotators=[person("anna"), person("dan")], version=3)
    now, _, _ = moved([assignment("anna")], first, second, [])
    members = Membership([first, second, third])
    left = unanswered_by_former(now, people=names(third), votes=[])
    again = reassign(left, campaign=third, staying=[assignment("dan")], members=members)
    if left:
        assert [given.person for given in again] == ["anna"]
    assert members.addresses_of("anna") == {"anna@example.com"}


def test_nobody_adjudicates_own_work_whatever_the_name() -> None:
    before = campaign()
    promoted = before.model_copy(
        update={"adjudicator": Person(name="anna-2", email="anna@example.com"), "version": 2}
    )
    members = Membership([before, promoted])
    judgement = judge(vote("anna", box(0, 0)), vote("ben"))
    assert judgement.people == ("anna", "ben")
    assert can_decide(before, judgement, members)
    assert not can_decide(promoted, judgement, members)


def test_inboxes_of_people_who_left_are_known() -> None:
    members = Membership([campaign(), campaign(annotators=[person("ben"), person("eva")])])
    found = [inbox.person for inbox in members.inboxes(Phase.ANNOTATION)]
    assert found == ["anna", "ben", "eva"]
