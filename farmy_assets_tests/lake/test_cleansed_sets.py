"""Cleansed sets by campaign; those of earlier versions are read, and moved without loss."""

from collections.abc import Callable

import pytest

from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.errors import LakeUnavailableError, ObjectMissingError
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import Bucket
from farmy_assets.workflow.migration import migrate_cleansed_sets

OLDEST = "000001-20260514T120000Z"  # batches that were sealed before ids had a campaign keep theirs
WEEDS, PESTS = "000002-20260515T120000Z-weeds", "000003-20260516T120000Z-pests"
STORED = """{
 "batch_id": "%s",
 "campaign": "%s",
 "rule_version": "1",
 "kept": [
  {
   "image_id": "%s",
   "sha256": "00",
   "width_px": 8,
   "height_px": 8
  }
 ],
 "excluded": [],
 "other_rule_versions": {},
 "ruling_ids": []
}"""
OLD = {OLDEST: "weeds", WEEDS: "weeds", PESTS: "pests"}


def cleansed(batch_id: str, campaign: str, *image_ids: str) -> CleansedSet:
    kept = (KeptImage(image_id=i, sha256="00", width_px=8, height_px=8) for i in image_ids)
    return CleansedSet(
        batch_id=batch_id, campaign=campaign, rule_version="1", kept=tuple(kept), excluded=()
    )


@pytest.fixture
def old(lake: Lake) -> Lake:
    """A lake whose sets an earlier version has written."""
    for batch_id, campaign in OLD.items():
        content = STORED % (batch_id, campaign, f"image of {batch_id}")
        lake.records.bucket.put(f"cleansed/{batch_id}.json", content.encode())
    return lake


def everything(lake: Lake) -> list[CleansedSet]:
    return [cleansed(b, c, f"image of {b}") for b, c in OLD.items()]


def keys_of(lake: Lake) -> list[str]:
    return list(lake.records.bucket.keys("cleansed/"))


def test_a_set_lies_under_its_campaign(lake: Lake) -> None:
    lake.cleansed_sets.write(cleansed(WEEDS, "weeds", "a"))
    lake.cleansed_sets.write(cleansed(PESTS, "pests", "b"))
    assert keys_of(lake) == [f"cleansed/pests/{PESTS}.json", f"cleansed/weeds/{WEEDS}.json"]
    assert lake.cleansed_sets.all("weeds") == [cleansed(WEEDS, "weeds", "a")]
    assert lake.cleansed_sets.everywhere() == [
        cleansed(WEEDS, "weeds", "a"), cleansed(PESTS, "pests", "b")
    ]  # fmt: skip
    assert set(lake.kept_images("pests")) == {"b"}


def test_one_campaigns_sets_are_read_without_those_of_others(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        batch_id = f"{number:06d}-20260515T120000Z-pests"
        lake.cleansed_sets.write(cleansed(batch_id, "pests", f"i{number}"))
    lake.cleansed_sets.write(cleansed(WEEDS, "weeds", "a"))
    read: list[str] = []
    find = Bucket.find

    def noted(bucket: Bucket, key: str) -> bytes | None:
        read.append(key)
        return find(bucket, key)

    monkeypatch.setattr(Bucket, "find", noted)
    assert len(lake.cleansed_sets.all("weeds")) == 1
    assert read == [f"cleansed/weeds/{WEEDS}.json"]


def test_sets_of_earlier_versions_are_read(old: Lake) -> None:
    assert old.cleansed_sets.of("weeds", WEEDS) == cleansed(WEEDS, "weeds", f"image of {WEEDS}")
    assert old.cleansed_sets.of("pests", WEEDS) is None
    assert [found.batch_id for found in old.cleansed_sets.all("weeds")] == [OLDEST, WEEDS]
    assert old.cleansed_sets.everywhere() == everything(old)
    assert old.cleansed_sets.exists("weeds", OLDEST)
    assert not old.cleansed_sets.exists("weeds", "000004-20260517T120000Z-weeds")
    with pytest.raises(ObjectMissingError, match="has no cleansed set yet"):
        old.cleansed_sets.read("weeds", "000004-20260517T120000Z-weeds")


def test_a_set_that_is_written_again_takes_the_place_of_the_earlier_version_s(old: Lake) -> None:
    old.cleansed_sets.write(cleansed(WEEDS, "weeds", "another"))
    assert f"cleansed/{WEEDS}.json" not in keys_of(old)
    assert old.cleansed_sets.of("weeds", WEEDS) == cleansed(WEEDS, "weeds", "another")
    assert len(old.cleansed_sets.everywhere()) == 3


def test_all_are_moved_once(old: Lake) -> None:
    before = old.cleansed_sets.everywhere()
    assert migrate_cleansed_sets(old) == 3
    assert keys_of(old) == [
        f"cleansed/pests/{PESTS}.json", f"cleansed/weeds/{OLDEST}.json",
        f"cleansed/weeds/{WEEDS}.json",
    ]  # fmt: skip
    assert old.cleansed_sets.everywhere() == before
    assert migrate_cleansed_sets(old) == 0
    stored = old.records.bucket.get(f"cleansed/weeds/{WEEDS}.json").decode()
    assert stored == STORED % (WEEDS, "weeds", f"image of {WEEDS}")


@pytest.mark.parametrize("step", ["write_once", "delete"])
def test_a_move_that_is_killed_loses_and_doubles_nothing(
    old: Lake, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner = type(old.records) if step == "write_once" else Bucket
    work: Callable[..., object] = getattr(owner, step)
    calls: list[object] = []

    def killed(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            msg = "killed"
            raise LakeUnavailableError(msg)
        return work(*args)

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(LakeUnavailableError):
            migrate_cleansed_sets(old)
    assert old.cleansed_sets.everywhere() == everything(old)
    assert len(list(old.cleansed_sets.listing())) == 3
    assert [s.batch_id for s in old.cleansed_sets.all("weeds")] == [OLDEST, WEEDS]
    migrate_cleansed_sets(old)
    assert old.cleansed_sets.everywhere() == everything(old)
    assert len(keys_of(old)) == 3


def test_a_set_that_a_run_wrote_meanwhile_is_kept(old: Lake) -> None:
    newer = cleansed(WEEDS, "weeds", "newer")
    old.records.replace(f"cleansed/weeds/{WEEDS}.json", newer)  # and was killed before the deletion
    assert old.cleansed_sets.of("weeds", WEEDS) == newer
    assert newer in old.cleansed_sets.all("weeds")
    assert len(old.cleansed_sets.all("weeds")) == 2
    assert migrate_cleansed_sets(old) == 3
    assert old.cleansed_sets.of("weeds", WEEDS) == newer


def test_what_is_no_set_of_ours_is_neither_moved_nor_deleted(lake: Lake) -> None:
    lake.records.bucket.put("cleansed/000009-20260514T120000Z.json", b"{}")
    assert migrate_cleansed_sets(lake) == 0
    assert keys_of(lake) == ["cleansed/000009-20260514T120000Z.json"]
