"""Images that look alike are one group, also through one between them."""

from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.similar_groups import similar_groups
from farmy_assets.cleansing.verdicts import Status


def image(image_id: str, phash: int | None, dhash: int | None = None) -> ImageQuality:
    """A result with hashes; the second is the first's complement where it is not said."""
    texts = [None if value is None else f"{value:016x}" for value in (phash, dhash)]
    if phash is not None and dhash is None:
        texts[1] = f"{phash ^ (2**64 - 1):016x}"
    return ImageQuality(
        image_id=image_id, sha256=None, status=Status.FIT, checks=(), phash=texts[0],
        dhash=texts[1], rule_version="1",
    )  # fmt: skip


def bits(count: int) -> int:
    return (1 << count) - 1


def test_images_within_sixteen_bits_are_one_group_named_by_its_smallest_id() -> None:
    found = similar_groups(
        [image("b", 0), image("a", bits(16)), image("c", bits(17)), image("d", 0)]
    )
    assert found == {"a": "a", "b": "a", "c": "a", "d": "a"}


def test_an_image_that_looks_like_no_other_has_no_group() -> None:
    assert similar_groups([image("a", 0), image("b", bits(17)), image("c", bits(64))]) == {}


def test_both_hashes_have_to_be_near() -> None:
    assert similar_groups([image("a", 0, 0), image("b", 0, bits(17))]) == {}
    assert len(similar_groups([image("a", 0, 0), image("b", 0, bits(16))])) == 2


def test_images_without_hashes_and_no_images_at_all_are_no_trouble() -> None:
    assert similar_groups([]) == {}
    assert similar_groups([image("a", None), image("b", 0)]) == {}
