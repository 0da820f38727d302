import hashlib

from farmy_assets.annotation.boxes import Box
from farmy_assets.annotation.campaign import Splits
from farmy_assets.datasets.coco import coco_files, coco_image_path
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
        boxes=(Box(label="weed", x_min=1, y_min=2, x_max=30, y_max=40),),
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
    image_id = made.images[0].image_id
    lake.cleansed.put(keys.cleansed_image(image_id), PICTURE)
    assert not lake.datasets.has_export(made, "coco")
    pictures = {coco_image_path(image): image.image_id for image in made.images}
    address = lake.datasets.lay_out(made, "coco", files=coco_files(made), pictures=pictures)
    assert lake.datasets.has_export(made, "coco")
    key = address.removeprefix("s3://datasets/") + "/MANIFEST.json"
    manifest = ExportManifest.model_validate_json(lake.exports.get(key))
    assert len(manifest.files) == 4
    for path, digest in manifest.files.items():
        content = lake.exports.get(key.replace("MANIFEST.json", path))
        assert hashlib.sha256(content).hexdigest() == digest
