"""The log of what was reopened and drawn: added to by several at once, read whatever lies there."""

from collections.abc import Sequence

import pytest

from farmy_assets.annotation.reviews import Reopening, SampledImage
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.reviews import ReviewRequests
from farmy_assets_tests.arrivals import NOON

NAME = "weeds"


def sampled(*image_ids: str) -> tuple[SampledImage, ...]:
    return tuple(SampledImage(image_id=i, person="anna", is_chosen=True) for i in image_ids)


def draw(lake: Lake, *image_ids: str) -> tuple[int, list[ReviewRequests]]:
    """Draw what is not in a draw yet, by somebody who has read nothing."""

    def left(since: Sequence[ReviewRequests]) -> tuple[SampledImage, ...]:
        done = {each.image_id for requests in since for each in requests.sampled}
        return sampled(*(i for i in image_ids if i not in done))

    return lake.reviews.draw(NAME, share=0.5, after=0, draw=left)


def test_a_draw_knows_what_others_have_drawn_meanwhile(lake: Lake) -> None:
    assert draw(lake, "a", "b")[0] == 1
    last, known = draw(lake, "b", "c")
    assert last == 2
    assert [[s.image_id for s in requests.sampled] for requests in known] == [["a", "b"], ["c"]]
    assert draw(lake, "a", "c")[0] == 2  # nothing is left to draw, and nothing is written


def test_who_is_overtaken_while_writing_draws_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = type(lake.records.bucket)
    put_once = bucket.put_once

    def overtaken(self: object, key: str, body: bytes, **more: str) -> bool:
        monkeypatch.setattr(bucket, "put_once", put_once)
        draw(lake, "a")
        return put_once(self, key, body, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bucket, "put_once", overtaken)
    last, known = draw(lake, "a", "b")
    assert last == 2
    assert [[s.image_id for s in requests.sampled] for requests in known] == [["a"], ["b"]]


def test_a_foreign_object_in_the_log_is_passed_over(lake: Lake) -> None:
    lake.records.bucket.put(keys.review_log(NAME, 1), b"not ours")
    reopened = Reopening(image_id="a", reason="too large", known=("v",), reopened_at=NOON)
    lake.reviews.reopen(NAME, [reopened], after=0)
    found = lake.reviews.after(NAME, 0)
    assert [requests.reopened for requests in found.values()] == [(), (reopened,)]
    assert list(lake.reviews.after(NAME, 1)) == [2]
