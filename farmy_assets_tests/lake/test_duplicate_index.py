"""Two batches at once can never both keep the same photograph."""

from collections.abc import Sequence
from functools import partial

import pytest

from farmy_assets.cleansing.duplicates import DuplicateOf, Fingerprint, find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.lake.lake import Lake

FIND = partial(find_duplicates, policy=CleansingPolicy())


def fingerprint(image_id: str, look: int) -> Fingerprint:
    return Fingerprint(
        image_id=image_id,
        sha256=f"{int(image_id, 36):064x}",
        pixel_hash=f"{int(image_id, 36) + 7:064x}",
        phash=f"{look * 0x0101_0101_0101_0101:016x}",
        dhash=f"{look * 0x1010_1010_1010_1010 % 2**64:016x}",
        width_px=100,
        height_px=80,
        sharpness=5.0,
    )


def test_what_an_earlier_batch_kept_is_a_duplicate_in_a_later_one(lake: Lake) -> None:
    assert lake.duplicates.claim("one", [fingerprint("a", 3)], find=FIND) == {}
    found = lake.duplicates.claim("two", [fingerprint("b", 3), fingerprint("c", 200)], find=FIND)
    assert {d.image_id: d.of_image_id for d in found.values()} == {"b": "a"}


def test_a_batch_cleansed_again_does_not_find_itself(lake: Lake) -> None:
    new = [fingerprint("a", 3), fingerprint("b", 3)]
    first = lake.duplicates.claim("one", new, find=FIND)
    assert lake.duplicates.claim("one", new, find=FIND) == first


def test_an_earlier_batch_run_again_later_keeps_its_images(lake: Lake) -> None:
    lake.duplicates.claim("one", [fingerprint("a", 3)], find=FIND)
    lake.duplicates.claim("two", [fingerprint("b", 3)], find=FIND)
    assert lake.duplicates.claim("one", [fingerprint("a", 3)], find=FIND) == {}


def test_of_two_batches_at_once_the_second_decides_again(lake: Lake) -> None:
    looks = []

    def find(new: Sequence[Fingerprint], kept: Sequence[Fingerprint]) -> dict[str, DuplicateOf]:
        looks.append(len(kept))
        if len(looks) == 1:  # while this batch thinks, the other one is quicker
            lake.duplicates.claim("other", [fingerprint("b", 3)], find=FIND)
        return FIND(new, kept)

    found = lake.duplicates.claim("slow", [fingerprint("a", 3)], find=find)
    assert looks == [0, 1]
    assert {d.of_image_id for d in found.values()} == {"b"}


def test_a_claim_killed_before_the_index_changed_leaves_no_trace(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def die(*_: object, **__: object) -> bool:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("farmy_assets.lake.objects.Bucket.put_if", die)
        with pytest.raises(KilledError):
            lake.duplicates.claim("one", [fingerprint("a", 3)], find=FIND)
    assert lake.duplicates.claim("two", [fingerprint("b", 3)], find=FIND) == {}
