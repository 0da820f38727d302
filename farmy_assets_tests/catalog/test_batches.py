import re
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.catalog.batches import (
    Batch,
    SealingPolicy,
    WaitingImage,
    batch_id_for,
    batch_number,
    seal,
)
from farmy_assets_tests.arrivals import NOON

POLICY = SealingPolicy(max_images=3, quiet=timedelta(seconds=5), max_wait=timedelta(seconds=60))


def waiting(number: int, *, age_s: float, campaign: str = "weeds") -> WaitingImage:
    return WaitingImage(
        image_id=f"{number:032x}-{'0' * 12}",
        campaign=campaign,
        arrived_at=NOON - timedelta(seconds=age_s),
    )


def test_fresh_images_wait_for_more_to_come() -> None:
    assert seal([waiting(1, age_s=1)], policy=POLICY, next_number=1, now=NOON) == []


def test_images_are_sealed_after_a_quiet_time() -> None:
    (batch,) = seal([waiting(1, age_s=5)], policy=POLICY, next_number=7, now=NOON)
    assert batch.number == batch_number(batch.batch_id) == 7


def test_a_full_batch_does_not_wait() -> None:
    (batch,) = seal([waiting(i, age_s=0) for i in range(4)], policy=POLICY, next_number=1, now=NOON)
    assert len(batch.image_ids) == 3


def test_a_trickle_that_never_pauses_is_sealed_once_the_oldest_has_waited_long_enough() -> None:
    images = [waiting(1, age_s=61), waiting(2, age_s=1)]
    (batch,) = seal(images, policy=POLICY, next_number=1, now=NOON)
    assert len(batch.image_ids) == 2


def test_a_batch_never_mixes_campaigns() -> None:
    images = [waiting(1, age_s=9), waiting(2, age_s=9, campaign="pests")]
    batches = seal(images, policy=POLICY, next_number=1, now=NOON)
    assert [batch.campaign for batch in batches] == ["pests", "weeds"]
    assert [batch.number for batch in batches] == [1, 2]


@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from(["a", "b"])), max_size=30))
def test_no_image_is_ever_sealed_twice_or_invented(ages: list[tuple[int, str]]) -> None:
    images = [waiting(i, age_s=age, campaign=name) for i, (age, name) in enumerate(ages)]
    sealed = [i for b in seal(images, policy=POLICY, next_number=1, now=NOON) for i in b.image_ids]
    assert len(sealed) == len(set(sealed))
    assert set(sealed) <= {image.image_id for image in images}
    late = {image.image_id for image in images if NOON - image.arrived_at >= POLICY.max_wait}
    assert late <= set(sealed)


@pytest.mark.parametrize("campaign", ["weeds-2026", "a", "x" * 24])
def test_a_batch_id_tells_the_campaign_and_fits_a_partition_key(campaign: str) -> None:
    (batch,) = seal(
        [waiting(1, age_s=9, campaign=campaign)], policy=POLICY, next_number=7, now=NOON
    )
    assert batch.batch_id == f"000007-{NOON:%Y%m%dT%H%M%SZ}-{campaign}"
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", batch.batch_id)
    assert batch_number(batch.batch_id) == 7


def test_batch_ids_sort_by_time_whatever_their_campaign_and_their_age() -> None:
    later = [NOON + timedelta(minutes=n) for n in range(3)]
    ids = [
        "000001-20200101T000000Z",  # of before ids had a campaign
        batch_id_for(2, later[0], "weeds"),
        batch_id_for(3, later[1], "beets"),
        batch_id_for(4, later[2], "zebra"),
    ]
    assert sorted(ids) == ids
    assert [batch_number(batch_id) for batch_id in ids] == [1, 2, 3, 4]


def test_a_batch_id_holds_the_moment_in_utc() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5)))
    assert batch_id_for(1, there, "weeds") == batch_id_for(1, NOON.astimezone(UTC), "weeds")


def test_a_batch_that_was_sealed_under_an_id_without_campaign_is_still_read() -> None:
    (batch,) = seal([waiting(1, age_s=9)], policy=POLICY, next_number=7, now=NOON)
    old = batch.to_json().replace(batch.batch_id.encode(), b"000007-20260101T120000Z")
    assert Batch.model_validate_json(old).batch_id == "000007-20260101T120000Z"
