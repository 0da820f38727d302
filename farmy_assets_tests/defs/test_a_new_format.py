"""An export format that only this test knows goes all the way: campaign, asset, release, pull."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.cli import dataset
from farmy_assets.cli.main import app
from farmy_assets.datasets.formats import FORMATS
from farmy_assets.datasets.versions import DatasetVersion, ReleasedImage
from farmy_assets.defs.datasets import dataset_version, export_asset
from farmy_assets.defs.jobs import released_assets
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import campaigns
from farmy_assets_tests.workflow.settled_campaign import (
    IMAGES,
    image_id,
    picture,
    settled_campaign,
)

CAMPAIGN = """
name: strawberries
crop: strawberry
classes: [{id: 1, name: ripe}]
annotators: [{name: anna, email: anna@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 0
exports: [coco, names]
"""


class Names:
    """One text file that names the classes of each picture."""

    TITLE = "Names"
    KIND = "text"
    CONTENTS = "one text file"
    REGIONS: Collection[str] = tuple(REGION_KINDS)
    ANSWERS = ""
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


def test_a_format_that_left_the_list_is_not_asked_for() -> None:
    assert released_assets(("coco", "names")) == ("dataset_version", "coco_dataset")


def test_a_release_exports_it_and_a_person_pulls_it_with_the_pictures_in_its_places(
    lake: Lake,
    names: Names,
    resources: Mapping[str, object],
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = settled_campaign(lake, exports=("coco", "names"))
    instance.add_dynamic_partitions("campaigns", [rules.name])
    asset = export_asset("names", names)
    assert asset.key == dg.AssetKey("names_dataset")
    assert released_assets(rules.exports) == ("dataset_version", "coco_dataset", "names_dataset")
    result = dg.materialize(
        [dataset_version, asset], instance=instance, partition_key=rules.name,
        resources=dict(resources),
    )  # fmt: skip
    assert result.success
    version = lake.datasets.newest(rules.name)
    assert version is not None

    monkeypatch.setattr(dataset, "open_lake", lambda: lake)
    folder = tmp_path / "pulled"
    done = CliRunner().invoke(
        app, ["dataset", "pull", rules.name, str(folder), "--format", "names"]
    )
    assert done.exit_code == 0, done.stderr
    for number in range(IMAGES):
        released = next(i for i in version.images if i.image_id == image_id(number))
        found = folder / f"pictures/{released.split}/{released.file_name}"
        assert found.read_bytes() == picture(number)
    assert (folder / "names.txt").read_text().splitlines() == [
        f"{image.file_name} weed" for image in version.images
    ]
    (row,) = map(
        json.loads, CliRunner().invoke(app, ["dataset", "list", "--json"]).stdout.splitlines()
    )
    assert row["formats"] == ["names"]
    card = lake.datasets.exported_file(version, "", "README.md").decode()
    assert "--format names" in card
    assert "names/names.txt" in card
    assert "yolo" not in card.lower()
