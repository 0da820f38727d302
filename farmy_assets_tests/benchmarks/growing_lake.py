"""A new batch of always the same size, while the lake grows: what it costs to cleanse it."""

import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from farmy_assets.cleansing.compared_images import KnownImages, fingerprint_of
from farmy_assets.cleansing.duplicates import find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.verdicts import Status
from farmy_assets.execution.cores import AllCores
from farmy_assets.execution.folder import cleanse
from farmy_assets.execution.found_files import FoundFile, files_below
from farmy_assets_tests.benchmarks.duplicate_search import MANY, SOME, planted

BATCH = 1000
ROUNDS = 5
_PATTERN_BYTES = 48  # of a picture without a border


def rows(folder: Path, say: Callable[[str], None]) -> list[str]:
    """The measurements as a Markdown table.

    Args:
        folder: Photographs; the first `BATCH` of them are the batch.
        say: Told of each measurement before it begins.
    """
    files = list(islice(files_below(folder), BATCH))
    policy = CleansingPolicy()
    lines = [
        f"| a new batch of {len(files)} of `{folder.name}` | image work, s | comparing, s |",
        "| --- | --- | --- |",
    ]
    seconds = []
    for count in (SOME, MANY):
        say(f"a new batch beside {count:,} images")
        known = _known(count)
        rounds = [_batch(folder, files, policy, known) for _ in range(ROUNDS)]
        work, compared = (statistics.median(part) for part in zip(*rounds, strict=True))
        seconds.append(work)
        lines.append(f"| beside {count:,} that were kept | {work:.2f} | {compared:.2f} |")
    growth = seconds[1] / seconds[0]
    return [*lines, "", f"The batch's image work grows {growth:.2f} times."]


def _batch(
    folder: Path, files: list[FoundFile], policy: CleansingPolicy, known: KnownImages
) -> tuple[float, float]:
    began = time.perf_counter()
    found = cleanse(folder, files, policy=policy)
    worked = time.perf_counter()
    fit = (fingerprint_of(q) for q in found.qualities if q.status is Status.FIT)
    find_duplicates([f for f in fit if f], known, policy=policy, cores=AllCores())
    return worked - began, time.perf_counter() - worked


def _known(count: int) -> KnownImages:
    """Images that look like nothing in the batch, which is the dearest case."""
    contents, pixels, phashes, dhashes = (planted(count, seed) for seed in range(3, 7))
    patterns = np.random.default_rng(7).bytes(count * _PATTERN_BYTES)
    each = [patterns[n * _PATTERN_BYTES : (n + 1) * _PATTERN_BYTES] for n in range(count)]
    ids = np.arange(count).astype(np.str_)
    return KnownImages(ids, contents, pixels, phashes, dhashes, each)
