import pytest
from hypothesis import given

from farmy_assets.annotation.campaign import Splits
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.keypoint import Keypoint
from farmy_assets.datasets.release import ProblemKind, ensure_releasable, problems_of
from farmy_assets.datasets.splits import split_of
from farmy_assets.datasets.versions import (
    DatasetClass,
    DatasetVersion,
    LabelledImage,
    content_digest,
)
from farmy_assets.errors import NotReleasableError
from farmy_assets_tests.datasets.examples import (
    CLASSES,
    HEIGHT_PX,
    SHARES,
    WIDTH_PX,
    a_box,
    a_version,
    an_image,
    image_lists,
    quick,
)


def kinds(version: DatasetVersion) -> list[ProblemKind]:
    return [problem.kind for problem in problems_of(version)]


def named_anew(version: DatasetVersion) -> DatasetVersion:
    """A version that was not made by `freeze`, with a digest that fits."""
    digest = content_digest(version)
    return version.model_copy(update={"created_from": digest, "version_id": f"v0001-{digest[:8]}"})


@quick
@given(image_lists())
def test_settled_images_make_a_version_without_problems(images: list[LabelledImage]) -> None:
    assert problems_of(a_version(*images)) == ()


def test_an_image_without_boxes_is_no_problem() -> None:
    assert problems_of(a_version(an_image(1))) == ()


def test_a_box_may_touch_the_edges_of_its_image() -> None:
    assert problems_of(a_version(an_image(1, a_box(corners=(0, 0, WIDTH_PX, HEIGHT_PX))))) == ()


def test_what_percentages_lose_in_arithmetic_is_no_problem() -> None:
    width_px = WIDTH_PX * (33.3 + 66.7) / 100 + 1e-10
    assert problems_of(a_version(an_image(1, a_box(corners=(0, 0, width_px, HEIGHT_PX))))) == ()


@pytest.mark.parametrize(
    "corners", [(0, 0, WIDTH_PX + 0.01, 10), (0, 0, 10, HEIGHT_PX + 0.01), (900, 900, 950, 950)]
)
def test_a_box_that_reaches_out_of_its_image_is_named(
    corners: tuple[float, float, float, float],
) -> None:
    (problem,) = problems_of(a_version(an_image(1, a_box(corners=corners))))
    assert problem.kind == ProblemKind.FAULTY_REGION
    assert problem.image_ids == (an_image(1).image_id,)
    assert an_image(1).image_id in problem.sentence
    assert "reaches out of its image of 640 x 480 px" in problem.sentence


def test_a_box_too_thin_to_survive_rounding_is_named() -> None:
    (problem,) = problems_of(a_version(an_image(1, a_box(corners=(5, 5, 5.01, 90)))))
    assert problem.kind == ProblemKind.FAULTY_REGION
    assert problem.sentence.endswith("is thinner than 0.1 px.")


def test_a_class_that_the_campaign_does_not_know_is_named() -> None:
    (problem,) = problems_of(a_version(an_image(1, a_box("pear"))))
    assert problem.kind == ProblemKind.UNKNOWN_CLASS
    assert "'pear'" in problem.sentence


def test_an_image_that_comes_twice_is_named_once() -> None:
    (problem,) = problems_of(a_version(an_image(1), an_image(1, a_box())))
    assert problem.kind == ProblemKind.REPEATED_IMAGE
    assert problem.sentence == f"Image {an_image(1).image_id} is in the version 2 times."


@pytest.mark.parametrize(
    "twin", [DatasetClass(id=7, name="new"), DatasetClass(id=8, name="unreif")], ids=["id", "name"]
)
def test_two_classes_with_one_id_or_one_name_are_named(twin: DatasetClass) -> None:
    assert kinds(a_version(classes=(*CLASSES, twin))) == ["repeated_class"]


def two_groups_in_two_splits() -> tuple[str, str]:
    train = next(f"g{n}" for n in range(99) if split_of(f"g{n}", SHARES) == "train")
    test = next(f"g{n}" for n in range(99) if split_of(f"g{n}", SHARES) == "test")
    return train, test


def test_the_same_picture_in_two_splits_is_named() -> None:
    train, test = two_groups_in_two_splits()
    one = an_image(1, group=train, sha256="a" * 64)
    two = an_image(2, group=test, sha256="a" * 64)
    (problem,) = problems_of(a_version(one, two))
    assert problem.kind == ProblemKind.PICTURE_IN_TWO_SPLITS
    assert problem.image_ids == tuple(sorted((one.image_id, two.image_id)))
    assert f"in train (image {one.image_id}) and in test (image {two.image_id})" in problem.sentence


def test_the_same_picture_twice_in_one_split_is_no_leak() -> None:
    one, two = (an_image(n, group="north", sha256="a" * 64) for n in (1, 2))
    assert problems_of(a_version(one, two)) == ()


@pytest.mark.parametrize("other", ["north", "NORTH"])
def test_a_group_in_two_splits_is_named(other: str) -> None:
    version = a_version(an_image(1, group="north"), an_image(2, group=other))
    torn = named_anew(
        version.model_copy(
            update={
                "images": tuple(
                    image.model_copy(update={"split": split})
                    for image, split in zip(version.images, ("train", "test"), strict=True)
                )
            }
        )
    )
    (problem,) = problems_of(torn)
    assert problem.kind == ProblemKind.GROUP_IN_TWO_SPLITS
    assert "'north' is in train" in problem.sentence


def test_a_version_changed_after_it_was_frozen_is_named() -> None:
    version = a_version(an_image(1), an_image(2))
    assert kinds(version.model_copy(update={"images": version.images[:1]})) == ["altered"]
    assert kinds(version.model_copy(update={"version_id": "v0001-00000000"})) == ["altered"]
    assert kinds(version.model_copy(update={"shares": Splits()})) == ["altered"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (a_box(corners=(0, 0, 100, 100)), a_box(corners=(0, 0, 100, 100)), True),
        (a_box(corners=(0, 0, 100, 100)), a_box(corners=(1, 1, 101, 101)), True),
        (a_box(corners=(0, 0, 100, 100)), a_box(corners=(4, 0, 100, 100)), True),
        (a_box(corners=(0, 0, 100, 100)), a_box(corners=(0, 0, 100, 95)), False),
        (a_box(corners=(0, 0, 100, 100)), a_box(corners=(3, 3, 103, 103)), False),
        (a_box(corners=(0, 0, 100, 100)), a_box("überreif", (0, 0, 100, 100)), False),
    ],
    ids=["identical", "nearly", "narrower", "exactly 0.95", "beside", "of another class"],
)
def test_two_boxes_around_one_object_are_named(one: Box, other: Box, *, same: bool) -> None:
    expected = ["repeated_region"] if same else []
    assert kinds(a_version(an_image(1, one, other))) == expected
    assert kinds(a_version(an_image(1, other, one))) == expected


def test_a_version_with_problems_is_refused_with_the_first_of_them() -> None:
    version = a_version(*(an_image(n, a_box("pear")) for n in range(5)))
    with pytest.raises(NotReleasableError, match=r"has 5 problems: Image .* 'pear'"):
        ensure_releasable(version)


def test_a_version_without_problems_passes() -> None:
    ensure_releasable(a_version(an_image(1)))


@pytest.mark.parametrize(("apart", "is_repeated"), [(0.9, True), (1.1, False)])
def test_two_keypoints_within_a_pixel_are_the_same_one_twice(
    apart: float, is_repeated: bool
) -> None:
    points = [Keypoint(label="unreif", x=x, y=50) for x in (50, 50 + apart)]
    kinds = [problem.kind for problem in problems_of(a_version(an_image(1, regions=points)))]
    assert kinds == [ProblemKind.REPEATED_REGION] * is_repeated
