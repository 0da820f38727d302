"""What the demo works on: names, ids and truths that must fit those of the platform."""

from pathlib import Path

import pytest

from farmy_assets.annotation.regions.box import Box
from farmy_assets.errors import InvalidInputError
from farmy_assets.simulation import demo_material
from farmy_assets.simulation.collection import OnProgress, Truth
from farmy_assets.simulation.defects import Defect
from farmy_assets.simulation.demo_material import (
    LONGEST_NAME,
    PlantedFile,
    Sight,
    campaign_name,
    check_order,
    draw,
    images_of,
    own,
    planted_files,
)
from farmy_assets.simulation.truth import TruthItem
from farmy_assets_tests.arrivals import ORIGIN, arrival, jpeg

PLANT = Box(label="crop", x_min=100, y_min=200, x_max=300, y_max=400)


def nothing(_image_id: str) -> tuple[Box, ...]:
    return ()


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("chilli-weed", "demo-chilli-weed"),
        ("My Photos (2026)", "demo-my-photos-2026"),
        ("Über uns", "demo-ber-uns"),
        ("", "demo-photographs"),
        ("x" * 60, "demo-" + "x" * 19),
        ("a" * 18 + " b", "demo-" + "a" * 18),
    ],
)
def test_a_folder_gives_its_campaign_a_name_that_fits(folder: str, expected: str) -> None:
    assert campaign_name(folder) == expected
    assert len(expected) <= LONGEST_NAME


def test_image_ids_are_those_that_ingestion_gives(tmp_path: Path) -> None:
    (tmp_path / "field 1").mkdir()
    (tmp_path / "field 1" / "a.jpg").write_bytes(jpeg())
    (tmp_path / "link.jpg").symlink_to(tmp_path / "field 1" / "a.jpg")
    image_id = arrival("field 1/a.jpg", jpeg()).image_id
    assert images_of(tmp_path, ORIGIN) == {image_id: "field 1/a.jpg"}


def test_own_photographs_get_a_campaign_with_one_class(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    material = own(tmp_path)
    assert material.campaign.class_names == ("vegetation",)
    assert material.origin.campaign == material.campaign.name


@pytest.mark.parametrize("folder", [".", "no-such-folder"], ids=["empty", "missing"])
def test_a_folder_without_files_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InvalidInputError, match="--images DIR"):
        own(tmp_path / folder)


@pytest.mark.parametrize(("count", "seed"), [(19, 1), (5000, 1), (40, -1), (40, 5000)])
def test_what_cannot_be_drawn_is_refused_at_once(count: int, seed: int) -> None:
    with pytest.raises(InvalidInputError, match="is not possible; give a number from"):
        check_order(count=count, seed=seed)


def test_boxes_are_scaled_to_the_copy_and_stay_inside_it() -> None:
    item = TruthItem(
        file_name="a.jpg", defect=None, duplicate_of=None, boxes=(PLANT,), width_px=300,
        height_px=400, orientation=6, has_gps=False, has_serial_number=False, captured_at=None,
    )  # fmt: skip
    sight = Sight({"a": PlantedFile(item, None)}, nothing)
    (box,) = sight.boxes("a", width_px=150, height_px=199)
    assert (box.x_min, box.x_max, box.y_max) == (50, 150, 199)
    assert sight.boxes("another", width_px=150, height_px=199) == ()


def two_files(folder: Path, *, truth_path: Path, on_progress: OnProgress, **_: int) -> None:
    """Takes the place of the collection: a photograph, and a copy of it."""
    folder.mkdir(parents=True)
    item = TruthItem(
        file_name="a.jpg", defect=None, duplicate_of=None, boxes=(PLANT,), width_px=64,
        height_px=48, orientation=1, has_gps=False, has_serial_number=False, captured_at=None,
    )  # fmt: skip
    copy = item.model_copy(
        update={"file_name": "b.jpg", "defect": Defect.EXACT_DUPLICATE, "duplicate_of": "a.jpg"}
    )
    for number, name in enumerate(("a.jpg", "b.jpg"), start=1):
        (folder / name).write_bytes(jpeg())
        on_progress(number, 2)
    truth_path.write_bytes(Truth(seed=1, items=(item, copy)).to_json())


def test_a_second_demo_finds_the_photographs_and_the_truth_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_material, "make_collection", two_files)
    told: list[int] = []
    material = draw(tmp_path, count=20, seed=1, on_progress=lambda done, _: told.append(done))
    again = draw(tmp_path, count=20, seed=1, on_progress=lambda done, _: told.append(done))
    assert (material, told) == (again, [1, 2])
    known = {file.item.file_name: (i, file) for i, file in planted_files(tmp_path).items()}
    assert known.keys() == {"a.jpg", "b.jpg"}
    assert known["b.jpg"][1].original_id == known["a.jpg"][0]
    assert known["a.jpg"][1].original_id is None


def test_collections_of_another_size_or_seed_show_other_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []

    def drawn(_folder: Path, *, seed: int, **_: object) -> None:
        seeds.append(seed)

    monkeypatch.setattr(demo_material, "make_collection", drawn)
    for count, seed in ((40, 1), (200, 1), (40, 2)):
        draw(tmp_path, count=count, seed=seed, on_progress=lambda _done, _total: None)
    assert len(set(seeds)) == 3
