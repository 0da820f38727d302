"""A simulated collection: the truth says of every file what it is."""

import hashlib
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFilter, ImageOps, UnidentifiedImageError

from farmy_assets.errors import InvalidInputError
from farmy_assets.simulation.collection import (
    Truth,
    make_collection,
    planted_counts,
    read_truth,
)
from farmy_assets.simulation.defects import Defect

COUNT = 30
SIZE = (480, 360)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("collection")


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return make_collection(folder, count=COUNT, seed=4, size_px=SIZE, processes=1)


def opened(folder: Path, name: str) -> Image.Image:
    with Image.open(folder / name) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def grey_level(folder: Path, name: str, percent: float) -> float:
    return float(np.percentile(np.asarray(opened(folder, name).convert("L")), percent))


def test_the_folder_holds_the_files_of_the_truth_and_nothing_else(
    folder: Path, truth: Truth
) -> None:
    written = {file.name for file in folder.iterdir()}
    assert written == {item.file_name for item in truth.items} | {"truth.json"}
    assert len(truth.items) == COUNT


def test_the_truth_is_read_back_as_it_was_written(folder: Path, truth: Truth) -> None:
    assert read_truth(folder) == truth
    assert read_truth(folder / "truth.json") == truth


def test_every_defect_is_planted_as_often_as_promised(truth: Truth) -> None:
    for defect, many in planted_counts(COUNT).items():
        assert len(truth.with_defect(defect)) == many


def test_of_two_hundred_files_39_must_be_excluded() -> None:
    assert sum(planted_counts(200).values()) == 39


def test_even_the_smallest_collection_holds_each_defect() -> None:
    assert min(planted_counts(20).values()) == 1


def test_too_small_a_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="at least 20"):
        make_collection(tmp_path, count=19, seed=1)


def test_names_are_those_of_a_phone(truth: Truth) -> None:
    assert all(item.file_name.startswith("IMG") for item in truth.items)
    assert all(item.file_name.endswith(".jpg") for item in truth.items)


def test_sound_files_decode_to_the_recorded_size(folder: Path, truth: Truth) -> None:
    for item in truth.with_defect(None):
        assert opened(folder, item.file_name).size == (item.width_px, item.height_px)


def test_boxes_are_given_upright_even_when_the_pixels_are_stored_turned(
    folder: Path, truth: Truth
) -> None:
    turned = [item for item in truth.items if item.orientation != 1]
    assert {item.orientation for item in turned} == {3, 6, 8}
    for item in turned:
        pixels = np.asarray(opened(folder, item.file_name), dtype=np.float64)
        green = 3 * pixels[..., 1] / np.maximum(pixels.sum(axis=2), 1) - 1
        inside = np.zeros(green.shape, dtype=bool)
        for box in item.boxes:
            inside[int(box.y_min) : int(box.y_max), int(box.x_min) : int(box.x_max)] = True
        assert green[inside].mean() > green[~inside].mean() + 0.05


def test_a_turned_file_is_stored_turned(folder: Path, truth: Truth) -> None:
    for item in truth.items:
        if item.orientation in {6, 8}:
            with Image.open(folder / item.file_name) as image:
                assert image.size == SIZE == (item.height_px, item.width_px)
                assert image.getexif()[ExifTags.Base.Orientation] == item.orientation


def test_exif_tells_what_the_truth_says_it_tells(folder: Path, truth: Truth) -> None:
    for item in truth.items:
        if item.defect is Defect.NOT_AN_IMAGE:
            continue
        with Image.open(folder / item.file_name) as image:
            exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        assert exif[ExifTags.Base.Make]
        assert exif[ExifTags.Base.Orientation] == item.orientation
        assert item.captured_at is not None
        written = f"{item.captured_at:%Y:%m:%d %H:%M:%S}"
        assert details[ExifTags.Base.DateTimeOriginal] == written
        assert bool(exif.get_ifd(ExifTags.IFD.GPSInfo)) == item.has_gps
        assert (ExifTags.Base.BodySerialNumber in details) == item.has_serial_number


def test_a_position_in_the_exif_is_one_on_the_fields(folder: Path, truth: Truth) -> None:
    placed = next(item for item in truth.items if item.has_gps)
    with Image.open(folder / placed.file_name) as image:
        gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    degrees, minutes, seconds = (float(part) for part in gps[ExifTags.GPS.GPSLatitude])
    assert degrees + minutes / 60 + seconds / 3600 == pytest.approx(15.3647, abs=0.02)
    assert gps[ExifTags.GPS.GPSLatitudeRef] == "N"


def test_what_must_be_excluded_is_neither_turned_nor_placed_for_itself(truth: Truth) -> None:
    for item in truth.items:
        if item.defect is not None and item.duplicate_of is None:
            assert item.orientation == 1
            assert not item.has_gps


def test_a_truncated_file_looks_like_a_jpeg_but_does_not_decode_to_its_end(
    folder: Path, truth: Truth
) -> None:
    for item in truth.with_defect(Defect.TRUNCATED):
        assert (folder / item.file_name).read_bytes().startswith(b"\xff\xd8")
        with pytest.raises(OSError, match="truncated"):
            opened(folder, item.file_name)


def test_what_is_not_an_image_is_none(folder: Path, truth: Truth) -> None:
    for item in truth.with_defect(Defect.NOT_AN_IMAGE):
        assert item.width_px is None
        with pytest.raises(UnidentifiedImageError):
            opened(folder, item.file_name)


def test_exact_duplicates_have_the_bytes_of_another_file(folder: Path, truth: Truth) -> None:
    for item in truth.with_defect(Defect.EXACT_DUPLICATE):
        assert item.duplicate_of is not None
        original = (folder / item.duplicate_of).read_bytes()
        assert (folder / item.file_name).read_bytes() == original
        assert item.boxes == truth.item(item.duplicate_of).boxes


def test_near_duplicates_have_other_bytes_but_look_the_same(folder: Path, truth: Truth) -> None:
    for item in truth.with_defect(Defect.NEAR_DUPLICATE):
        assert item.duplicate_of is not None
        assert (folder / item.file_name).read_bytes() != (folder / item.duplicate_of).read_bytes()
        ours, theirs = (opened(folder, name) for name in (item.file_name, item.duplicate_of))
        assert imagehash.phash(ours) - imagehash.phash(theirs) <= 6
        assert imagehash.dhash(ours) - imagehash.dhash(theirs) <= 6
        assert ours.size == (item.width_px, item.height_px)


def test_no_other_two_files_have_the_same_bytes(folder: Path, truth: Truth) -> None:
    others = [item for item in truth.items if item.defect is not Defect.EXACT_DUPLICATE]
    digests = {hashlib.sha256((folder / i.file_name).read_bytes()).digest() for i in others}
    assert len(digests) == len(others)


def test_blurred_files_have_next_to_no_fine_detail(folder: Path, truth: Truth) -> None:
    def detail(name: str) -> float:
        edges = opened(folder, name).convert("L").filter(ImageFilter.FIND_EDGES)
        return float(np.asarray(edges)[2:-2, 2:-2].std())

    sharp = min(detail(item.file_name) for item in truth.with_defect(None))
    for item in truth.with_defect(Defect.BLURRED):
        assert detail(item.file_name) < 0.4 * sharp


def test_dark_files_are_nearly_black_and_overexposed_ones_nearly_white(
    folder: Path, truth: Truth
) -> None:
    for item in truth.with_defect(Defect.DARK):
        assert grey_level(folder, item.file_name, 99) < 70
    for item in truth.with_defect(Defect.OVEREXPOSED):
        assert grey_level(folder, item.file_name, 5) > 180
    for item in truth.with_defect(None):
        assert grey_level(folder, item.file_name, 99) > 90
        assert grey_level(folder, item.file_name, 5) < 170


def test_too_small_files_are_thumbnails(folder: Path, truth: Truth) -> None:
    for item in truth.with_defect(Defect.TOO_SMALL):
        assert max(opened(folder, item.file_name).size) < 150


def test_the_same_seed_writes_the_same_bytes_with_one_process_and_with_two(
    tmp_path: Path,
) -> None:
    told: list[tuple[int, int]] = []
    make_collection(tmp_path / "one", count=20, seed=9, size_px=(320, 240), processes=1)
    make_collection(
        tmp_path / "two",
        count=20,
        seed=9,
        size_px=(320, 240),
        processes=2,
        truth_path=tmp_path / "truth-of-two.json",
        on_progress=lambda done, total: told.append((done, total)),
    )
    ones, twos = (sorted((tmp_path / name).glob("*.jpg")) for name in ("one", "two"))
    assert [file.name for file in ones] == [file.name for file in twos]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(ones, twos, strict=True))
    assert told == [(done, 20) for done in range(1, 21)]
    assert not (tmp_path / "two" / "truth.json").exists()
    assert read_truth(tmp_path / "truth-of-two.json") == read_truth(tmp_path / "one")
