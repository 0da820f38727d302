"""Pages and their counters: changed together whoever is killed, and whoever comes at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.sharing_counters import Earlier, counted
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.workflow.migration import rebuild_sharing_counters
from farmy_assets_tests.lake.rules import as_given, campaign

ONE, TWO = "000001-20260514T120000Z-weeds", "000002-20260514T130000Z-weeds"
STATE = "sharing/annotation/weeds.json"


def images(batch_id: str, count: int = 20) -> list[str]:
    return [f"{batch_id} {n}" for n in range(count)]


def give(lake: Lake, batch_id: str, count: int = 20) -> BatchAssignments:
    rules = campaign()

    def share(earlier: Earlier) -> tuple[Assignment, ...]:
        wanted = images(batch_id, count)
        return share_out(wanted, campaign=rules, batch_id=batch_id, earlier=earlier)

    return lake.assignments.add(rules, batch_id, share=share)


def state_of(lake: Lake) -> bytes:
    return lake.records.bucket.get(STATE)


def assert_sound(lake: Lake) -> None:
    """The counters are those of the pages, and every image is where it should be, once."""
    counters, _ = lake.assignments.shared("weeds").begin()
    pages = lake.assignments.pages("weeds")
    assert counters == counted(page.assignments for page in pages)
    given = [(a.image_id, a.person) for page in pages for a in page.assignments]
    assert len(set(given)) == len(given)
    assert counters.doubled == round(campaign().overlap_share * counters.images)


@contextmanager
def killed_at(
    monkeypatch: pytest.MonkeyPatch, write: int, *, after: bool = False
) -> Iterator[None]:
    """A process that ends just before its n-th write, or just after it."""
    put_if: Callable[..., bool] = Bucket.put_if
    writes = 0

    def counting(bucket: Bucket, key: str, content: bytes, *, etag: str | None) -> bool:
        nonlocal writes
        writes += 1
        if writes == write and not after:
            raise LakeUnavailableError
        done = put_if(bucket, key, content, etag=etag)
        if writes == write:
            raise LakeUnavailableError
        return done

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put_if", counting)
        with pytest.raises(LakeUnavailableError):
            yield


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", [1, 2])
@pytest.mark.parametrize("next_batch", [ONE, TWO])
def test_who_is_killed_while_sharing_out_loses_and_doubles_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, write: int, after: bool, next_batch: str
) -> None:
    give(lake, ONE, 7)
    expected = [*give(lake, TWO).assignments]
    with killed_at(monkeypatch, write, after=after):
        give(lake, ONE)
    give(lake, next_batch)
    assert_sound(lake)
    give(lake, ONE)
    assert_sound(lake)
    assert {a.image_id for a in lake.assignments.all("weeds")} == {*images(ONE), *images(TWO)}
    assert [a for a in lake.assignments.all("weeds") if a.batch_id == TWO] == expected


@pytest.mark.parametrize("write", [1, 2])
def test_who_is_killed_while_moving_loses_and_doubles_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    page = give(lake, ONE)
    former = [a for a in page.assignments if a.person == "anna"]
    new = [a.model_copy(update={"person": "eva"}) for a in former]
    with killed_at(monkeypatch, write):
        lake.assignments.move(page, former, new, book=as_given)
    give(lake, TWO)
    (first, _) = lake.assignments.pages("weeds")
    if first == page:  # it was killed before anything was decided
        assert lake.assignments.move(page, former, new, book=as_given)
    assert_sound(lake)
    (first, _) = lake.assignments.pages("weeds")
    assert first == page.moved(former, new)


def test_two_batches_at_once_are_shared_out_as_one_after_the_other(lake: Lake) -> None:
    rules, rounds = campaign(), []

    def share(earlier: Earlier) -> tuple[Assignment, ...]:
        rounds.append(earlier.counters.images)
        if len(rounds) == 1:  # while this one thinks, the run of another batch is quicker
            give(lake, TWO)
        return share_out(images(ONE), campaign=rules, batch_id=ONE, earlier=earlier)

    lake.assignments.add(rules, ONE, share=share)
    assert rounds == [0, 20]
    assert_sound(lake)
    assert len({a.image_id for a in lake.assignments.all("weeds")}) == 40


def test_a_writer_that_comes_late_does_not_undo_what_was_given_since(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_if: Callable[..., bool] = Bucket.put_if
    is_late = True

    def slow(bucket: Bucket, key: str, content: bytes, *, etag: str | None) -> bool:
        nonlocal is_late
        if key == keys.assignments("weeds", ONE) and is_late:
            is_late = False
            give(lake, ONE, 30)  # the next one writes the page, and then a longer one
        return put_if(bucket, key, content, etag=etag)

    monkeypatch.setattr(Bucket, "put_if", slow)
    give(lake, ONE)
    assert {a.image_id for a in lake.assignments.all("weeds")} == set(images(ONE, 30))
    assert_sound(lake)


def test_a_write_that_s3_refuses_for_another_at_once_is_made_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_if: Callable[..., bool] = Bucket.put_if
    refused: list[str] = []

    def refusing(bucket: Bucket, key: str, content: bytes, *, etag: str | None) -> bool:
        if key not in refused:
            refused.append(key)
            return False
        return put_if(bucket, key, content, etag=etag)

    monkeypatch.setattr(Bucket, "put_if", refusing)
    give(lake, ONE)
    assert refused == [STATE, keys.assignments("weeds", ONE)]
    assert {a.image_id for a in lake.assignments.all("weeds")} == set(images(ONE))
    assert_sound(lake)


def test_only_the_counters_and_the_batch_s_own_page_are_read(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        give(lake, f"00000{number}-20260514T120000Z-weeds")
    read: list[str] = []
    get = Bucket.get_with_etag

    def noted(bucket: Bucket, key: str) -> tuple[bytes, str]:
        read.append(key)
        return get(bucket, key)

    monkeypatch.setattr(Bucket, "get_with_etag", noted)
    monkeypatch.setattr(RecordStore, "read_all", None)
    give(lake, "000009-20260514T120000Z-weeds")
    assert read == [STATE, keys.assignments("weeds", "000009-20260514T120000Z-weeds")]


def test_pages_of_earlier_versions_are_counted_at_the_first_touch(lake: Lake) -> None:
    give(lake, ONE)
    give(lake, TWO)
    stored, expected = state_of(lake), lake.assignments.shared("weeds").begin()[0]
    lake.records.bucket.delete(STATE)  # as an earlier version leaves it
    assert lake.assignments.shared("weeds").begin()[0] == expected
    assert_sound(lake)
    lake.records.bucket.delete(STATE)
    give(lake, ONE, 20)
    assert lake.assignments.shared("weeds").begin()[0] == expected
    assert len(stored) > len(state_of(lake))  # no page is in flight


def test_counters_are_counted_anew_with_the_same_bytes(lake: Lake) -> None:
    lake.campaigns.apply(campaign())
    give(lake, ONE)
    give(lake, TWO)
    stored = state_of(lake)
    assert rebuild_sharing_counters(lake) == 0  # of triage nothing was given out
    assert state_of(lake) == stored
    lake.records.bucket.put(STATE, stored.replace(b'"images": 40', b'"images": 41'))
    assert rebuild_sharing_counters(lake) == 1
    assert state_of(lake) == stored
