"""Skills, overlaps of any size, groups that stay together, and limits a day."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.image_facts import ImageFacts
from farmy_assets.annotation.sharing_counters import Earlier, counted
from farmy_assets_tests.annotation.examples import campaign, given_before, person

TODAY = date(2026, 6, 1)
SKILLS = ("maize", "beet", "thistle")
Facts = dict[str, ImageFacts]


def rules(people: list[Person], **changes: object) -> Campaign:
    share = changes.pop("overlap_share", 0.3 if len(people) > 1 else 0)
    base = campaign(annotators=people, overlap_share=float(str(share)))
    return Campaign.model_validate(base.model_dump() | changes)


def of(word: str, field: str = "", cluster: str = "") -> ImageFacts:
    return ImageFacts(frozenset({word}), field, cluster)


def share_in_batches(
    batches: list[list[str]], campaign: Campaign, facts: Facts, today: date | None = None
) -> list[Assignment]:
    given_out: list[Assignment] = []
    for number, batch in enumerate(batches):
        given_out += share_out(
            batch, campaign=campaign, batch_id=f"b{number}", earlier=given_before(given_out),
            facts=facts, today=today,
        )  # fmt: skip
    return given_out


def holders(given_out: list[Assignment]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in given_out:
        found[each.image_id].append(each.person)
    return found


@st.composite
def people_of_a_campaign(draw: st.DrawFn) -> list[Person]:
    skills = st.lists(st.sampled_from(SKILLS), max_size=2, unique=True)
    return [
        person(f"p{n}", capacity=draw(st.sampled_from([1.0, 2.0]))).model_copy(
            update={"skills": tuple(draw(skills)), "paused": draw(st.integers(0, 4)) == 0}
        )
        for n in range(draw(st.integers(2, 7)))
    ]


@st.composite
def photographs(draw: st.DrawFn) -> tuple[list[list[str]], Facts]:
    """Batches of images with crops, fields and clusters."""
    batches: list[list[str]] = []
    facts: Facts = {}
    for number in range(draw(st.integers(1, 4))):
        batch = [f"image-{number}-{n:03d}" for n in range(draw(st.integers(0, 30)))]
        for image_id in batch:
            facts[image_id] = of(
                draw(st.sampled_from(SKILLS)), draw(st.sampled_from(["", "north", "south"])),
                draw(st.sampled_from(["", f"{number}a", f"{number}b"])),
            )  # fmt: skip
        batches.append(batch)
    return batches, facts


kept = st.lists(st.sampled_from(["field", "near_duplicate"]), unique=True, max_size=2)


@settings(max_examples=80, deadline=None)
@given(people_of_a_campaign(), photographs(), st.integers(2, 5), st.floats(0, 1), kept)
def test_images_go_to_different_people_who_have_the_skills_and_equals_get_equal_work(
    people: list[Person],
    material: tuple[list[list[str]], Facts],
    overlap: int,
    share: float,
    together: list[str],
) -> None:
    batches, facts = material
    now = rules(
        people, overlap=min(overlap, len(people)), overlap_share=share, keep_together=together
    )
    given_out = share_in_batches(batches, now, facts)
    by_name = {each.name: each for each in people}
    able = {
        image_id: [
            p.name for p in people if not p.paused and (not p.skills or known.words & {*p.skills})
        ]
        for image_id, known in facts.items()
    }
    held = holders(given_out)
    assert held.keys() == {image_id for image_id, who in able.items() if who}
    for image_id, who in held.items():
        assert set(who) <= set(able[image_id])
        assert len(set(who)) == len(who)
        assert len(who) in (1, min(now.overlap, len(able[image_id])))
    load = Counter(each.person for each in given_out)
    for one, other in combinations(by_name.values(), 2):
        alike = (one.capacity, set(one.skills), one.paused)
        if alike == (other.capacity, set(other.skills), other.paused):
            assert abs(load[one.name] - load[other.name]) <= 1
    assert share_in_batches([batch[::-1] for batch in batches], now, facts) == given_out


@settings(max_examples=40, deadline=None)
@given(photographs(), st.integers(2, 5), st.floats(0, 1), kept, st.randoms())
def test_the_order_of_batches_changes_neither_amounts_nor_the_overlap(
    material: tuple[list[list[str]], Facts],
    people: int,
    share: float,
    together: list[str],
    random: object,
) -> None:
    batches, facts = material
    now = rules(
        [person(f"p{n}") for n in range(people)], overlap_share=share, keep_together=together
    )
    other = list(batches)
    random.shuffle(other)  # type: ignore[attr-defined]
    counts = [counted([share_in_batches(order, now, facts)]) for order in (batches, other)]
    assert counts[0].images == counts[1].images
    assert counts[0].doubled == counts[1].doubled == round(share * counts[0].images)
    assert sorted(counts[0].tasks.values()) == sorted(counts[1].tasks.values())


@settings(max_examples=40, deadline=None)
@given(photographs(), kept, st.integers(2, 4))
def test_groups_change_nothing_of_how_much_each_person_gets(
    material: tuple[list[list[str]], Facts], together: list[str], people: int
) -> None:
    batches, facts = material
    plain = rules([person(f"p{n}") for n in range(people)])
    grouped = Campaign.model_validate(plain.model_dump() | {"keep_together": together})
    for batch in batches:
        amounts = [
            Counter(
                each.person
                for each in share_out(
                    batch, campaign=each_campaign, batch_id="b", earlier=given_before(), facts=facts
                )
            )
            for each_campaign in (plain, grouped)
        ]
        assert amounts[0] == amounts[1]


def test_a_field_and_its_look_alikes_go_to_one_person_as_far_as_work_stays_fair() -> None:
    now = rules([person(f"p{n}") for n in range(5)], overlap_share=0, keep_together=["field"])
    facts = {f"{field}-{n}": of("maize", f"field {field}") for field in range(20) for n in range(5)}
    given_out = share_in_batches([sorted(facts)], now, facts)
    per_field: dict[str, set[str]] = defaultdict(set)
    for each in given_out:
        per_field[facts[each.image_id].field].add(each.person)
    assert set(Counter(a.person for a in given_out).values()) == {20}
    assert all(len(who) == 1 for who in per_field.values())


def test_a_field_too_large_for_one_is_parted_between_few_and_clusters_in_it_are_not() -> None:
    now = rules(
        [person(f"p{n}") for n in range(4)], overlap_share=0,
        keep_together=["field", "near_duplicate"],
    )  # fmt: skip
    facts = {f"{n:03d}": of("maize", "north", f"cluster {n // 5}") for n in range(80)}
    given_out = share_in_batches([sorted(facts)], now, facts)
    assert set(Counter(a.person for a in given_out).values()) == {20}
    clusters: dict[str, set[str]] = defaultdict(set)
    for each in given_out:
        clusters[facts[each.image_id].cluster].add(each.person)
    assert all(len(who) == 1 for who in clusters.values())


def test_later_images_of_a_field_come_to_who_has_the_earlier_ones_also_after_somebody_joined() -> (
    None
):
    five = [person(f"p{n}") for n in range(5)]
    facts = {
        f"{b}-{f}-{n}": of("maize", f"f{f}") for b in "xy" for f in range(40) for n in range(2)
    }
    first = [image_id for image_id in facts if image_id.startswith("x")]
    second = [image_id for image_id in facts if image_id.startswith("y")]
    before = rules(five, overlap_share=0, keep_together=["field"])
    given_out = share_in_batches([first], before, facts)
    owners = {facts[a.image_id].field: a.person for a in given_out}
    joined = rules([person("a0"), *five], overlap_share=0, keep_together=["field"])
    later = share_out(second, campaign=joined, batch_id="c", earlier=given_before(), facts=facts)
    same = sum(owners[facts[a.image_id].field] == a.person for a in later)
    assert same > len(second) / 2  # a sixth of them belongs to who joined


def test_both_readers_of_a_cluster_are_the_same_two() -> None:
    now = rules(
        [person(f"p{n}") for n in range(4)], overlap_share=1, keep_together=["near_duplicate"]
    )
    facts = {f"{c}-{n}": of("maize", "", f"c{c}") for c in range(12) for n in range(4)}
    readers: dict[str, set[frozenset[str]]] = defaultdict(set)
    for image_id, who in holders(share_in_batches([sorted(facts)], now, facts)).items():
        readers[facts[image_id].cluster].add(frozenset(who))
    assert sum(len(pairs) == 1 for pairs in readers.values()) >= 10


@pytest.mark.parametrize("overlap", [2, 3, 5])
def test_everybody_meets_everybody_in_an_overlap_of_any_number(overlap: int) -> None:
    now = rules([person(f"p{n}") for n in range(5)], overlap=overlap, overlap_share=1)
    given_out = share_in_batches([[f"i{n}" for n in range(100)]], now, {})
    met = counted([given_out]).tally().met
    assert len(met) == 10
    assert max(met.values()) - min(met.values()) <= 3
    assert set(Counter(a.person for a in given_out).values()) == {20 * overlap}


def test_an_image_that_nobody_present_has_the_skill_for_waits() -> None:
    only_maize = person("anna").model_copy(update={"skills": ("Sugar  Beet",)})
    now = rules([only_maize], overlap_share=0)
    facts = {"a": of("sugar beet"), "b": of("rye")}
    assert [a.image_id for a in share_in_batches([["a", "b", "c"]], now, facts)] == ["a"]
    paused = rules([person("anna").model_copy(update={"paused": True})], overlap_share=0)
    assert share_in_batches([["a"]], paused, {}) == []


def test_an_image_of_unknown_crop_has_that_of_the_campaign() -> None:
    able = person("anna").model_copy(update={"skills": ("maize",)})
    assert len(share_in_batches([["a"]], rules([able], overlap_share=0), {})) == 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=6),
    st.integers(1, 9),
)
def test_nobody_is_given_more_for_a_day_than_the_limit_and_no_day_with_room_is_left_out(
    batches: list[tuple[int, int]], limit: int
) -> None:
    anna = person("anna").model_copy(update={"tasks_a_day": limit})
    now = rules([anna, person("ben")], overlap_share=0.5)
    given_out: list[Assignment] = []
    today = TODAY
    for number, (size, days) in enumerate(batches):
        today += timedelta(days=days)
        given_out += share_out(
            [f"{number}-{n}" for n in range(size)], campaign=now, batch_id="b",
            earlier=Earlier(counted([given_out]), frozenset()), today=today,
        )  # fmt: skip
        new = [a for a in given_out if a.image_id.startswith(f"{number}-")]
        assert all(a.from_day and a.from_day >= today for a in new)
        assert {a.from_day for a in new if a.person == "ben"} <= {today}
        days_of = Counter(a.from_day for a in given_out if a.person == "anna")
        assert all(count <= limit for count in days_of.values())
        last = max((a.from_day for a in new if a.person == "anna" and a.from_day), default=today)
        waiting = (today + timedelta(days=n) for n in range((last - today).days))
        assert all(days_of[day] == limit for day in waiting)


def test_counters_with_days_are_the_same_counted_anew_and_stored() -> None:
    anna = person("anna").model_copy(update={"tasks_a_day": 3})
    now = rules([anna, person("ben")], overlap_share=0)
    given_out = share_in_batches([[f"i{n}" for n in range(20)]], now, {}, TODAY)
    counters = counted([given_out])
    assert counters.days["anna"] == "20260601:3 20260602:3 20260603:3 20260604:1"
    assert type(counters).model_validate_json(counters.to_json()) == counters
    assert counters.changed(given_out, given_out[:5]) == counted([given_out[:5]])
    assert counters.changed(given_out, ()) == counted([])


def test_a_campaign_that_counts_days_asks_which_day_it_is() -> None:
    now = rules([person("anna"), person("ben")], lease_days=2)
    with pytest.raises(ValueError, match="say which day it is"):
        share_in_batches([["a"]], now, {})


def test_without_limits_and_lease_days_do_not_count() -> None:
    (found,) = share_in_batches([["a"]], rules([person("anna")], overlap_share=0), {}, TODAY)
    assert found.from_day is None
