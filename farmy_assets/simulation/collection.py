"""A folder of drawn photographs as a mobile app would deliver it, and the truth about each file.

Some files are planted with a defect and must be excluded; some are turned by their EXIF or carry a
position and must come through. The same seed and count give the same files.
"""

import multiprocessing
import signal
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image

from farmy_assets.annotation.regions.box import Box
from farmy_assets.errors import InvalidInputError
from farmy_assets.simulation import defects
from farmy_assets.simulation.cameras import Shot, exif_of, stored_turned, take_shots
from farmy_assets.simulation.defects import Defect
from farmy_assets.simulation.photographs import draw_photograph
from farmy_assets.simulation.truth import TRUTH_NAME, Truth, TruthItem, read_truth

__all__ = ["OnProgress", "Truth", "TruthItem", "make_collection", "planted_counts", "read_truth"]

MIN_COUNT = 20
MIN_DISTANCE_BITS = 11  # drawn photographs must not look like copies of each other

# How many of 200 files; at least one of each in a smaller collection.
_OF_200: dict[Defect, int] = {
    Defect.BLURRED: 6,
    Defect.DARK: 5,
    Defect.OVEREXPOSED: 5,
    Defect.TRUNCATED: 4,
    Defect.NOT_AN_IMAGE: 3,
    Defect.EXACT_DUPLICATE: 6,
    Defect.NEAR_DUPLICATE: 8,
    Defect.TOO_SMALL: 2,
}
_SPOIL = {
    Defect.BLURRED: defects.blurred,
    Defect.DARK: defects.darkened,
    Defect.OVEREXPOSED: defects.overexposed,
    Defect.TOO_SMALL: defects.shrunk,
}
_DUPLICATES = frozenset({Defect.EXACT_DUPLICATE, Defect.NEAR_DUPLICATE})
_SEEDS_PER_COLLECTION = 1_000_000

OnProgress = Callable[[int, int], None]
"""Told after each file: how many are done, and how many there will be."""


@dataclass(frozen=True)
class _Job:
    """One file to draw."""

    seed: int
    defect: Defect | None
    turn: int
    shot: Shot
    size: tuple[int, int]


@dataclass(frozen=True)
class _Done:
    """One file drawn: its bytes, its truth, and two hashes of the photograph behind it."""

    content: bytes
    item: TruthItem
    hashes: tuple[int, int]


def make_collection(
    folder: Path,
    *,
    count: int,
    seed: int,
    size_px: tuple[int, int] = (1280, 960),
    processes: int = 2,
    truth_path: Path | None = None,
    on_progress: OnProgress = lambda done, total: None,
) -> Truth:
    """Write a collection of `count` files into a folder, and the truth about it.

    Args:
        folder: Made when it is not there.
        count: How many files, duplicates and broken ones included; at least MIN_COUNT.
        seed: The same seed and count give the same bytes.
        size_px: Width and height as the sensor stores each photograph; held upright, the phone
            turns them by its EXIF orientation.
        processes: How many draw at the same time; 1 draws in this process.
        truth_path: Where the truth goes; by default `truth.json` in the folder.
        on_progress: Told after each file.

    Raises:
        InvalidInputError: The count is too small to hold one of each defect.
    """
    if count < MIN_COUNT:
        msg = f"a collection needs at least {MIN_COUNT} files to hold each defect, not {count}"
        raise InvalidInputError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, count])
    originals, copies = _planned(rng, count, seed=seed, size=size_px)
    kept: list[tuple[int, int]] = []
    items: list[TruthItem] = []
    next_seed = originals[-1].seed + 1
    with closing(_all_drawn(originals, processes)) as all_drawn:  # stopped early, it draws no more
        for job, drawn in zip(originals, all_drawn, strict=True):
            done = drawn
            while any(_too_close(done.hashes, other) for other in kept):
                done = _drawn(_Job(next_seed, job.defect, job.turn, job.shot, job.size))
                next_seed += 1
            kept.append(done.hashes)
            items.append(done.item)
            (folder / done.item.file_name).write_bytes(done.content)
            on_progress(len(items), count)
    sound = [item for item in items if item.defect is None and item.orientation == 1]
    chosen = rng.permutation(len(sound))[: len(copies)]
    for job, index in zip(copies, chosen, strict=True):
        items.append(_write_copy(folder, job, sound[int(index)]))
        on_progress(len(items), count)
    truth = Truth(seed=seed, items=tuple(sorted(items, key=lambda item: item.file_name)))
    (truth_path or folder / TRUTH_NAME).write_bytes(truth.to_json())
    return truth


def planted_counts(count: int) -> dict[Defect, int]:
    """How many files of a collection have which defect."""
    return {defect: max(1, round(share * count / 200)) for defect, share in _OF_200.items()}


def _planned(
    rng: np.random.Generator, count: int, *, seed: int, size: tuple[int, int]
) -> tuple[list[_Job], list[_Job]]:
    """What to draw, and what to copy afterwards; defects are spread over the whole collection."""
    planted = [defect for defect, many in planted_counts(count).items() for _ in range(many)]
    broken: list[Defect | None] = [defect for defect in planted if defect not in _DUPLICATES]
    again = [defect for defect in planted if defect in _DUPLICATES]
    kinds = broken + [None] * (count - len(planted))
    kinds = [kinds[int(index)] for index in rng.permutation(len(kinds))]
    shots = take_shots(rng, sound=[kind is None for kind in kinds], total=count)
    first = seed * _SEEDS_PER_COLLECTION
    turns = {defect: iter(range(count)) for defect in Defect}
    originals = [
        _Job(first + index, kind, next(turns[kind]) if kind else 0, shot, size)
        for index, (kind, shot) in enumerate(zip(kinds, shots, strict=True))
    ]
    copies = [
        _Job(first + count + index, kind, next(turns[kind]), shots[0], size)
        for index, kind in enumerate(again)
    ]
    return originals, copies


def _all_drawn(jobs: list[_Job], processes: int) -> Generator[_Done, None, None]:
    """The files in the order of the jobs."""
    if processes == 1:
        yield from map(_drawn, jobs)
        return
    # Not forked: whoever calls may have threads and open connections.
    context = multiprocessing.get_context("spawn")
    # Ctrl-C reaches the workers too: only their master is to answer it.
    ignoring = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=signal.signal, initargs=ignoring
    ) as pool:
        yield from pool.map(_drawn, jobs, chunksize=4)


def _drawn(job: _Job) -> _Done:
    rng = np.random.default_rng([job.seed, 3])
    shot = job.shot
    width_px, height_px = job.size[::-1] if shot.is_portrait else job.size
    photograph = draw_photograph(job.seed, width_px=width_px, height_px=height_px)
    picture, boxes = photograph.content, photograph.boxes
    hashes = (_bits(imagehash.phash(picture)), _bits(imagehash.dhash(picture)))
    spoil = _SPOIL.get(job.defect) if job.defect else None
    if spoil is not None:
        picture, boxes = spoil(picture, rng), ()
    stored = stored_turned(picture, shot.orientation)
    content = defects.as_jpeg(stored, quality=int(rng.integers(84, 94)), exif=exif_of(shot))
    is_image = job.defect is not Defect.NOT_AN_IMAGE
    if job.defect is Defect.TRUNCATED:
        content = defects.truncated(content, rng)
    elif not is_image:
        content, boxes = defects.not_an_image(rng, turn=job.turn), ()
    item = TruthItem(
        file_name=f"{shot.captured_at:IMG_%Y%m%d_%H%M%S}.jpg",
        defect=job.defect,
        duplicate_of=None,
        boxes=boxes,
        width_px=picture.width if is_image else None,
        height_px=picture.height if is_image else None,
        orientation=shot.orientation,
        has_gps=is_image and shot.position is not None,
        has_serial_number=is_image and shot.serial_number is not None,
        captured_at=shot.captured_at if is_image else None,
    )
    return _Done(content, item, hashes)


def _bits(value: imagehash.ImageHash) -> int:
    return int(str(value), 16)


def _too_close(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return any(
        (one ^ other).bit_count() < MIN_DISTANCE_BITS for one, other in zip(a, b, strict=True)
    )


def _write_copy(folder: Path, job: _Job, original: TruthItem) -> TruthItem:
    """The same photograph once more, under another name."""
    content = (folder / original.file_name).read_bytes()
    width, height = original.width_px or 0, original.height_px or 0
    name, size = f"{original.file_name.removesuffix('.jpg')}_1.jpg", (width, height)
    if job.defect is Defect.NEAR_DUPLICATE:
        day = original.file_name.split("_")[1]
        name = f"IMG-{day}-WA{job.turn:04d}.jpg"
        rng = np.random.default_rng([job.seed, 5])
        with Image.open(folder / original.file_name) as picture:
            again, exif = defects.sent_again(picture, rng, turn=job.turn), picture.getexif()
        content, size = (
            defects.as_jpeg(again, quality=int(rng.integers(55, 76)), exif=exif),
            again.size,
        )
    (folder / name).write_bytes(content)
    resize = partial(_resized, x=size[0] / width, y=size[1] / height)
    return original.model_copy(
        update={
            "file_name": name,
            "defect": job.defect,
            "duplicate_of": original.file_name,
            "boxes": tuple(map(resize, original.boxes)),
            "width_px": size[0],
            "height_px": size[1],
        }
    )


def _resized(box: Box, *, x: float, y: float) -> Box:
    return Box(
        label=box.label,
        x_min=box.x_min * x,
        y_min=box.y_min * y,
        x_max=box.x_max * x,
        y_max=box.y_max * y,
    )
