"""Which of millions of 64-bit hashes are near to each other: exact, none is missed.

Distances are numbers of differing bits (Hamming). New hashes are compared with all known ones by
faiss, which does two thousand million comparisons a second on a core. For all pairs of one long
list that is too slow: there, hashes are cut into `d + 4` chunks, of which `d` differing bits leave
four untouched (the pigeonhole principle), so that near hashes stand side by side in at least one
of the orders by four chunks. Source of the idea: Manku, Jain, Das Sarma, "Detecting
near-duplicates for web crawling", WWW 2007, section 3.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

_BITS = 64
_UNTOUCHED_CHUNKS = 4
_IN_CACHE = 100_000  # hashes: under a megabyte
_QUERIES_AT_ONCE = 4096
_COMPARED_ONE_BY_ONE = 20_000  # a longer list is put in order instead
_COMPARED_BY_NUMPY = 2_000_000  # comparisons: quicker than faiss is loaded
_COMPARED_BY_ONE_THREAD = 200_000_000  # comparisons: a tenth of a second
_POSITION_BITS = np.uint64(32)
_POSITION = np.uint64(0xFFFF_FFFF)

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]
Chunk = NDArray[np.unsignedinteger[Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class Cores:
    """What a long search is spread over: one core, in the caller's own thread.

    Who knows the machine passes one that has more: `execution/cores.py`.
    """

    @property
    def count(self) -> int:
        """How many there are."""
        return 1

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What the work makes of each item, in their order."""
        return list(map(work, items))


ONE_CORE = Cores()


class Pairs(NamedTuple):
    """Positions in the two lists, and the distance in bits; each of shape (pairs,)."""

    first: Positions
    second: Positions
    distance_bits: NDArray[np.int64]


def pairs_between(
    new: Hashes, known: Hashes, *, max_distance_bits: int, cores: Cores = ONE_CORE
) -> Pairs:
    """All pairs of a new and a known hash that are no farther apart than that.

    Args:
        new: Shape (n,).
        known: Shape (m,).
        max_distance_bits: 0 to 64.
        cores: For a long comparison.
    """
    if not new.size or not known.size:
        return _nothing()
    if new.size * known.size <= _COMPARED_BY_NUMPY:
        differing = np.bitwise_count(new[:, None] ^ known[None, :])
        first, second = np.nonzero(differing <= max_distance_bits)
        return Pairs(first, second, differing[first, second].astype(np.int64))
    import faiss  # noqa: PLC0415 - takes as long as four photographs, which few need

    # Threads that wait for one another cost more than they save on a short comparison.
    is_long = new.size * known.size > _COMPARED_BY_ONE_THREAD
    faiss.omp_set_num_threads(cores.count if is_long else 1)
    index = faiss.IndexBinaryFlat(_BITS)
    index.add(_as_bytes(known))
    found = []
    for start in range(0, len(new), _QUERIES_AT_ONCE):
        asked = _as_bytes(new[start : start + _QUERIES_AT_ONCE])
        # faiss takes what is strictly nearer than the radius.
        limits, distances, positions = index.range_search(asked, max_distance_bits + 1)
        counts = np.diff(limits.astype(np.int64))
        firsts = np.repeat(np.arange(start, start + len(asked)), counts)
        found.append((firsts, positions.astype(np.int64), distances.astype(np.int64)))
    return Pairs(*(np.concatenate(part) for part in zip(*found, strict=True)))


def pairs_within(hashes: Hashes, *, max_distance_bits: int, cores: Cores = ONE_CORE) -> Pairs:
    """All pairs of one list's hashes that are no farther apart, each once, the smaller first.

    Args:
        hashes: Shape (n,). Many equal ones make many pairs: ask for distinct ones.
        max_distance_bits: 0 to 16.
        cores: For a long list.
    """
    if len(hashes) > _COMPARED_ONE_BY_ONE:
        return _pairs_side_by_side(hashes, max_distance_bits, cores)
    pairs = pairs_between(hashes, hashes, max_distance_bits=max_distance_bits, cores=cores)
    once = pairs.first < pairs.second
    return Pairs(*(part[once] for part in pairs))


def pairs_of_some(
    hashes: Hashes,
    some: NDArray[np.bool_],
    *,
    max_distance_bits: int,
    cores: Cores = ONE_CORE,
) -> Pairs:
    """All pairs of a chosen hash and another one of the list that are no farther apart.

    A pair of two chosen ones is in it once or twice.

    Args:
        hashes: Shape (n,).
        some: Which are chosen; shape (n,). The first of each pair is.
        max_distance_bits: 0 to 16.
        cores: For a long list.
    """
    if len(hashes) <= _COMPARED_ONE_BY_ONE:
        chosen = np.flatnonzero(some)
        found = pairs_between(
            hashes[chosen], hashes, max_distance_bits=max_distance_bits, cores=cores
        )
        return Pairs(chosen[found.first], found.second, found.distance_bits)
    pairs = pairs_within(hashes, max_distance_bits=max_distance_bits, cores=cores)
    ways = (pairs, Pairs(pairs.second, pairs.first, pairs.distance_bits))
    wanted = (Pairs(*(part[some[way.first]] for part in way)) for way in ways)
    return Pairs(*(np.concatenate(part) for part in zip(*wanted, strict=True)))


def _pairs_side_by_side(hashes: Hashes, max_distance_bits: int, cores: Cores) -> Pairs:
    edges = _edges(max_distance_bits)

    def alike(group: tuple[int, Positions]) -> list[Hashes]:
        last, positions = group
        return [
            (positions[first].astype(np.uint64) << _POSITION_BITS)
            | positions[second].astype(np.uint64)
            for first, second in _alike_in(hashes[positions], edges, last, max_distance_bits)
        ]

    # The longest first, so that no core is left waiting.
    lasts = range(len(edges) - 1, _UNTOUCHED_CHUNKS - 2, -1)
    groups = [(last, group) for last in lasts for group in _groups(hashes, edges[last])]
    found = [pairs for part in cores.map(alike, groups) for pairs in part]
    if not found:
        return _nothing()
    pairs = np.unique(np.concatenate(found))  # a pair may be alike in several chunks
    first = (pairs >> _POSITION_BITS).astype(np.int64)
    second = (pairs & _POSITION).astype(np.int64)
    return Pairs(first, second, np.bitwise_count(hashes[first] ^ hashes[second]).astype(np.int64))


def _edges(max_distance_bits: int) -> list[tuple[int, int]]:
    """Where each chunk begins and ends, in bits."""
    count = max_distance_bits + _UNTOUCHED_CHUNKS
    return list(pairwise(_BITS * number // count for number in range(count + 1)))


def _chunk(hashes: Hashes, edge: tuple[int, int]) -> Chunk:
    """The same bits of all hashes, in as few bytes as hold them."""
    start, end = edge
    largest = (1 << (end - start)) - 1
    bits = (hashes >> np.uint64(start)) & np.uint64(largest)
    return bits.astype(np.min_scalar_type(largest))


def _groups(hashes: Hashes, edge: tuple[int, int]) -> list[Positions]:
    """The positions in portions that fit into a core's cache, equal chunks never apart."""
    chunk = _chunk(hashes, edge)
    order = np.argsort(chunk, kind="stable")
    ordered = chunk[order]
    wanted = ordered[_IN_CACHE::_IN_CACHE]
    cuts = np.unique(np.searchsorted(ordered, wanted))
    return [group for group in np.split(order, cuts) if len(group) > 1]


def _alike_in(
    hashes: Hashes, edges: Sequence[tuple[int, int]], last: int, max_distance_bits: int
) -> Iterator[tuple[Positions, Positions]]:
    """Near pairs among hashes that are sorted by one chunk, and equal in that and lower ones.

    Lists are sorted by one chunk after the other, the order within equal ones kept. On numbers of
    up to 16 bits numpy's stable sort goes through them twice, and compares nothing.
    """
    chunks = [_chunk(hashes, edge) for edge in edges[:last]]

    def walk(
        below: int, left: int, order: Positions, mask: int
    ) -> Iterator[tuple[Positions, Positions]]:
        if not left:
            yield from _neighbours(hashes[order], order, np.uint64(mask), max_distance_bits)
            return
        for place in range(left - 1, below):
            start, end = edges[place]
            by_this = order[np.argsort(chunks[place][order], kind="stable")]
            yield from walk(place, left - 1, by_this, mask | ((1 << end) - (1 << start)))

    start, end = edges[last]
    yield from walk(last, _UNTOUCHED_CHUNKS - 1, np.arange(len(hashes)), (1 << end) - (1 << start))


def _neighbours(
    ordered: Hashes, order: Positions, mask: np.uint64, max_distance_bits: int
) -> Iterator[tuple[Positions, Positions]]:
    """Near pairs among those that are equal under a mask, and so stand side by side."""
    differing = ordered[1:] ^ ordered[:-1]
    equal = np.append((differing & mask) == 0, False)
    places, step = np.flatnonzero(equal), 1
    while places.size:
        # Equal ones stand in the order of their positions.
        near = np.bitwise_count(ordered[places] ^ ordered[places + step]) <= max_distance_bits
        if near.any():
            yield order[places[near]], order[places[near] + step]
        # Whoever equals the next, which equals the one after that, and so on.
        places = places[equal[places + step]]
        step += 1


def _as_bytes(hashes: Hashes) -> NDArray[np.uint8]:
    return np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, _BITS // 8)


def _nothing() -> Pairs:
    nothing = np.empty(0, dtype=np.int64)
    return Pairs(nothing, nothing, nothing)
