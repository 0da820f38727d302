"""The search for near hashes: speed, memory and recall on random hashes with planted pairs.

Each measurement runs in a process of its own, whose peak memory is then that of the search.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image

from farmy_assets.cleansing.cut_copies import matches
from farmy_assets.cleansing.hamming import Hashes, Positions, pairs_between, pairs_within
from farmy_assets.cleansing.patterns import SIDE, WORDS, coefficients, cut_steps, signs
from farmy_assets.cleansing.small_pictures import (
    SmallPicture,
    StoredPatterns,
    asked_pictures,
    small_text,
)
from farmy_assets.execution.cores import AllCores
from farmy_assets_tests.benchmarks.peers import PeerFailedError, ask_peer

DISTANCE_BITS = 6
FEW, SOME, MANY = 50_000, 100_000, 1_000_000
BATCH = 10_000
SAMPLE = 1_000
_PLANTED_SHARE = 10  # every tenth hash has a near one
_KILOBYTE, _MEGABYTE = 1024, 1e6

# imagededup's own search; torch, which it needs, is no business of this project's environment.
_PEER = f"""
import json, sys, time
from imagededup.handlers.search.retrieval import HashEval
from imagededup.methods import PHash
hashes = json.load(sys.stdin)
began = time.perf_counter()
HashEval(test=hashes, queries=hashes, distance_function=PHash.hamming_distance, verbose=False,
         threshold={DISTANCE_BITS}, search_method="brute_force_cython").retrieve_results()
print(); print(json.dumps(time.perf_counter() - began))
"""


class Measured(NamedTuple):
    """One search: how long it took, its peak memory, and the share of near pairs it found."""

    seconds: float
    megabytes: float
    recall: float


def planted(count: int, seed: int = 1) -> Hashes:
    """Random hashes, a tenth of which is up to the distance away from another one."""
    chance = np.random.default_rng(seed)
    hashes = chance.integers(0, 2**64, count, dtype=np.uint64)
    copies = count // _PLANTED_SHARE
    for number in range(copies):
        bits = chance.choice(64, number % (DISTANCE_BITS + 1), replace=False).astype(np.uint64)
        flips = np.bitwise_or.reduce(np.uint64(1) << bits, initial=np.uint64(0))
        hashes[-1 - number] = hashes[number] ^ flips
    return hashes


def all_pairs(count: int) -> Measured:
    """All near pairs of one list; recall against comparing a sample with everything."""
    hashes = planted(count)
    began = time.perf_counter()
    found = pairs_within(hashes, max_distance_bits=DISTANCE_BITS, cores=AllCores())
    seconds, megabytes = time.perf_counter() - began, _peak_megabytes()
    return Measured(seconds, megabytes, _recall(hashes, found.first, found.second))


def new_against_known(new: int, known: int) -> Measured:
    """A batch against what is kept; half of the batch is near to something."""
    kept = planted(known)
    asked = planted(new, seed=2)
    asked[::2] = kept[: len(asked[::2])] ^ np.uint64(0b111)
    began = time.perf_counter()
    found = pairs_between(asked, kept, max_distance_bits=DISTANCE_BITS, cores=AllCores())
    seconds, megabytes = time.perf_counter() - began, _peak_megabytes()
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    expected = {
        (number, int(position))
        for number in range(0, new, max(1, new // SAMPLE))
        for position in np.flatnonzero(np.bitwise_count(kept ^ asked[number]) <= DISTANCE_BITS)
    }
    return Measured(seconds, megabytes, len(expected & pairs) / len(expected))


def changed_against_known(new: int, known: int) -> Measured:
    """The search for cut and framed copies alone; half of the batch is cut from something kept."""
    chance = np.random.default_rng(3)
    words = chance.integers(0, 2**64, (2 * known, WORDS), dtype=np.uint64)
    coarse = chance.integers(20, 230, (new, 9, 7)).astype(np.uint8)
    levels = [Image.fromarray(c).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for c in coarse]
    asked = asked_pictures([SmallPicture(small_text(level)) for level in levels])
    halves = np.arange(0, new, 2)
    cut = np.full((len(halves), 4), cut_steps(0.03))
    words[halves] = signs(coefficients(asked.levels[halves], cut))
    owners = np.repeat(np.arange(known), 2)
    stored = StoredPatterns(owners, np.tile(np.array([0, 1]), known), words)
    began = time.perf_counter()
    found = matches(asked, stored)
    seconds, megabytes = time.perf_counter() - began, _peak_megabytes()
    right = set(found.asked[found.stored == found.asked].tolist())
    return Measured(seconds, megabytes, len(right) / len(halves))


def seconds_of_imagededup(count: int = FEW) -> float:
    """imagededup's search of the same list.

    Raises:
        PeerFailedError: It could not be installed, or failed.
    """
    hashes = {f"{number}": f"{value:016x}" for number, value in enumerate(planted(count).tolist())}
    return float(ask_peer("imagededup", _PEER, given=hashes))


def rows(say: Callable[[str], None]) -> list[str]:
    """The measurements as a Markdown table.

    Args:
        say: Told of each measurement before it begins.
    """
    lines = [f"| near hashes, distance {DISTANCE_BITS} | seconds | peak MB | recall |"]
    lines.append("| --- | --- | --- | --- |")
    seconds = {}
    for count in (FEW, SOME, MANY):
        say(f"all pairs of {count:,} hashes")
        measured = _alone(all_pairs, count)
        seconds[count] = measured.seconds
        lines.append(_row(f"all pairs of {count:,}", measured))
    say(f"{BATCH:,} new hashes against {MANY:,}")
    lines.append(_row(f"{BATCH:,} new against {MANY:,}", _alone(new_against_known, BATCH, MANY)))
    say(f"{BATCH:,} new pictures, cut and framed copies among {MANY:,}")
    measured = _alone(changed_against_known, BATCH, MANY)
    lines.append(_row(f"cut and framed: {BATCH:,} new against {MANY:,}", measured))
    growth = seconds[MANY] / seconds[SOME]
    lines += ["", f"From {SOME:,} to {MANY:,} the time for all pairs grows {growth:.1f} times."]
    say(f"imagededup, {FEW:,} hashes")
    try:
        theirs = seconds_of_imagededup()
    except PeerFailedError as error:
        return [*lines, f"imagededup, for the same {FEW:,}, fails: {error}"]
    times = theirs / seconds[FEW]
    return [*lines, f"imagededup takes {theirs:.0f} s for the same {FEW:,}: {times:.0f} times."]


def _recall(hashes: Hashes, first: Positions, second: Positions) -> float:
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    expected = {
        (min(number, int(other)), max(number, int(other)))
        for number in range(0, len(hashes), max(1, len(hashes) // SAMPLE))
        for other in np.flatnonzero(np.bitwise_count(hashes ^ hashes[number]) <= DISTANCE_BITS)
        if other != number
    }
    return len(expected & pairs) / len(expected)


def _alone(measure: Callable[..., Measured], *counts: int) -> Measured:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, *counts).result()


def _peak_megabytes() -> float:
    """Of this process so far; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE / _MEGABYTE


def _row(name: str, measured: Measured) -> str:
    seconds, megabytes, recall = measured
    return f"| {name} | {seconds:.2f} | {megabytes:.0f} | {recall:.3f} |"
