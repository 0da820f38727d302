"""Copies are found, the best is kept, and nothing else is dropped."""

import hashlib
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from farmy_assets.cleansing.checks import copy_checks
from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of, known_images
from farmy_assets.cleansing.duplicates import DuplicateKind, clusters, find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets_tests.cleansing.drawing import exposed, plants, stored

POLICY = CleansingPolicy()
NONE = known_images([])
LIMIT = POLICY.near_duplicate_max_distance_bits


def made_up(
    image_id: str,
    *,
    phash: int = 0,
    dhash: int | None = None,
    content: str | None = None,
    width_px: int = 100,
    sharpness: float = 10,
    taken_at: datetime | None = None,
) -> Fingerprint:
    looks = phash, phash if dhash is None else dhash
    turned = "".join(hashlib.sha256(f"{looks} {n}".encode()).hexdigest()[:32] for n in range(7))
    digest = hashlib.sha256((content or image_id).encode()).hexdigest()
    return Fingerprint(
        image_id=image_id,
        sha256=digest,
        pixel_hash=digest,
        phash=f"{phash:016x}",
        dhash=f"{looks[1]:016x}",
        turned=turned,
        width_px=width_px,
        height_px=100,
        sharpness=sharpness,
        taken_at=taken_at,
    )


def of_photograph(image_id: str, content: bytes) -> Fingerprint:
    fingerprint = fingerprint_of(assess(image_id, content, policy=POLICY))
    assert fingerprint is not None
    return fingerprint


def dropped(new: list[Fingerprint], kept: list[Fingerprint] | None = None) -> dict[str, str]:
    found = find_duplicates(new, known_images(kept or []), policy=POLICY)
    return {image_id: duplicate.of_image_id for image_id, duplicate in found.items()}


def bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(lambda image: stored(image, quality=40), id="quality 40"),
        pytest.param(lambda image: stored(image, quality=95), id="quality 95"),
        pytest.param(lambda image: stored(image.resize((400, 300))), id="half the size"),
        pytest.param(lambda image: stored(image.resize((720, 540))), id="90 % of the size"),
        pytest.param(lambda image: stored(exposed(image, 1.1)), id="brighter"),
        pytest.param(lambda image: stored(exposed(image, 0.9)), id="darker"),
        pytest.param(lambda image: stored(image, "WEBP"), id="WebP"),
    ],
)
def test_a_changed_copy_of_a_photograph_is_near(
    variant: Callable[[Image.Image], bytes],
) -> None:
    image = plants(size=(800, 600))
    kept, copy = of_photograph("kept", stored(image)), of_photograph("copy", variant(image))

    found = find_duplicates([copy], known_images([kept]), policy=POLICY)

    assert found["copy"].of_image_id == "kept"
    assert found["copy"].kind is DuplicateKind.NEAR
    assert found["copy"].distance_bits <= LIMIT


def test_different_photographs_are_no_duplicates() -> None:
    different = [of_photograph(f"{seed}", stored(plants(seed))) for seed in range(40)]

    assert dropped(different) == {}


def test_the_same_pixels_with_other_metadata_are_an_exact_duplicate() -> None:
    image = plants()
    first = of_photograph("a", stored(image))
    second = of_photograph("b", stored(image, comment=b"taken in May"))

    found = find_duplicates([second, first], NONE, policy=POLICY)

    assert first.sha256 != second.sha256
    assert found["b"].kind is DuplicateKind.EXACT
    assert found["b"].of_image_id == "a"


def test_an_undecodable_image_has_no_fingerprint() -> None:
    assert fingerprint_of(assess("one", b"text", policy=POLICY)) is None


def test_the_largest_then_the_sharpest_then_the_first_id_is_kept() -> None:
    small = made_up("a", width_px=50, sharpness=90)
    dull = made_up("b", width_px=100, sharpness=5)
    late = made_up("d", width_px=100, sharpness=20)
    best = made_up("c", width_px=100, sharpness=20)

    assert dropped([small, dull, late, best]) == {"a": "c", "b": "c", "d": "c"}


def test_a_kept_image_stays_even_if_a_better_copy_comes() -> None:
    assert dropped([made_up("new", width_px=900)], [made_up("old")]) == {"new": "old"}


def test_both_hashes_have_to_be_near() -> None:
    kept = made_up("kept")
    far_in_one = made_up("one", phash=0, dhash=bits(*range(LIMIT + 1)))
    at_the_limit = made_up("limit", phash=bits(*range(LIMIT)), dhash=0)

    assert dropped([far_in_one, at_the_limit], [kept]) == {"limit": "kept"}


def test_in_a_chain_only_what_is_near_to_a_kept_image_is_dropped() -> None:
    best = made_up("a", phash=0, width_px=300)
    middle = made_up("b", phash=bits(*range(LIMIT)), width_px=200)
    end = made_up("c", phash=bits(*range(2 * LIMIT)), width_px=100)

    assert dropped([middle, end, best]) == {"b": "a"}


def test_a_copy_of_a_copy_points_to_the_image_that_is_kept() -> None:
    kept = made_up("kept")
    twins = [made_up(name, phash=1, content="same") for name in ("t1", "t2")]

    found = find_duplicates(twins, known_images([kept]), policy=POLICY)

    assert {d.of_image_id for d in found.values()} == {"kept"}
    assert {d.kind for d in found.values()} == {DuplicateKind.NEAR}


def test_the_nearest_kept_image_is_named() -> None:
    kept = [made_up("far", phash=bits(1, 2, 3)), made_up("near", phash=bits(1))]

    assert dropped([made_up("new", phash=0)], kept) == {"new": "near"}


def test_the_kinds_are_words_of_the_reasons() -> None:
    assert {kind.value for kind in DuplicateKind} == {check.name for check in copy_checks()}


fingerprints = st.builds(
    lambda number, group, pattern, width: made_up(
        f"{number:04d}", phash=pattern, content=f"group {group}", width_px=width
    ),
    st.integers(0, 9999),
    st.integers(0, 5),
    st.sampled_from([0, 1, 0xFF, 0xFF00FF, 0xFFFFFFFFFF]),
    st.integers(1, 3),
)
batches = st.lists(fingerprints, max_size=14, unique_by=lambda f: f.image_id)


@given(batches, batches, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_answer_does_not_depend_on_the_order(
    new: list[Fingerprint], kept: list[Fingerprint], chance: random.Random
) -> None:
    shuffled_new, shuffled_kept = list(new), list(kept)
    chance.shuffle(shuffled_new)
    chance.shuffle(shuffled_kept)

    found = find_duplicates(new, known_images(kept), policy=POLICY)
    again = find_duplicates(shuffled_new, known_images(shuffled_kept), policy=POLICY)

    assert found.keys() == again.keys()
    assert {i: d.distance_bits for i, d in found.items()} == {
        i: d.distance_bits for i, d in again.items()
    }


@given(batches, batches)
@settings(deadline=None)
def test_every_duplicate_points_to_a_kept_image_and_kept_images_are_no_duplicates(
    new: list[Fingerprint], kept: list[Fingerprint]
) -> None:
    new_ids = {i.image_id for i in new}
    kept = [i for i in kept if i.image_id not in new_ids]
    kept_ids = {i.image_id for i in kept}

    found = find_duplicates(new, known_images(kept), policy=POLICY)

    assert found.keys() <= new_ids
    for image_id, duplicate in found.items():
        assert duplicate.image_id == image_id
        assert duplicate.of_image_id in (new_ids | kept_ids) - found.keys()


@given(st.lists(st.integers(0, 6), max_size=20))
@settings(deadline=None)
def test_exactly_one_of_each_exact_group_is_kept(groups: list[int]) -> None:
    spread = 0x9E3779B97F4A7C15  # patterns far apart, so that no two groups are near
    new = [
        made_up(f"{i}", content=f"{g}", phash=(g * spread) % 2**64) for i, g in enumerate(groups)
    ]

    remaining = [i for i in new if i.image_id not in dropped(new)]

    assert sorted(i.sha256 for i in remaining) == sorted({i.sha256 for i in new})


def test_a_thousand_images_against_ten_thousand_take_well_under_a_second() -> None:
    chance = random.Random(1)
    images = [made_up(f"{i:05d}", phash=chance.getrandbits(64)) for i in range(11_000)]
    started = time.process_time()

    found = find_duplicates(images[:1000], known_images(images[1000:]), policy=POLICY)

    assert time.process_time() - started < 2  # 0.3 s of processor time
    assert found == {}


def test_a_thousand_blank_images_leave_one() -> None:
    blank = [made_up(f"{i:04d}") for i in range(1000)]

    assert len(dropped(blank)) == 999


@pytest.mark.parametrize("turn", list(Image.Transpose), ids=lambda turn: turn.name.lower())
def test_a_photograph_is_recognised_however_it_is_turned(turn: Image.Transpose) -> None:
    image = plants(size=(640, 480))
    kept = of_photograph("kept", stored(image))
    turned = of_photograph("turned", stored(image.transpose(turn), quality=60))

    found = find_duplicates([turned], known_images([kept]), policy=POLICY)

    assert found["turned"].of_image_id == "kept"
    assert found["turned"].orientation != 0
    assert dropped([turned, kept]).keys() <= {"kept", "turned"}
    assert len(dropped([turned, kept])) == 1


def test_of_equally_good_copies_the_older_one_is_kept() -> None:
    young = made_up("a", taken_at=datetime(2026, 6, 2, tzinfo=UTC))
    old = made_up("c", taken_at=datetime(2026, 6, 1, tzinfo=UTC))
    undated = made_up("b")

    assert dropped([young, undated, old]) == {"a": "c", "b": "c"}


def test_what_people_called_distinct_is_kept_and_others_may_be_copies_of_it() -> None:
    best, ruled, third = made_up("a", width_px=300), made_up("b"), made_up("c")

    found = find_duplicates([best, ruled, third], NONE, policy=POLICY, distinct={"b"})
    against_known = find_duplicates([ruled], known_images([best]), policy=POLICY, distinct={"b"})

    assert "b" not in found
    assert found.keys() == {"a", "c"}
    assert against_known == {}


def test_a_cluster_lists_what_was_dropped_for_one_image_the_nearest_first() -> None:
    best = made_up("best", width_px=300)
    far, near = made_up("far", phash=bits(1, 2, 3)), made_up("near", phash=bits(1))

    found = clusters(find_duplicates([far, best, near], NONE, policy=POLICY))

    assert [d.image_id for d in found["best"]] == ["near", "far"]


def test_the_limit_of_the_copys_own_source_decides() -> None:
    strict = POLICY.model_copy(update={"near_duplicate_max_distance_bits": 2})
    better, copy = made_up("a", phash=0, width_px=200), made_up("b", phash=0b111)
    for known, new in ((NONE, [better, copy]), (known_images([better]), [copy])):
        assert find_duplicates(new, known, policy=POLICY).keys() == {"b"}
        assert find_duplicates(new, known, policy=POLICY, policies={"b": strict}) == {}
        assert find_duplicates(new, known, policy=strict, policies={"b": POLICY}).keys() == {"b"}
    own = {"a": strict}
    assert find_duplicates([better, copy], NONE, policy=POLICY, policies=own).keys() == {"b"}
