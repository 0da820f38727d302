"""Near hashes are found, all of them and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.cleansing import hamming
from farmy_assets.cleansing.hamming import Hashes, Pairs, pairs_between, pairs_within
from farmy_assets.execution.cores import AllCores

numbers = st.integers(0, 2**64 - 1)
# Random hashes are never near to each other: these are a few bits away from a few.
near_ones = st.builds(
    lambda base, flips: base ^ sum(1 << bit for bit in flips),
    st.sampled_from([0, 2**64 - 1, 0x0123_4567_89AB_CDEF]),
    st.sets(st.integers(0, 63), max_size=8),
)
lists = st.lists(numbers | near_ones, max_size=30)


def hashes(values: list[int]) -> Hashes:
    return np.array(values, dtype=np.uint64)


def as_set(pairs: Pairs) -> set[tuple[int, int, int]]:
    return set(zip(*(part.tolist() for part in pairs), strict=True))


@pytest.mark.parametrize("most", [0, 2_000_000], ids=["by faiss", "by numpy"])
@given(new=lists, known=lists, limit=st.integers(0, 16))
@settings(deadline=None)
def test_between_two_lists_every_near_pair_is_found(
    most: int, new: list[int], known: list[int], limit: int
) -> None:
    expected = {
        (i, j, (a ^ b).bit_count())
        for i, a in enumerate(new)
        for j, b in enumerate(known)
        if (a ^ b).bit_count() <= limit
    }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "_COMPARED_BY_NUMPY", most)
        pairs = pairs_between(hashes(new), hashes(known), max_distance_bits=limit)

    assert as_set(pairs) == expected


@pytest.mark.parametrize("longest", [0, 20_000], ids=["put in order", "one by one"])
@given(values=lists, limit=st.integers(0, 12))
@settings(deadline=None, max_examples=60)
def test_within_a_list_every_near_pair_is_found_once(
    longest: int, values: list[int], limit: int
) -> None:
    expected = {
        (i, j, (a ^ b).bit_count())
        for i, a in enumerate(values)
        for j, b in enumerate(values)
        if i < j and (a ^ b).bit_count() <= limit
    }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "_COMPARED_ONE_BY_ONE", longest)
        pairs = pairs_within(hashes(values), max_distance_bits=limit)

    assert as_set(pairs) == expected
    assert len(pairs.first) == len(expected)


def test_planted_pairs_among_many_random_hashes_are_all_found() -> None:
    chance = np.random.default_rng(1)
    many = chance.integers(0, 2**64, 60_000, dtype=np.uint64)
    for number in range(500):
        flips = chance.choice(64, number % 7, replace=False)
        many[number] = many[number + 30_000] ^ np.bitwise_or.reduce(
            np.uint64(1) << flips.astype(np.uint64), initial=np.uint64(0)
        )

    pairs = pairs_within(many, max_distance_bits=6)

    assert {(n, n + 30_000) for n in range(500)} <= {(a, b) for a, b, _ in as_set(pairs)}


def test_on_all_cores_the_same_pairs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hamming, "_COMPARED_ONE_BY_ONE", 0)
    many = np.random.default_rng(2).integers(0, 2**64, 3_000, dtype=np.uint64)
    many[1_500:] = many[:1_500] ^ np.uint64(0b101)

    alone = pairs_within(many, max_distance_bits=6)
    together = pairs_within(many, max_distance_bits=6, cores=AllCores())

    assert as_set(together) == as_set(alone)
    assert len(alone.first) == 1_500
