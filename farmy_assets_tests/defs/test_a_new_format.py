"""An export format that only this test knows goes all the way: campaign, asset, release, pull."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign import parse_campaign
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.cli import dataset
from farmy_assets.cli.main import app
from farmy_assets.datasets.card import dataset_card
from farmy_assets.datasets.formats import FORMATS
from farmy_assets.datasets.versions import DatasetVersion, ReleasedImage, VersionChanges
from farmy_assets.defs.datasets import export_asset
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import campaigns
from farmy_assets_tests.datasets.examples import CLASSES, a_box, a_version, an_image

CAMPAIGN = """
name: strawberries
crop: strawberry
classes: [{id: 1, name: ripe}]
annotators: [{name: anna, email: anna@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 0
exports: [coco, names]
"""
PICTURE = b"a picture"


class Names:
    """One text file that names the classes of each picture."""

    TITLE = "Names"
    KIND = "text"
    CONTENTS = "one text file"
    REGIONS: Collection[str] = tuple(REGION_KINDS)
    LOADING = "Open `names/names.txt`.\n"

    def files_of(self, version: DatasetVersion) -> dict[str, bytes]:
        rows = [
            f"{image.file_name} {','.join(box.label for box in image.regions)}\n"
            for image in version.images
        ]
        return {"names.txt": "".join(rows).encode()}

    def picture_path(self, image: ReleasedImage) -> str:
        return f"pictures/{image.split}/{image.file_name}"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The format, in the list."""
    assert isinstance(FORMATS, dict)
    monkeypatch.setitem(FORMATS, "names", Names())
    return Names()


def test_a_campaign_may_ask_for_it_only_while_it_is_in_the_list(
    lake: Lake, request: pytest.FixtureRequest
) -> None:
    wanted = parse_campaign(CAMPAIGN)
    with pytest.raises(InvalidInputError, match="no export format 'names'; there are: coco, yolo"):
        campaigns.apply(lake, wanted)
    request.getfixturevalue("names")
    assert campaigns.apply(lake, wanted).exports == ("coco", "names")


def test_its_asset_writes_it_and_a_person_pulls_it_with_the_pictures_in_its_places(
    lake: Lake,
    names: Names,
    resources: Mapping[str, object],
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaigns.apply(lake, parse_campaign(CAMPAIGN))
    digest = hashlib.sha256(PICTURE).hexdigest()
    image = an_image(1, a_box(CLASSES[0].name), sha256=digest)
    lake.cleansed.put(keys.cleansed_image(image.image_id), PICTURE)
    version = a_version(image)
    lake.datasets.lay_out(version, {"README.md": dataset_card(version, VersionChanges())})
    lake.datasets.freeze(version)

    asset = export_asset("names", names)
    instance.add_dynamic_partitions("campaigns", ["strawberries"])
    result = dg.materialize(
        [asset], instance=instance, partition_key="strawberries", resources=dict(resources)
    )
    assert result.success
    assert asset.key == dg.AssetKey("names_dataset")

    monkeypatch.setattr(dataset, "open_lake", lambda: lake)
    folder = tmp_path / "pulled"
    done = CliRunner().invoke(
        app, ["dataset", "pull", "strawberries", str(folder), "--format", "names"]
    )
    assert done.exit_code == 0, done.stderr
    (released,) = version.images
    assert (folder / f"pictures/{released.split}/{image.file_name}").read_bytes() == PICTURE
    assert (folder / "names.txt").read_text() == f"{image.file_name} {CLASSES[0].name}\n"
    (row,) = map(
        json.loads, CliRunner().invoke(app, ["dataset", "list", "--json"]).stdout.splitlines()
    )
    assert row["formats"] == ["names"]
    card = lake.datasets.exported_file(version, "", "README.md").decode()
    assert "--format names" in card
    assert "names/names.txt" in card
