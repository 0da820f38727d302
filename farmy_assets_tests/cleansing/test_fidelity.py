"""Of a photograph and its copies the one that keeps most of it is kept."""

from collections.abc import Callable

import pytest
from PIL import Image

from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of, known_images
from farmy_assets.cleansing.duplicates import find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets.cleansing.tables import quality_columns, quality_fields, quality_of_row
from farmy_assets_tests.cleansing.drawing import opened, plants, stored

POLICY = CleansingPolicy()
SIZE = (640, 480)
ODD_SIZE = (401, 533)
TURNS = [
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
    Image.Transpose.FLIP_LEFT_RIGHT,
]


def verdict(image_id: str, content: bytes) -> ImageQuality:
    return assess(image_id, content, policy=POLICY)


def fingerprint(image_id: str, content: bytes) -> Fingerprint:
    found = fingerprint_of(verdict(image_id, content))
    assert found is not None
    return found


def dropped(original: bytes, copy: bytes) -> set[str]:
    # By its id alone the copy would be kept.
    both = [fingerprint("b original", original), fingerprint("a copy", copy)]
    return set(find_duplicates(both, known_images([]), policy=POLICY))


def exif(**tags: str) -> Image.Exif:
    found = Image.Exif()
    for number, text in {0x010F: tags.get("make"), 0x0110: tags.get("model")}.items():
        if text:
            found[number] = text
    return found


@pytest.mark.parametrize("own", [70, 85, 95])
@pytest.mark.parametrize("quality", [25, 50])
def test_a_coarser_copy_is_dropped(own: int, quality: int) -> None:
    image = plants(1, SIZE)

    assert dropped(stored(image, quality=own), stored(image, quality=quality)) == {"a copy"}


@pytest.mark.parametrize("seed", range(3))
def test_a_copy_saved_again_only_a_little_finer_is_dropped(seed: int) -> None:
    original = stored(plants(seed, (224, 224)), quality=75)

    assert dropped(original, stored(opened(original), quality=85)) == {"a copy"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("quality", [80, 85, 90])
def test_a_photograph_saved_once_keeps_the_quality_of_its_file(quality: int, seed: int) -> None:
    assert verdict("x", stored(plants(seed, SIZE), quality=quality)).kept_quality == quality


@pytest.mark.parametrize("size", [SIZE, ODD_SIZE, (224, 224)])
@pytest.mark.parametrize("quality", [90, 95, 98])
def test_a_copy_saved_again_at_a_higher_quality_is_dropped(
    quality: int, size: tuple[int, int]
) -> None:
    original = stored(plants(2, size), quality=72)

    assert dropped(original, stored(opened(original), quality=quality)) == {"a copy"}


@pytest.mark.parametrize("size", [SIZE, ODD_SIZE, (224, 224)])
@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name.lower())
def test_a_turned_copy_saved_at_a_higher_quality_is_dropped(
    turn: Image.Transpose, size: tuple[int, int]
) -> None:
    original = stored(plants(3, size), quality=72)

    assert dropped(original, stored(opened(original).transpose(turn), quality=93)) == {"a copy"}


def test_a_lossless_copy_of_a_jpeg_is_no_better_and_a_jpeg_of_a_lossless_picture_is_worse() -> None:
    image = plants(4, SIZE)
    jpeg, png = stored(image, quality=70), stored(image, "PNG")

    assert dropped(jpeg, stored(opened(jpeg), "PNG")) == {"a copy"}
    assert dropped(png, stored(image, quality=95)) == {"a copy"}


def test_a_jpeg_that_was_saved_once_is_not_taken_for_one_that_was_saved_twice() -> None:
    for quality in (60, 75, 85, 95):
        for seed in range(5):
            found = verdict("one", stored(plants(seed, SIZE), quality=quality)).kept_quality
            assert found is not None
            assert abs(found - quality) <= 1


def test_a_smaller_copy_is_dropped_however_finely_it_is_stored() -> None:
    image = plants(5, SIZE)

    assert dropped(stored(image, quality=70), stored(image.resize((600, 450)), "PNG")) == {"a copy"}


@pytest.mark.parametrize("make", [str, lambda _: None], ids=["make and model", "model alone"])
def test_the_file_of_a_camera_is_kept_rather_than_a_finer_one_without_its_data(
    make: Callable[[str], str | None],
) -> None:
    image = plants(6, (2400, 1800))
    tags = {"model": "F-3"} | ({"make": "Fieldphone"} if make("") is not None else {})
    original = stored(image, quality=93, exif=exif(**tags))

    assert dropped(original, stored(opened(original), quality=97)) == {"a copy"}
    assert dropped(original, stored(opened(original), quality=75, exif=exif(**tags))) == {"a copy"}


def test_what_tells_the_better_copy_is_stored_and_older_tables_are_read_without_it() -> None:
    found = verdict("one", stored(plants(7, SIZE), quality=80))
    row = quality_columns(found)

    assert set(row) == {field.name for field in quality_fields()}
    assert quality_of_row("one", row) == found
    added = ("small_picture", "small_picture_within_border", "kept_quality", "is_camera_named")
    older = quality_of_row("one", {name: row[name] for name in row if name not in added})
    assert [getattr(older, name) for name in added] == [None] * 4
    assert fingerprint_of(older) is not None
