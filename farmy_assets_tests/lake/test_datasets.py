import hashlib
import json

from farmy_assets.annotation.campaign import Splits
from farmy_assets.annotation.regions.box import Box
from farmy_assets.datasets.formats import FORMATS, coco
from farmy_assets.datasets.versions import DatasetClass, DatasetVersion, LabelledImage, freeze
from farmy_assets.lake import keys
from farmy_assets.lake.datasets import ExportManifest
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import arrival, jpeg

PICTURE = jpeg(7)


def version(number: int = 1) -> DatasetVersion:
    image = LabelledImage(
        image_id=arrival("a.jpg", jpeg()).image_id,
        sha256=hashlib.sha256(PICTURE).hexdigest(),
        width_px=64,
        height_px=48,
        regions=(Box(label="weed", x_min=1, y_min=2, x_max=30, y_max=40),),
        settled_by="agreed",
        vote_ids=("v1", "v2"),
        group="a",
    )
    return freeze(
        [image], campaign="weeds", campaign_version=1, shares=Splits(),
        classes=[DatasetClass(id=1, name="weed")], number=number,
    )  # fmt: skip


def test_a_number_is_frozen_only_once(lake: Lake) -> None:
    assert lake.datasets.freeze(version())
    assert not lake.datasets.freeze(version())
    assert lake.datasets.newest("weeds") == version()
    assert lake.datasets.before(version(2)) == version()


def test_an_export_is_whole_only_with_its_manifest_which_comes_last(lake: Lake) -> None:
    made = version()
    lake.cleansed.put(keys.cleansed_image(made.images[0].image_id), PICTURE)
    assert not lake.datasets.has_export(made, "coco")
    folder = lake.datasets.lay_out(made, {"README.md": b"a card"}).removeprefix("s3://datasets/")
    address = lake.datasets.export(made, "coco", coco, coco.files_of(made))
    assert lake.datasets.has_export(made, "coco")
    key = address.removeprefix("s3://datasets/")
    manifest = ExportManifest.model_validate_json(lake.exports.get(f"{key}/MANIFEST.json"))
    assert len(manifest.files) == 4
    for path, digest in manifest.files.items():
        taken = manifest.pictures.get(path)
        content = lake.exports.get(f"{folder}{taken}" if taken else f"{key}/{path}")
        assert hashlib.sha256(content).hexdigest() == digest


def test_the_pictures_of_a_version_are_kept_once_whatever_the_number_of_formats(lake: Lake) -> None:
    made = version()
    lake.cleansed.put(keys.cleansed_image(made.images[0].image_id), PICTURE)
    lake.datasets.lay_out(made, {"README.md": b"a card"})
    for name, form in FORMATS.items():
        lake.datasets.export(made, name, form, form.files_of(made))
    assert len(FORMATS) > 1
    (picture,) = [key for key in lake.exports.keys("") if key.endswith(".jpg")]
    assert picture.endswith(f"{made.version_id}/images/{made.images[0].file_name}")


def test_a_folder_without_a_manifest_gets_one_that_lists_all_its_files(lake: Lake) -> None:
    made = version()
    lake.cleansed.put(keys.cleansed_image(made.images[0].image_id), PICTURE)
    files = {"manifest.json": made.to_json(), "README.md": b"a card"}
    lake.datasets.lay_out(made, files)
    lake.exports.delete(keys.dataset(made.campaign, made.version_id, "MANIFEST.json"))
    lake.datasets.export(made, "coco", coco, coco.files_of(made))
    own = lake.datasets.export_manifest(made, "")
    assert own is not None
    picture = f"images/{made.images[0].file_name}"
    assert own.files == {
        picture: made.images[0].sha256,
        **{path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
    }


def test_a_folder_with_nothing_but_pictures_gets_a_manifest_of_them_alone(lake: Lake) -> None:
    made = version()
    lake.cleansed.put(keys.cleansed_image(made.images[0].image_id), PICTURE)
    lake.datasets.export(made, "coco", coco, coco.files_of(made))
    own = lake.datasets.export_manifest(made, "")
    assert own is not None
    assert own.files.keys() == {f"images/{made.images[0].file_name}"}


def test_what_is_lost_or_has_another_digest_is_laid_out_again(lake: Lake) -> None:
    made = version()
    lake.cleansed.put(keys.cleansed_image(made.images[0].image_id), PICTURE)
    lake.datasets.lay_out(made, {"README.md": b"a card"})
    picture = keys.dataset(made.campaign, made.version_id, f"images/{made.images[0].file_name}")
    lake.exports.delete(picture)
    lake.datasets.lay_out(made, {"README.md": b"another card"})
    assert lake.exports.get(picture) == PICTURE
    assert lake.datasets.exported_file(made, "", "README.md") == b"another card"
    own = lake.datasets.export_manifest(made, "")
    assert own is not None
    assert own.files["README.md"] == hashlib.sha256(b"another card").hexdigest()


def test_a_version_of_an_earlier_release_gets_its_pictures_with_its_next_export(lake: Lake) -> None:
    made = version()
    lake.cleansed.put(keys.cleansed_image(made.images[0].image_id), PICTURE)
    lake.datasets.lay_out(made, {"README.md": b"a card"})
    folder = keys.dataset(made.campaign, made.version_id, "")
    lake.exports.delete(f"{folder}images/{made.images[0].file_name}")
    card = {"README.md": hashlib.sha256(b"a card").hexdigest()}
    former = {"version_id": made.version_id, "files": card}
    lake.exports.put(f"{folder}MANIFEST.json", json.dumps(former).encode())
    lake.datasets.export(made, "coco", coco, coco.files_of(made))
    assert lake.exports.get(f"{folder}images/{made.images[0].file_name}") == PICTURE
    own = lake.datasets.export_manifest(made, "")
    assert own is not None
    assert own.files.keys() == {"README.md", f"images/{made.images[0].file_name}"}
