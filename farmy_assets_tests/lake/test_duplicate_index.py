"""Two batches at once can never both keep the same photograph."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO

import pyarrow.parquet as pq
import pytest
from PIL import Image

from farmy_assets.catalog.batches import Batch, batch_id_for
from farmy_assets.cleansing.changed_copies import CopyChange
from farmy_assets.cleansing.compared_images import Fingerprint, KnownImages, fingerprint_of
from farmy_assets.cleansing.duplicates import DuplicateOf, find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets.lake import keys
from farmy_assets.lake.duplicate_index import DuplicateIndex
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.cleansing.drawing import plants

FIND = partial(find_duplicates, policy=CleansingPolicy())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(image_id: str, look: int) -> Fingerprint:
    return Fingerprint(
        image_id=image_id,
        sha256=_digest(image_id),
        pixel_hash=_digest(f"pixels of {image_id}"),
        phash=f"{look * 0x0101_0101_0101_0101:016x}",
        dhash=f"{look * 0x1010_1010_1010_1010 % 2**64:016x}",
        turned="".join(_digest(f"{image_id} {n}")[:32] for n in range(7)),
        width_px=100,
        height_px=80,
        sharpness=5.0,
    )


def test_what_an_earlier_batch_kept_is_a_duplicate_in_a_later_one(lake: Lake) -> None:
    assert lake.duplicates.claim("one", [fingerprint("a", 3)], campaign="weeds", find=FIND) == {}
    found = lake.duplicates.claim(
        "two", [fingerprint("b", 3), fingerprint("c", 200)], campaign="weeds", find=FIND
    )
    assert {d.image_id: d.of_image_id for d in found.values()} == {"b": "a"}


def test_a_batch_cleansed_again_does_not_find_itself(lake: Lake) -> None:
    new = [fingerprint("a", 3), fingerprint("b", 3)]
    first = lake.duplicates.claim("one", new, campaign="weeds", find=FIND)
    assert lake.duplicates.claim("one", new, campaign="weeds", find=FIND) == first


def test_an_earlier_batch_run_again_later_keeps_its_images(lake: Lake) -> None:
    lake.duplicates.claim("one", [fingerprint("a", 3)], campaign="weeds", find=FIND)
    lake.duplicates.claim("two", [fingerprint("b", 3)], campaign="weeds", find=FIND)
    assert lake.duplicates.claim("one", [fingerprint("a", 3)], campaign="weeds", find=FIND) == {}


def test_of_two_batches_at_once_the_second_decides_again(lake: Lake) -> None:
    looks = []

    def find(new: Sequence[Fingerprint], known: KnownImages) -> dict[str, DuplicateOf]:
        looks.append(len(known.image_ids))
        if len(looks) == 1:  # while this batch thinks, the other one is quicker
            lake.duplicates.claim("other", [fingerprint("b", 3)], campaign="weeds", find=FIND)
        return FIND(new, known)

    found = lake.duplicates.claim("slow", [fingerprint("a", 3)], campaign="weeds", find=find)
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
            lake.duplicates.claim("one", [fingerprint("a", 3)], campaign="weeds", find=FIND)
    assert lake.duplicates.claim("two", [fingerprint("b", 3)], campaign="weeds", find=FIND) == {}


def test_another_campaign_keeps_the_same_photograph_and_a_search_sees_it_once(lake: Lake) -> None:
    same = fingerprint("a", 3)
    lake.duplicates.claim("one", [same, fingerprint("c", 200)], campaign="weeds", find=FIND)
    new = [same, fingerprint("b", 3)]
    found = lake.duplicates.claim("two", new, campaign="pests", find=FIND)
    third = lake.duplicates.claim("three", [fingerprint("d", 3)], campaign="weeds", find=FIND)

    assert {d.image_id: d.of_image_id for d in found.values()} == {"b": "a"}
    assert {d.image_id: d.of_image_id for d in third.values()} == {"d": "a"}
    _, read = lake.duplicates.everything()
    assert sorted(read()["image_id"].to_pylist()) == ["a", "c"]


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")], ids=["in turn", "reversed"])
@pytest.mark.parametrize("distinct", [frozenset[str](), frozenset({"a"})], ids=["", "distinct"])
def test_an_image_in_two_batches_of_a_campaign_is_kept_by_the_one_that_claims_first(
    lake: Lake, order: tuple[str, str], distinct: frozenset[str]
) -> None:
    """Whatever people said of it, and however often the batches run again."""
    find = partial(find_duplicates, policy=CleansingPolicy(), distinct=distinct)
    new = [fingerprint("a", 3)]
    for name in (*order, *reversed(order), *order):
        found = lake.duplicates.claim(name, new, campaign="weeds", find=find)
        expected = {} if name == order[0] else {"a": "a"}
        assert {d.image_id: d.of_image_id for d in found.values()} == expected


def test_two_batches_at_once_with_one_image_give_it_out_once(lake: Lake) -> None:
    def find(new: Sequence[Fingerprint], known: KnownImages) -> Mapping[str, DuplicateOf]:
        if not len(known.image_ids):  # while this batch thinks, the other one is quicker
            lake.duplicates.claim("other", new, campaign="weeds", find=FIND)
        return FIND(new, known)

    found = lake.duplicates.claim("slow", [fingerprint("a", 3)], campaign="weeds", find=find)
    assert found.keys() == {"a"}


def test_an_index_of_an_earlier_version_learns_each_claims_campaign_once(lake: Lake) -> None:
    def sealed(number: int, campaign: str) -> str:
        batch_id = batch_id_for(number, NOON, campaign)
        batch = Batch(
            batch_id=batch_id, number=number, campaign=campaign, sealed_at=NOON, image_ids=()
        )
        lake.records.bucket.put(keys.batch(number), batch.to_json())
        return batch_id

    weeds, pests, later = sealed(1, "weeds"), sealed(2, "pests"), sealed(3, "weeds")
    lake.duplicates.claim(weeds, [fingerprint("a", 3)], campaign="weeds", find=FIND)
    lake.duplicates.claim(pests, [fingerprint("b", 200)], campaign="pests", find=FIND)
    index = lake.records.read(keys.DUPLICATE_INDEX, DuplicateIndex)
    former = index.model_dump(exclude={"campaigns"})
    lake.records.bucket.put(keys.DUPLICATE_INDEX, json.dumps(former).encode())

    new = [fingerprint("c", 3), fingerprint("d", 200)]
    found = lake.duplicates.claim(later, new, campaign="weeds", find=FIND)
    assert {d.image_id: d.of_image_id for d in found.values()} == {"c": "a"}
    learnt = lake.records.read(keys.DUPLICATE_INDEX, DuplicateIndex).campaigns
    assert learnt == {weeds: "weeds", pests: "pests", later: "weeds"}
    for number in (1, 2, 3):
        lake.records.bucket.delete(keys.batch(number))
    assert lake.duplicates.claim(later, new, campaign="weeds", find=FIND) == found


def test_many_batches_lie_in_few_segments_and_none_is_forgotten(lake: Lake) -> None:
    def look(number: int) -> Fingerprint:
        digest = _digest(f"{number}")
        base = fingerprint(f"{number}", 0)
        return base.model_copy(update={"phash": digest[:16], "dhash": digest[16:32]})

    for number in range(40):
        assert (
            lake.duplicates.claim(
                f"batch {number:02d}", [look(number)], campaign="weeds", find=FIND
            )
            == {}
        )
    again = [look(number).model_copy(update={"image_id": f"x{number}"}) for number in range(40)]
    found = lake.duplicates.claim("again", again, campaign="weeds", find=FIND)

    assert {d.image_id: d.of_image_id for d in found.values()} == {
        f"x{number}": f"{number}" for number in range(40)
    }
    index = lake.records.read(keys.DUPLICATE_INDEX, DuplicateIndex)
    assert len(index.segments) <= 6
    assert sum(index.segments.values()) == 40


def test_a_batch_that_keeps_other_images_than_before_gives_the_old_ones_up(lake: Lake) -> None:
    lake.duplicates.claim("one", [fingerprint("a", 3)], campaign="weeds", find=FIND)
    lake.duplicates.claim("one", [fingerprint("c", 200)], campaign="weeds", find=FIND)

    assert lake.duplicates.claim("two", [fingerprint("b", 3)], campaign="weeds", find=FIND) == {}
    assert lake.duplicates.claim(
        "three", [fingerprint("d", 200)], campaign="weeds", find=FIND
    ).keys() == {"d"}


def of_photograph(image_id: str, image: Image.Image) -> Fingerprint:
    file = BytesIO()
    image.save(file, "JPEG", quality=85)
    found = fingerprint_of(assess(image_id, file.getvalue(), policy=CleansingPolicy()))
    assert found is not None
    return found


def test_a_cut_copy_of_what_an_earlier_batch_kept_is_found_whichever_came_first(lake: Lake) -> None:
    image = plants(1, (640, 480))
    whole, cut = of_photograph("whole", image), of_photograph("cut", image.crop((20, 5, 610, 470)))
    other = of_photograph("other", plants(2, (640, 480)))
    later = of_photograph("other cut", plants(2, (640, 480)).crop((0, 20, 640, 460)))

    lake.duplicates.claim("one", [whole, later], campaign="weeds", find=FIND)
    found = lake.duplicates.claim("two", [cut, other], campaign="weeds", find=FIND)

    assert {d.image_id: (d.of_image_id, d.change) for d in found.values()} == {
        "cut": ("whole", CopyChange.CUT),
        "other": ("other cut", CopyChange.UNCUT),
    }


def test_segments_written_before_there_were_patterns_are_read_and_searched(lake: Lake) -> None:
    lake.duplicates.claim("one", [fingerprint("a", 3)], campaign="weeds", find=FIND)
    index = lake.records.read(keys.DUPLICATE_INDEX, DuplicateIndex)
    (segment,) = index.segments
    table = pq.read_table(BytesIO(lake.records.bucket.get(segment)))
    file = BytesIO()
    pq.write_table(table.drop_columns(["patterns"]), file)
    older = keys.fingerprints("0" * 32)
    lake.records.bucket.put(older, file.getvalue())
    changed = index.model_copy(update={"segments": {older: 1}})
    lake.records.bucket.put(keys.DUPLICATE_INDEX, changed.to_json())

    picture = of_photograph("new", plants(1, (640, 480)))
    found = lake.duplicates.claim(
        "two", [fingerprint("b", 3), picture], campaign="weeds", find=FIND
    )
    again = lake.duplicates.claim("three", [fingerprint("c", 3)], campaign="weeds", find=FIND)

    assert {d.image_id: d.of_image_id for d in [*found.values(), *again.values()]} == {
        "b": "a", "c": "a",
    }  # fmt: skip
