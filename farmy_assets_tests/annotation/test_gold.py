"""Gold is shared out exactly, evenly, and never twice to anybody, whatever the batches are like."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.gold import (
    GoldChange,
    GoldGiven,
    GoldImage,
    Sharing,
    gold_owed,
    in_rotation,
    known_answers,
    share_gold,
    unanswered_gold,
)
from farmy_assets.annotation.gold_rules import GoldRules
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.sharing_counters import Earlier, counted
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets_tests.annotation.examples import assignment, box, campaign, person


def gold_image(image_id: str, *regions: Region, known_to: Sequence[str] = ()) -> GoldImage:
    return GoldImage(
        image=KeptImage(image_id=image_id, sha256="0" * 64, width_px=800, height_px=600),
        regions=regions, campaign_version=1, settled_by=ConsensusStatus.ADJUDICATED,
        people=2, vote_ids=("v1",), known_to=tuple(known_to),
    )  # fmt: skip


def with_gold(share: float, *, people: Sequence[str] = ("anna", "ben"), **rules: int) -> Campaign:
    made = campaign(annotators=[person(name) for name in people], overlap_share=0)
    return made.model_copy(update={"gold": GoldRules(share=share, **rules)})


class Played:
    """A campaign whose batches are given out one after another."""

    def __init__(self, rules: Campaign, gold: Mapping[str, GoldImage]) -> None:
        self.rules, self.gold = rules, gold
        self.ordinary: list[Assignment] = []
        self.given = GoldGiven(campaign=rules.name)
        self.members = Membership([rules])

    def batch(self, number: int, images: int) -> tuple[Assignment, ...]:
        """Give out a batch; returns its gold tasks."""
        batch_id = f"{number:06d}-20260601T120000Z"
        page = share_out(
            [f"image {number} {n}" for n in range(images)], campaign=self.rules, batch_id=batch_id,
            earlier=Earlier(counted([self.ordinary]), frozenset()),
        )  # fmt: skip
        self.ordinary += page
        new = self.gold_with(page)
        self.given = self.given.with_more(new)
        return new

    def gold_with(self, page: Sequence[Assignment]) -> tuple[Assignment, ...]:
        tasks = Counter(a.person for a in self.ordinary)
        known = {i: gold for i, gold in self.gold.items()}
        rotation = in_rotation(
            known_answers({1: GoldChange(campaign="weeds-2026", added=tuple(known.values()))}),
            self.given, retire_after=self.rules.gold.retire_after,
        )  # fmt: skip
        sharing = Sharing(tasks, rotation, self.given, {}, self.members)
        return share_gold(page, campaign=self.rules, sharing=sharing)


def gold_of(count: int) -> dict[str, GoldImage]:
    return {f"gold {n}": gold_image(f"gold {n}") for n in range(count)}


@pytest.mark.parametrize(
    ("tasks", "owed"), [(0, 0), (1, 1), (19, 1), (20, 2), (38, 2), (1900, 100)]
)
def test_everybody_gets_some_and_the_share_is_one_of_all_tasks(tasks: int, owed: int) -> None:
    assert gold_owed(tasks, 0.05) == owed


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    share=st.sampled_from((0.02, 0.05, 0.1, 0.3, 0.5)),
    people=st.integers(1, 5),
)
def test_over_everything_ever_given_each_person_has_the_share_exactly(
    sizes: list[int], share: float, people: int
) -> None:
    names = [f"p{n}" for n in range(people)]
    played = Played(with_gold(share, people=names, retire_after=1000), gold_of(330))
    for number, size in enumerate(sizes):
        played.batch(number, size)
    ordinary = Counter(a.person for a in played.ordinary)
    gold = Counter(a.person for a in played.given.given)
    assert {n: gold[n] for n in names} == {n: gold_owed(ordinary[n], share) for n in names}


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    images=st.integers(0, 12),
    retire_after=st.integers(1, 4),
)
def test_nobody_gets_an_image_twice_and_none_more_often_than_it_may_be_given(
    sizes: list[int], images: int, retire_after: int
) -> None:
    names = [f"p{n}" for n in range(4)]
    played = Played(with_gold(0.3, people=names, retire_after=retire_after), gold_of(images))
    for number, size in enumerate(sizes):
        played.batch(number, size)
        exposures = played.given.exposures()
        pairs = [(a.person, a.image_id) for a in played.given.given]
        assert len(pairs) == len(set(pairs))
        assert max(exposures.values(), default=0) <= retire_after


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8), people=st.integers(1, 5))
def test_images_are_rotated_evenly(sizes: list[int], people: int) -> None:
    names = [f"p{n}" for n in range(people)]
    played = Played(with_gold(0.1, people=names, retire_after=1000), gold_of(60))
    for number, size in enumerate(sizes):
        played.batch(number, size)
    exposures = [played.given.exposures()[image_id] for image_id in played.gold]
    assert max(exposures) - min(exposures) <= 1


def test_a_batch_that_is_given_out_again_gives_no_more() -> None:
    played = Played(with_gold(0.2), gold_of(40))
    first = played.batch(1, 30)
    assert first
    assert played.gold_with(played.ordinary) == ()


def test_a_gold_task_differs_from_its_neighbours_in_the_image_alone() -> None:
    played = Played(with_gold(0.2), gold_of(40))
    gold = played.batch(1, 30)
    for task in gold:
        mine = [a for a in played.ordinary if a.person == task.person]
        changed = {"image_id": task.image_id, "task_key": task.image_id}
        assert task in [a.model_copy(update=changed) for a in mine]


def test_who_knows_an_image_under_whatever_name_is_never_given_it() -> None:
    rules = with_gold(0.3, people=("anna", "ben"))
    former = rules.model_copy(
        update={"annotators": (person("annika").model_copy(update={"email": "anna@example.com"}),)}
    )
    played = Played(rules, {"gold 0": gold_image("gold 0", known_to=["annika"])})
    played.members = Membership([former, rules])
    assert {a.person for a in played.batch(1, 20)} == {"ben"}


def test_who_holds_an_image_by_now_is_not_given_it_either() -> None:
    rules = with_gold(0.3)
    page = [assignment(name, f"image {n}") for n, name in enumerate(("anna", "ben"))]
    sharing = Sharing(
        {"anna": 1, "ben": 1}, gold_of(1), GoldGiven(campaign=rules.name), {"gold 0": ["ben"]},
        Membership([rules]),
    )  # fmt: skip
    assert [a.person for a in share_gold(page, campaign=rules, sharing=sharing)] == ["anna"]


def test_gold_that_came_late_is_made_up_for_at_twice_the_share_at_most() -> None:
    played = Played(with_gold(0.1, people=("anna",), retire_after=1000), {})
    for number in range(10):
        played.batch(number, 90)
    assert played.given.given == ()
    played.gold = gold_of(900)
    assert len(played.batch(10, 90)) == gold_owed(2 * 90, 0.1) == 20
    for number in range(11, 30):
        played.batch(number, 90)
    assert len(played.given.given) == gold_owed(len(played.ordinary), 0.1)


def test_the_same_question_gets_the_same_answer_in_any_order_of_the_images() -> None:
    forward, back = (Played(with_gold(0.3), dict(items)) for items in (
        gold_of(20).items(), reversed(gold_of(20).items())
    ))  # fmt: skip
    assert forward.batch(1, 20) == back.batch(1, 20)


def test_an_image_that_was_retired_comes_back_when_it_is_added_again() -> None:
    image = gold_image("gold 0", box(1, 1))
    changes = {
        1: GoldChange(campaign="weeds-2026", added=(image,)),
        2: GoldChange(campaign="weeds-2026", retired=("gold 0", "somebody else's")),
    }
    nobody = GoldGiven(campaign="weeds-2026")
    assert in_rotation(known_answers(changes), nobody, retire_after=5) == {}
    changes[3] = GoldChange(campaign="weeds-2026", added=(image,))
    assert known_answers(changes)["gold 0"].number == 3
    assert list(in_rotation(known_answers(changes), nobody, retire_after=5)) == ["gold 0"]


def test_only_open_tasks_of_people_who_are_asked_no_more_are_taken_back() -> None:
    given_ = GoldGiven(
        campaign="weeds-2026",
        given=(assignment("anna", "a"), assignment("anna", "b"), assignment("ben", "a")),
    )
    former = unanswered_gold(given_, people={"ben"}, answered={("a", "anna")})
    assert former == (assignment("anna", "b"),)
    after = given_.without(former)
    assert after.given == (assignment("anna", "a"), assignment("ben", "a"))
    assert after.taken_back == former
    assert after.exposures() == {"a": 2, "b": 1}
