import time
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign
from farmy_assets_tests.annotation.examples import campaign, given_before, person


def share_out_in_batches(batches: list[list[str]], rules: Campaign) -> list[Assignment]:
    ledger: list[Assignment] = []
    for number, batch in enumerate(batches):
        earlier = given_before(ledger)
        ledger += share_out(batch, campaign=rules, batch_id=f"b{number}", earlier=earlier)
    return ledger


def people_by_image(ledger: list[Assignment]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for item in ledger:
        found[item.image_id].append(item.person)
    return found


def images(count: int, prefix: str = "image") -> list[str]:
    return [f"{prefix}-{n}" for n in range(count)]


batch_sizes = st.lists(st.integers(0, 12), min_size=1, max_size=8)


@settings(max_examples=60)
@given(batch_sizes, st.floats(0, 1), st.integers(2, 5))
def test_each_image_is_given_once_and_exactly_the_overlap_twice(
    sizes: list[int], overlap_share: float, annotators: int
) -> None:
    rules = campaign(
        annotators=[person(f"p{n}") for n in range(annotators)], overlap_share=overlap_share
    )
    batches = [images(size, f"batch-{number}") for number, size in enumerate(sizes)]
    given_to = people_by_image(share_out_in_batches(batches, rules))
    assert given_to.keys() == {image for batch in batches for image in batch}
    assert all(len(set(people)) == len(people) <= 2 for people in given_to.values())
    doubles = sum(len(people) == 2 for people in given_to.values())
    assert doubles == round(overlap_share * len(given_to))


@settings(max_examples=60)
@given(batch_sizes, st.floats(0, 1), st.integers(2, 5))
def test_equal_capacities_get_equal_work(
    sizes: list[int], overlap_share: float, annotators: int
) -> None:
    names = [f"p{n}" for n in range(annotators)]
    rules = campaign(annotators=[person(name) for name in names], overlap_share=overlap_share)
    batches = [images(size, f"batch-{number}") for number, size in enumerate(sizes)]
    load = Counter(item.person for item in share_out_in_batches(batches, rules))
    counts = [load[name] for name in names]
    assert max(counts) - min(counts) <= 1


def test_somebody_with_half_the_capacity_gets_half_the_work() -> None:
    rules = campaign(
        annotators=[person("anna"), person("ben"), person("dan", capacity=0.5)], overlap_share=0.3
    )
    load = Counter(a.person for a in share_out_in_batches([images(500), images(500, "b")], rules))
    assert load.total() == 1300
    assert load == {"anna": 520, "ben": 520, "dan": 260}


def test_batches_of_one_image_reach_the_overlap_as_well() -> None:
    ledger = share_out_in_batches([[image] for image in images(20)], campaign())
    assert sum(len(people) == 2 for people in people_by_image(ledger).values()) == 6


@given(st.permutations(images(12)))
def test_the_order_of_the_images_does_not_matter(order: list[str]) -> None:
    rules = campaign()
    expected = share_out(images(12), campaign=rules, batch_id="b", earlier=given_before())
    assert share_out(order, campaign=rules, batch_id="b", earlier=given_before()) == expected


def test_sharing_out_again_gives_nothing_new() -> None:
    rules = campaign()
    first = share_out(images(30), campaign=rules, batch_id="b", earlier=given_before())
    assert share_out(images(30), campaign=rules, batch_id="b", earlier=given_before(first)) == ()


def test_an_image_listed_twice_is_given_once() -> None:
    found = share_out(
        ["a", "a"], campaign=campaign(overlap_share=0), batch_id="b", earlier=given_before()
    )
    assert len(found) == 1


def test_pairs_of_annotators_vary() -> None:
    rules = campaign(annotators=[person(f"p{n}") for n in range(4)], overlap_share=1)
    given_to = people_by_image(share_out_in_batches([images(60)], rules))
    pairs = Counter(frozenset(people) for people in given_to.values())
    assert list(pairs.values()) == [10] * 6


def test_the_place_in_a_batch_does_not_tell_which_images_overlap() -> None:
    batch = [f"{n:04d}" for n in range(400)]
    given_to = people_by_image(share_out_in_batches([batch], campaign()))
    doubled = [n for n, image in enumerate(batch) if len(given_to[image]) == 2]
    assert len(doubled) == 120
    for quarter in range(4):
        assert 15 <= sum(n // 100 == quarter for n in doubled) <= 45
    assert len({b - a for a, b in pairwise(doubled)}) > 5


def test_a_lower_overlap_gives_no_doubles_until_the_share_is_right_again() -> None:
    ledger = share_out_in_batches([images(10)], campaign(overlap_share=1))
    rules = campaign(overlap_share=0.3)
    more = share_out(images(10, "new"), campaign=rules, batch_id="b", earlier=given_before(ledger))
    assert len(more) == 10


def test_an_assignment_knows_its_inbox_and_key() -> None:
    (found,) = share_out(["image-9"], campaign=campaign(), batch_id="b", earlier=given_before())
    assert found.task_key == "image-9"
    assert found.inbox.key == f"farmy:weeds-2026/annotation/{found.person}"


@pytest.mark.parametrize("annotators", [2, 12])
def test_ten_thousand_images_are_shared_out_in_a_second(annotators: int) -> None:
    rules = campaign(annotators=[person(f"p{n}") for n in range(annotators)])
    batch = images(10_000)
    start = time.process_time()
    share_out(batch, campaign=rules, batch_id="b", earlier=given_before())
    assert time.process_time() - start < 1
