"""How the demo judges the platform, on small cases where the answer is known."""

from io import BytesIO

from PIL import Image

from farmy_assets.annotation.regions.box import Box
from farmy_assets.cleansing.cleansed_set import Exclusion, ExclusionStatus
from farmy_assets.simulation.defects import Defect
from farmy_assets.simulation.demo_findings import (
    Drawn,
    defects_found,
    embedded_metadata,
    gain,
    sound_files,
)
from farmy_assets.simulation.demo_material import PlantedFile
from farmy_assets.simulation.truth import TruthItem

PLANT = Box(label="crop", x_min=10, y_min=10, x_max=50, y_max=50)


def planted(
    name: str, defect: Defect | None = None, *, original_id: str | None = None
) -> PlantedFile:
    item = TruthItem(
        file_name=name, defect=defect, duplicate_of="a.jpg" if original_id else None, boxes=(),
        width_px=100, height_px=80, orientation=1, has_gps=False, has_serial_number=False,
        captured_at=None,
    )  # fmt: skip
    return PlantedFile(item, original_id)


def excluded(image_id: str, *reasons: str, status: str = "held") -> dict[str, Exclusion]:
    return {image_id: Exclusion(image_id=image_id, status=ExclusionStatus(status), reasons=reasons)}


def test_a_planted_defect_is_found_missed_or_excluded_for_another_reason() -> None:
    files = {name: planted(f"{name}.jpg", Defect.DARK) for name in ("a", "b", "c")}
    exclusions = excluded("a", "dark", "blurry") | excluded("b", "blurry")
    (finding,) = defects_found(files, exclusions)
    assert (finding.planted, finding.found) == (3, 1)
    assert finding.otherwise == ("b.jpg (blurry)",)
    assert finding.missed == ("c.jpg",)


def test_a_copy_counts_as_found_when_its_original_was_excluded_in_its_place() -> None:
    files = {"a": planted("a.jpg"), "b": planted("b.jpg", Defect.EXACT_DUPLICATE, original_id="a")}
    exclusions = excluded("a", "exact_duplicate", status="duplicate")
    (finding,) = defects_found(files, exclusions)
    assert finding.found == 1
    assert sound_files(files, exclusions).false_alarms == ()


def test_an_original_that_was_excluded_together_with_its_copy_is_a_false_alarm() -> None:
    files = {"a": planted("a.jpg"), "b": planted("b.jpg", Defect.NEAR_DUPLICATE, original_id="a")}
    exclusions = excluded("a", "blurry") | excluded("b", "blurry")
    assert sound_files(files, exclusions).false_alarms == ("a.jpg (blurry)",)
    assert defects_found(files, exclusions)[0].otherwise == ("b.jpg (blurry)",)


def test_a_sound_file_that_was_excluded_is_named_with_its_reason() -> None:
    files = {"a": planted("a.jpg"), "b": planted("b.jpg")}
    found = sound_files(files, excluded("b", "bright"))
    assert (found.count, found.false_alarms) == (2, ("b.jpg (bright)",))


def test_the_gain_shows_on_the_images_that_several_people_were_given() -> None:
    wrong = PLANT.model_copy(update={"label": "weed"})
    answers = [
        Drawn("x", (PLANT,), (PLANT,)),
        Drawn("x", (wrong,), (PLANT,)),
        Drawn("y", (), (PLANT,)),
        Drawn("not released", (), (PLANT,)),
    ]
    found = gain(answers, [Drawn("x", (PLANT,), (PLANT,)), Drawn("y", (), (PLANT,))])
    assert found.shared == 1
    assert found.alone_on_shared.class_accuracy == 0.5
    assert found.final_on_shared.class_accuracy == 1
    assert found.alone.recall == 2 / 3
    assert found.final.recall == 1 / 2


def test_a_clean_copy_tells_nothing_and_a_photograph_its_place() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (15.0, 21.0, 53.0), 3: "E", 4: (75.0, 7.0, 26.0)})
    clean, telling = BytesIO(), BytesIO()
    Image.new("RGB", (8, 8)).save(clean, "JPEG")
    Image.new("RGB", (8, 8)).save(telling, "JPEG", exif=exif, comment=b"hello")
    assert embedded_metadata(clean.getvalue()) == ()
    assert embedded_metadata(telling.getvalue()) == ("exif", "comment", "position")
