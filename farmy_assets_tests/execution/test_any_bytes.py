"""Any bytes at all get one row each, within a time and a memory; no worker is lost unnoticed."""

import random
import resource
import time
from collections.abc import Iterator

import pytest

from farmy_assets.cleansing.judging import status_of
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import Status
from farmy_assets.execution.work import RawImage, work_guarded
from farmy_assets.execution.work_order import WorkOrder, guarded_pool
from farmy_assets_tests.cleansing.drawing import plants, stored

POLICY = CleansingPolicy(seconds_per_image=10, memory_mb_per_worker=768)
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")
WHOLE = [stored(plants(size=(48, 40)), name) for name in FORMATS]
CHUNK = 16


def mutated(seed: int) -> bytes:
    """A sound file with some bytes changed, cut out, doubled, or put in from another file."""
    chance = random.Random(seed)
    content = bytearray(chance.choice(WHOLE))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(max(1, min(len(content), chance.choice((64, 400, 10**6)))))
        size = chance.choice((1, 2, 4, 16, 200))
        other = chance.choice(WHOLE)
        start = chance.randrange(len(other))
        match chance.randrange(5):
            case 0:
                content[place : place + size] = chance.randbytes(size)
            case 1:
                content[place : place + 4] = chance.choice(
                    (b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff")
                )
            case 2:
                del content[place : place + size]
            case 3:
                content[place:place] = content[place : place + size]
            case _:
                content[place : place + size] = other[start : start + size]
    return bytes(content)


def rows_of(seeds: range) -> Iterator[ImageQuality]:
    order = WorkOrder(policy=POLICY, copies=True)
    pool = guarded_pool(order)
    try:
        for start in range(seeds.start, seeds.stop, CHUNK):
            some = range(start, min(seeds.stop, start + CHUNK))
            images = [RawImage(f"{seed}", f"{seed}.jpg", None, mutated(seed)) for seed in some]
            worked = work_guarded(images, order, pool)
            assert [row.image_id for row in worked] == [image.image_id for image in images]
            for row in worked:
                quality = ImageQuality.model_validate_json(row.quality)
                assert (row.copy is None) == (quality.status is Status.REJECTED)
                yield quality
    finally:
        pool.close()


def check(seeds: range) -> None:
    began = time.monotonic()

    statuses = [quality.status for quality in rows_of(seeds) if _is_sound(quality)]

    assert len(statuses) == len(seeds)
    # So small a picture is held at best; with one status alone the mutations would be too mild.
    assert set(statuses) == {Status.HELD, Status.REJECTED}
    assert time.monotonic() - began < 0.1 * len(seeds) + 20
    largest_child_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert largest_child_kb < 1.5 * POLICY.memory_mb_per_worker * 1024


def _is_sound(quality: ImageQuality) -> bool:
    assert quality.status is status_of(quality.checks)
    assert (quality.pixel_hash is None) == (quality.status is Status.REJECTED)
    return True


def test_hundreds_of_mutated_files_get_a_row_each() -> None:
    check(range(500))


@pytest.mark.integration
@pytest.mark.timeout(600)
def test_thousands_of_mutated_files_get_a_row_each() -> None:
    check(range(10_000, 15_000))
