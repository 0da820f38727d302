from pathlib import PurePosixPath

import pytest
import yaml
from hypothesis import given

from farmy_assets.annotation.regions.box import Box
from farmy_assets.datasets.formats.yolo import files_of, picture_path
from farmy_assets.datasets.versions import DatasetClass, DatasetVersion, LabelledImage
from farmy_assets.errors import NotReleasableError
from farmy_assets_tests.datasets.examples import a_box, a_version, an_image, image_lists, quick


def read_rows(content: bytes, names: dict[int, str], image: LabelledImage) -> list[Box]:
    """The boxes of a label file, as a reader of the format would see them."""
    boxes = []
    for row in content.decode("ascii").splitlines():
        number, *fractions = row.split(" ")
        centre_x, centre_y, width, height = (float(text) for text in fractions)
        assert all(0 <= float(text) <= 1 and len(text) == 8 for text in fractions)
        corners = (
            max(centre_x - width / 2, 0) * image.width_px,
            max(centre_y - height / 2, 0) * image.height_px,
            (centre_x + width / 2) * image.width_px,
            (centre_y + height / 2) * image.height_px,
        )
        boxes.append(a_box(names[int(number)], corners))
    return boxes


def label_path(image_path: str) -> str:
    """Where a reader of the format looks for the labels of a picture."""
    return str(PurePosixPath(image_path.replace("images", "labels", 1)).with_suffix(".txt"))


def names_of(version: DatasetVersion) -> dict[int, str]:
    names: dict[int, str] = yaml.safe_load(files_of(version)["data.yaml"])["names"]
    return names


@quick
@given(image_lists())
def test_every_box_comes_back_within_a_pixel(images: list[LabelledImage]) -> None:
    version = a_version(*images)
    files, names = files_of(version), names_of(version)
    assert len(files) == len(images) + 1
    for image in version.images:
        read = read_rows(files[label_path(picture_path(image))], names, image)
        assert [box.label for box in read] == [box.label for box in image.regions]
        for found, box in zip(read, image.regions, strict=True):
            assert found.bounds_px == pytest.approx(box.bounds_px, abs=1)


@quick
@given(image_lists())
def test_the_same_images_give_the_same_bytes_in_any_order(images: list[LabelledImage]) -> None:
    assert files_of(a_version(*images)) == files_of(a_version(*reversed(images)))


def test_a_row_is_class_centre_and_size_as_fractions() -> None:
    version = a_version(an_image(1, a_box("unreif", (64, 48, 192, 240))))
    (rows,) = (content for path, content in files_of(version).items() if path != "data.yaml")
    assert rows == b"1 0.200000 0.300000 0.200000 0.400000\n"


def test_class_numbers_have_no_gaps_and_follow_the_class_ids() -> None:
    assert names_of(a_version()) == {0: "überreif", 1: "unreif", 2: "熟した 🍓"}


@pytest.mark.parametrize("name", ["no", "null", "12", "a: b", "# x", "'", "x" * 300, "a\u2028b"])
def test_a_class_name_that_yaml_would_misread_comes_back_as_it_was(name: str) -> None:
    version = a_version(classes=(DatasetClass(id=1, name=name),))
    assert names_of(version) == {0: name}


def test_an_image_without_boxes_has_an_empty_label_file() -> None:
    version = a_version(an_image(1))
    (image,) = version.images
    assert files_of(version)[f"labels/{image.split}/{image.image_id}.txt"] == b""


def test_the_settings_name_every_split_beside_the_file_even_when_one_is_empty() -> None:
    read = yaml.safe_load(files_of(a_version())["data.yaml"])
    assert [read[split] for split in ("train", "val", "test")] == [
        "images/train",
        "images/val",
        "images/test",
    ]
    # A relative `path` would be taken from wherever training is started.
    assert "path" not in read


def test_the_file_says_which_version_it_is() -> None:
    version = a_version(an_image(1))
    first_line = files_of(version)["data.yaml"].splitlines()[0].decode()
    assert first_line == f"# strawberries {version.version_id}"


def test_a_picture_belongs_into_the_folder_of_its_split() -> None:
    (image,) = a_version(an_image(1)).images
    assert picture_path(image) == f"images/{image.split}/{image.image_id}.jpg"


def test_arithmetic_dust_outside_of_the_image_is_clipped() -> None:
    version = a_version(an_image(1, a_box(corners=(0, 0, 640.004, 480.004))))
    rows = [content for path, content in files_of(version).items() if path != "data.yaml"]
    assert rows == [b"1 0.500000 0.500000 1.000000 1.000000\n"]


def test_a_version_with_problems_is_not_exported() -> None:
    with pytest.raises(NotReleasableError, match="pear"):
        files_of(a_version(an_image(1, a_box("pear"))))
