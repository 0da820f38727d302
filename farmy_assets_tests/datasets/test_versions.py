import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farmy_assets.annotation.campaign import Splits
from farmy_assets.datasets.release import problems_of
from farmy_assets.datasets.versions import (
    DatasetVersion,
    LabelledImage,
    changes_between,
    content_digest,
)
from farmy_assets_tests.datasets.examples import a_box, a_version, an_image, image_lists, quick


@quick
@given(image_lists(), st.randoms(use_true_random=False))
def test_the_order_of_the_images_makes_no_difference(
    images: list[LabelledImage], chance: random.Random
) -> None:
    shuffled = chance.sample(images, len(images))
    assert a_version(*shuffled).to_json() == a_version(*images).to_json()


@quick
@given(image_lists())
def test_a_version_comes_back_from_its_manifest_unaltered(images: list[LabelledImage]) -> None:
    version = a_version(*images)
    read = DatasetVersion.model_validate_json(version.to_json())
    assert read == version
    assert content_digest(read) == version.created_from


@quick
@given(image_lists(), image_lists())
def test_no_image_moves_whatever_else_is_added(
    images: list[LabelledImage], others: list[LabelledImage]
) -> None:
    new_ones = [an_image(100 + n, group=image.group) for n, image in enumerate(others)]
    before, after = a_version(*images), a_version(*images, *new_ones, number=2)
    assert changes_between(before, after).moved == ()


@quick
@given(image_lists(), st.data())
def test_what_is_held_out_is_in_the_test_split_with_all_that_belongs_to_it(
    images: list[LabelledImage], data: st.DataObject
) -> None:
    ids = [image.image_id for image in images]
    held = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    plain, version = a_version(*images), a_version(*images, held_out=held)
    groups = {image.group for image in images if image.image_id in held}
    before = {image.image_id: image.split for image in plain.images}
    assert {image.image_id: image.split for image in version.images} == {
        image.image_id: "test" if image.group in groups else before[image.image_id]
        for image in images
    }
    assert plain.held_out == ()
    assert {i.image_id for i in version.held_out} == {
        i.image_id for i in version.images if before[i.image_id] != i.split
    }
    assert problems_of(version) == problems_of(plain)


def test_a_copy_of_a_held_out_picture_is_held_out_as_well() -> None:
    copy = an_image(2, sha256=an_image(1).sha256)
    version = a_version(an_image(1), copy, held_out=[copy.image_id])
    assert {image.split for image in version.images} == {"test"}


def test_the_number_names_a_version_but_is_not_its_content() -> None:
    first, second = a_version(an_image(1)), a_version(an_image(1), number=12)
    assert first.created_from == second.created_from
    assert first.version_id == f"v0001-{first.created_from[:8]}"
    assert second.version_id == f"v0012-{first.created_from[:8]}"


@pytest.mark.parametrize(
    "other",
    [
        a_version(an_image(1, a_box())),
        a_version(an_image(1, settled_by="agreed")),
        a_version(an_image(1, vote_ids=("another",))),
        a_version(an_image(1, licence="CC0-1.0")),
        a_version(an_image(1), campaign_version=4),
        a_version(an_image(1), classes=()),
        a_version(an_image(1), shares=Splits()),
    ],
    ids=["boxes", "settled by", "votes", "licence", "campaign version", "classes", "shares"],
)
def test_whatever_differs_gives_another_digest(other: DatasetVersion) -> None:
    assert other.created_from != a_version(an_image(1)).created_from


def test_boxes_and_votes_have_no_order() -> None:
    one, two = a_box(), a_box("überreif")
    assert an_image(1, one, two, vote_ids=("a", "b")) == an_image(1, two, one, vote_ids=("b", "a"))


def test_one_moment_has_one_form() -> None:
    here = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    there = datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert an_image(1, captured_at=here).to_json() == an_image(1, captured_at=there).to_json()


def test_images_go_by_id_and_classes_by_class_id() -> None:
    version = a_version(*(an_image(number) for number in range(20)))
    ids = [image.image_id for image in version.images]
    assert ids == sorted(ids)
    assert [each.id for each in version.classes] == [2, 7, 40]


def test_counts_name_every_class_and_every_split() -> None:
    version = a_version(an_image(1, a_box(), a_box("überreif")), an_image(2, a_box()), an_image(3))
    assert (version.image_count, version.region_count) == (3, 3)
    assert version.regions_by_class == {"überreif": 1, "unreif": 2, "熟した 🍓": 0}
    assert list(version.images_by_split) == ["train", "val", "test"]
    assert sum(version.images_by_split.values()) == 3


def test_an_empty_version_is_a_version() -> None:
    version = a_version()
    assert version.image_count == 0
    assert version.images_by_split == {"train": 0, "val": 0, "test": 0}


def test_changes_tell_what_was_added_removed_and_relabelled() -> None:
    stays, goes, comes = an_image(1), an_image(2), an_image(3)
    old = a_version(stays, goes, an_image(4))
    new = a_version(stays, comes, an_image(4, a_box()), number=2)
    changes = changes_between(old, new)
    assert changes.since == old.version_id
    assert changes.added == (comes.image_id,)
    assert changes.removed == (goes.image_id,)
    assert changes.relabelled == (an_image(4).image_id,)
    assert (changes.picture_changed, changes.moved) == ((), ())


def test_the_same_boxes_settled_in_another_way_are_not_relabelled() -> None:
    old = a_version(an_image(1, a_box()))
    new = a_version(an_image(1, a_box(), settled_by="agreed", vote_ids=("a", "b")))
    assert changes_between(old, new).relabelled == ()


def test_changes_tell_a_new_picture_and_a_move() -> None:
    all_train = Splits(train=1, val=0, test=0)
    all_test = Splits(train=0, val=0, test=1)
    old = a_version(an_image(1), shares=all_train)
    new = a_version(an_image(1, sha256="a" * 64), shares=all_test)
    changes = changes_between(old, new)
    assert changes.picture_changed == changes.moved == (an_image(1).image_id,)


def test_against_no_version_everything_is_added() -> None:
    changes = changes_between(None, a_version(an_image(1), an_image(2)))
    assert changes.since is None
    assert changes.added == tuple(sorted(an_image(n).image_id for n in (1, 2)))


def test_the_file_of_an_image_is_named_after_its_id() -> None:
    assert an_image(1).file_name == f"{an_image(1).image_id}.jpg"


@pytest.mark.parametrize(
    "wrong",
    [
        {"width_px": 0},
        {"settled_by": "guessed"},
        {"group": "  "},
        {"image_id": "../x"},
        {"captured_at": "0001-01-01T00:00:00+03:00"},
    ],
    ids=str,
)
def test_an_image_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        an_image(1, **wrong)
