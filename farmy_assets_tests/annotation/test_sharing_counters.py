"""Sharing out by counters gives what looking at every earlier assignment gave."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment, chance_of, share_out, share_out_triage
from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.sharing_counters import Earlier, SharingCounters, counted
from farmy_assets_tests.annotation.examples import campaign, person

PEOPLE = [f"p{n}" for n in range(5)]
Pages = dict[str, list[Assignment]]


def least_busy_of_all(
    people: Sequence[Person],
    load: Counter[str],
    chance: int,
    met: Counter[frozenset[str]] | None = None,
    first: str = "",
) -> str:
    def rank(place: int) -> tuple[float, int, int]:
        name = people[place].name
        meetings = met[frozenset((first, name))] if met is not None else 0
        busy = (load[name] + 1) / people[place].capacity
        return busy, meetings, (place + chance) % len(people)

    return people[min(range(len(people)), key=rank)].name


def shared_by_all(
    image_ids: Sequence[str], rules: Campaign, earlier: Sequence[Assignment]
) -> list[tuple[str, str]]:
    """The rule as it is put in words: from every assignment that was ever made."""
    load = Counter(a.person for a in earlier)
    holders: dict[str, list[str]] = {}
    for assignment in earlier:
        holders.setdefault(assignment.image_id, []).append(assignment.person)
    met = Counter(frozenset(people) for people in holders.values() if len(people) > 1)
    new = sorted(set(image_ids) - holders.keys(), key=lambda i: chance_of(rules.name, i))
    wanted = round(rules.overlap_share * (len(holders) + len(new))) - met.total()
    doubled = min(max(wanted, 0), len(new)) if len(rules.annotators) > 1 else 0
    pairs = []
    for index, image_id in enumerate(new):
        chance = chance_of(rules.name, image_id)
        first = least_busy_of_all(rules.annotators, load, chance)
        load[first] += 1
        pairs.append((image_id, first))
        if index < doubled:
            others = [p for p in rules.annotators if p.name != first]
            second = least_busy_of_all(others, load, chance, met, first)
            load[second] += 1
            met[frozenset((first, second))] += 1
            pairs.append((image_id, second))
    return sorted(pairs)


def everything(pages: Pages) -> list[Assignment]:
    return [a for page in pages.values() for a in page]


def earlier_in(pages: Pages, counters: SharingCounters, batch_id: str) -> Earlier:
    return Earlier(counters, frozenset(a.image_id for a in pages.get(batch_id, ())))


@st.composite
def rules_of_now(draw: st.DrawFn) -> Campaign:
    names = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=5, unique=True))
    capacities = st.sampled_from([0.5, 1.0, 2.0])
    people = [person(name, capacity=draw(capacities)) for name in names]
    share = draw(st.floats(0, 1)) if len(people) > 1 else 0
    return campaign(annotators=people, overlap_share=share)


steps = st.tuples(
    rules_of_now(), st.integers(0, 3), st.integers(0, 12), st.sampled_from(PEOPLE),
    st.sampled_from([*PEOPLE, None]),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, min_size=1, max_size=8))
def test_the_same_people_get_the_same_images_whatever_happened_before(
    history: list[tuple[Campaign, int, int, str, str | None]],
) -> None:
    pages: Pages = {}
    counters = SharingCounters()
    for rules, batch, size, leaves, comes in history:
        batch_id = f"b{batch}"
        images = [f"{batch_id}-{n}" for n in range(size)]
        expected = shared_by_all(images, rules, everything(pages))
        earlier = earlier_in(pages, counters, batch_id)
        new = share_out(images, campaign=rules, batch_id=batch_id, earlier=earlier)
        assert [(a.image_id, a.person) for a in new] == expected
        before = pages.get(batch_id, [])
        given_now = [*before, *new]
        # Somebody leaves; part of it comes to another one, and what that one has already to nobody.
        has = {a.image_id for a in given_now if a.person == comes}
        stays = [a for a in given_now if a.person != leaves]
        moved = [
            a.model_copy(update={"person": comes})
            for a in given_now
            if comes and a.person == leaves and a.image_id not in has
        ]
        pages[batch_id] = [*stays, *moved]
        counters = counters.changed(before, given_now).changed(given_now, pages[batch_id])
        assert counters == counted(pages.values())
        assert counters.to_json() == counted(reversed(pages.values())).to_json()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(rules_of_now(), st.integers(0, 3), st.integers(0, 9)), max_size=8))
def test_questions_of_triage_go_to_the_same_people(
    history: list[tuple[Campaign, int, int]],
) -> None:
    pages: Pages = {}
    counters = SharingCounters()
    for now, batch, size in history:
        rules = Campaign(**dict(now) | {"triagers": now.annotators})
        batch_id = f"b{batch}"
        images = [f"{batch_id}-{n}" for n in range(size)]
        load = Counter(a.person for a in everything(pages))
        expected = []
        asked = {a.image_id for a in everything(pages)}
        for image in sorted(set(images) - asked, key=lambda i: chance_of(rules.name, i)):
            who = least_busy_of_all(rules.people_for_triage, load, chance_of(rules.name, image))
            load[who] += 1
            expected.append((image, who))
        earlier = earlier_in(pages, counters, batch_id)
        new = share_out_triage(images, campaign=rules, batch_id=batch_id, earlier=earlier)
        assert [(a.image_id, a.person) for a in new] == sorted(expected)
        assert all(a.phase is Phase.TRIAGE for a in new)
        before = pages.get(batch_id, [])
        pages[batch_id] = [*before, *new]
        counters = counters.changed(before, pages[batch_id])


def test_counters_of_many_pairs_are_small() -> None:
    names = [f"annotator-{n:03d}" for n in range(500)]
    given_out = [
        Assignment(
            campaign="weeds", phase=Phase.ANNOTATION, image_id=f"{a} {b}", person=name,
            task_key="", batch_id="b",
        )
        for a in range(500)
        for b in range(a + 1, 500)
        for name in (names[a], names[b])
    ]  # fmt: skip
    counters = counted([given_out])
    assert (counters.images, counters.doubled) == (124_750, 124_750)
    assert len(counters.to_json()) < 500_000
    assert counters.tally().met[names[3], names[7]] == 1
    assert SharingCounters.model_validate_json(counters.to_json()) == counters
    assert counters.changed(given_out, ()) == SharingCounters()
