"""A campaign that goes all the way: drawn photographs, simulated people, a released version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.regions.box import Box
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.simulation.accounts import Account
from farmy_assets.simulation.behaviour import ErrorRates
from farmy_assets.simulation.collection import make_collection
from farmy_assets.simulation.truth import Truth
from farmy_assets_tests.integration.people import everybody_at_work, open_campaign
from farmy_assets_tests.integration.running import RunningPlatform

NAME = "small-loop"
FILES = 24
OVERLAP = 0.4
RATES = ErrorRates(wrong_class=0.1, miss=0.1)
EXPORTS = ("coco", "yolo")


@dataclass(frozen=True)
class Loop:
    """What went in and what came out; `image_ids` by file name."""

    platform: RunningPlatform
    campaign: Campaign
    truth: Truth
    image_ids: dict[str, str]
    version: DatasetVersion

    def export(self, name: str) -> dict[str, bytes]:
        """All files of an export, by their path in it; pictures lie in the version's folder."""
        folder = f"{NAME}/{self.version.version_id}/"
        bucket, prefix = self.platform.lake.exports, f"{folder}{name}/"
        files = {key.removeprefix(prefix): bucket.get(key) for key in bucket.keys(prefix)}
        pictures = json.loads(files["MANIFEST.json"])["pictures"]
        return files | {path: bucket.get(folder + taken) for path, taken in pictures.items()}


def run_small_loop(
    platform: RunningPlatform, accounts: Mapping[str, Account], folder: Path
) -> Loop:
    """Draw, ingest, let everybody work, and wait for the release."""
    truth = make_collection(
        folder / "files",
        count=FILES,
        seed=41,
        size_px=(640, 480),
        truth_path=folder / "truth.json",
    )
    campaign = open_campaign(platform, NAME, overlap=OVERLAP)
    report = platform.ingest(NAME, folder / "files")
    assert (report.stored, report.refused) == (FILES, ())
    names: dict[str, str] = {}

    def true_boxes(data: Mapping[str, Any]) -> tuple[Box, ...]:
        if data["image_id"] not in names:
            names.update({image.image_id: image.name for image in platform.phases(NAME)})
        return truth.item(names[data["image_id"]]).boxes

    shelf = platform.lake.datasets
    with everybody_at_work(platform, accounts, campaign, truth=true_boxes, rates=RATES):
        version = platform.wait_until(
            f"the release of {NAME}", lambda: shelf.newest(NAME), seconds=240
        )
        platform.wait_until(
            "its exports", lambda: all(shelf.has_export(version, name) for name in EXPORTS)
        )
    image_ids = {image.name: image.image_id for image in platform.phases(NAME)}
    return Loop(platform, campaign, truth, image_ids, version)
