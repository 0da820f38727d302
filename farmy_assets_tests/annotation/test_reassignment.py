from collections import Counter, defaultdict
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.membership import Membership, can_decide
from farmy_assets.annotation.reassignment import reassign, to_be_moved
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

TODAY = date(2026, 6, 10)


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
    former = to_be_moved(ledger, campaign=after, votes=votes, today=TODAY)
    staying = [given for given in ledger if given not in former]
    members = Membership([before, after])
    moves = reassign(former, campaign=after, staying=staying, members=members)
    left = [given for given in ledger if given not in moves.taken_back]
    return [*left, *moves.given], moves.taken_back, moves.given


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


def open_of(ledger: list[Assignment], votes: list[Vote]) -> tuple[Assignment, ...]:
    """What is to be moved once ben alone is left."""
    alone = campaign(annotators=[person("ben")], overlap_share=0)
    return to_be_moved(ledger, campaign=alone, votes=votes, today=TODAY)


def test_a_skip_is_an_answer_and_a_withdrawn_vote_is_none() -> None:
    given = assignment("anna")
    skipped = answer(given, outcome=Outcome.SKIPPED)
    withdrawn = answer(given, outcome=Outcome.WITHDRAWN, submitted_at=minutes(5))
    assert open_of([given], [skipped]) == ()
    assert open_of([given], [skipped, withdrawn]) == (given,)


def test_who_was_replaced_after_a_skip_is_asked_nothing_more() -> None:
    instead = assignment("ben").model_copy(update={"replaces": "anna"})
    given = assignment("anna")
    withdrawn = answer(given, outcome=Outcome.WITHDRAWN, submitted_at=minutes(5))
    assert open_of([given, instead], [withdrawn]) == ()


def test_what_somebody_else_wrote_into_the_inbox_is_no_answer_of_its_owner() -> None:
    given = assignment("anna")
    foreign = answer(given, person="ben", email="ben@example.com")
    assert open_of([given], [foreign]) == (given,)


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
    left = to_be_moved(now, campaign=third, votes=[], today=TODAY)
    again = reassign(left, campaign=third, staying=[assignment("dan")], members=members).given
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


def with_rules(before: Campaign, **changes: object) -> Campaign:
    return Campaign.model_validate(before.model_dump() | {"version": 2} | changes)


def paused(name: str) -> Person:
    return person(name).model_copy(update={"paused": True})


def test_what_is_open_of_who_is_paused_goes_to_others_and_answers_stay() -> None:
    before = campaign(annotators=[person(n) for n in ("anna", "ben", "dan")], overlap_share=0)
    after = with_rules(before, annotators=[paused("anna"), person("ben"), person("dan")])
    ledger = list(share_out(images(30), campaign=before, batch_id="b", earlier=given_before()))
    done = next(given for given in ledger if given.person == "anna")
    now, former, new = moved(ledger, before, after, [answer(done)])
    assert Counter(given.person for given in now) == {"anna": 1, "ben": 15, "dan": 14} or Counter(
        given.person for given in now
    ) == {"anna": 1, "ben": 14, "dan": 15}
    assert len(former) == len(new) == 9


def test_what_nobody_else_can_take_waits_for_who_is_paused() -> None:
    before = campaign()
    after = with_rules(before, annotators=[paused("anna"), person("ben")])
    ledger = [assignment("anna"), assignment("ben"), assignment("anna", "image-2")]
    now, former, _ = moved(ledger, before, after, [])
    assert former == (assignment("anna", "image-2"),)
    assert sorted((g.image_id, g.person) for g in now) == [
        ("image-1", "anna"), ("image-1", "ben"), ("image-2", "ben"),
    ]  # fmt: skip


def test_an_image_that_nobody_has_the_skill_for_stays_with_who_left() -> None:
    before = campaign(annotators=[person("anna")], overlap_share=0)
    beet = person("ben").model_copy(update={"skills": ("beet",)})
    after = with_rules(before, annotators=[beet])
    assert moved([assignment("anna")], before, after, []) == ([assignment("anna")], (), ())


def since(name: str, days: int, image_id: str = "image-1") -> Assignment:
    """An assignment that somebody has for so many days."""
    day = TODAY - timedelta(days=days)
    return assignment(name, image_id).model_copy(update={"from_day": day})


def test_a_task_older_than_its_lease_goes_to_somebody_else_and_not_back_at_once() -> None:
    rules = campaign(annotators=[person(n) for n in ("anna", "ben", "dan")], overlap_share=0)
    leased = with_rules(rules, lease_days=3)
    ledger = [since("anna", 4), since("anna", 3, "image-2"), since("ben", 9, "image-3")]
    votes = [answer(ledger[2])]
    former = to_be_moved(ledger, campaign=leased, votes=votes, today=TODAY)
    assert former == (ledger[0],)
    members = Membership([rules, leased])
    moves = reassign(former, campaign=leased, staying=ledger[1:], members=members)
    assert moves.taken_back == former
    assert [given.person for given in moves.given] == ["dan"]  # who has least
    late = [each.model_copy(update={"from_day": ledger[0].from_day}) for each in moves.given]
    again = reassign(
        late, campaign=leased, staying=[], members=members, taken_before=moves.taken_back
    )
    assert [given.person for given in again.given] == ["ben"]
    once_more = reassign(
        [since("ben", 4)], campaign=leased, staying=[since("dan", 0, "image-9")], members=members,
        taken_before=[*moves.taken_back, *again.taken_back],
    )  # fmt: skip
    assert [given.person for given in once_more.given] == ["anna"]  # nobody else is left


def test_a_task_that_nobody_else_can_take_stays_also_after_its_lease() -> None:
    leased = with_rules(campaign(), lease_days=3)
    both = [since("anna", 9), since("ben", 9)]
    assert moved(both, campaign(), leased, []) == (both, (), ())


def test_what_was_given_before_there_was_a_lease_is_not_taken_back() -> None:
    leased = with_rules(campaign(overlap_share=0), lease_days=3)
    assert to_be_moved([assignment("anna")], campaign=leased, votes=[], today=TODAY) == ()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 5), st.integers(0, 30), st.floats(0, 1), st.sets(st.integers(0, 4)), st.randoms()
)
def test_leases_and_pauses_lose_no_image_and_show_nobody_the_same_one_twice(
    people: int, count: int, overlap: float, paused_ones: set[int], random: object
) -> None:
    before = campaign(annotators=[person(f"p{n}") for n in range(people)], overlap_share=overlap)
    team = [f"p{n}" for n in range(people)]
    resting = {f"p{n}" for n in paused_ones}
    after = with_rules(
        before, lease_days=2, annotators=[paused(n) if n in resting else person(n) for n in team]
    )
    ledger = [
        each.model_copy(update={"from_day": TODAY - timedelta(days=random.randint(0, 5))})  # type: ignore[attr-defined]
        for each in share_out(images(count), campaign=before, batch_id="b", earlier=given_before())
    ]
    votes = [answer(each) for each in ledger if random.random() < 0.3]  # type: ignore[attr-defined]
    now, former, new = moved(ledger, before, after, votes)
    assert len(now) == len(ledger)
    held = [(each.image_id, each.person) for each in now]
    assert len(set(held)) == len(held)
    answered = {(vote.image_id, vote.person) for vote in votes}
    assert not answered & {(each.image_id, each.person) for each in former}
    assert not resting & {each.person for each in new}
    assert moved(ledger, before, after, votes) == (now, former, new)
