"""The release of a campaign: what it writes, how often, and in which formats."""

from collections import Counter

import pytest
from botocore.model import OperationModel

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.releases import Release, release
from farmy_assets_tests.workflow.settled_campaign import (
    IMAGES,
    image_id,
    picture,
    settled_campaign,
)


@pytest.fixture
def settled(lake: Lake) -> Campaign:
    """A campaign that is ready for a release, and asks for one format."""
    return settled_campaign(lake, exports=("coco",))


def requests_of(lake: Lake, rules: Campaign) -> tuple[Release, Counter[str]]:
    """A release, and the requests that it sends to the bucket of data sets, by kind."""
    count: Counter[str] = Counter()

    def add(model: OperationModel, params: dict[str, str], **_: object) -> None:
        if f"/{lake.exports.name}" in params["url"]:
            count[model.name] += 1

    events = lake.exports.client.meta.events
    events.register("before-call.s3", add, unique_id="counting")
    try:
        return release(lake, rules), count
    finally:
        events.unregister("before-call.s3", unique_id="counting")


def test_a_release_with_nothing_new_copies_and_writes_nothing(
    lake: Lake, settled: Campaign
) -> None:
    first, cost = requests_of(lake, settled)
    assert (cost["CopyObject"], cost["PutObject"]) == (IMAGES, 3)
    again, cost = requests_of(lake, settled)
    assert again.address == first.address
    assert again.version == first.version
    assert cost == {"GetObject": 1, "ListObjectsV2": 2}


def test_a_release_with_one_picture_lost_copies_that_one(lake: Lake, settled: Campaign) -> None:
    first, _ = requests_of(lake, settled)
    version = first.version
    lost = keys.dataset(version.campaign, version.version_id, f"images/{image_id(4)}.jpg")
    lake.exports.delete(lost)
    _, cost = requests_of(lake, settled)
    assert cost == {"GetObject": 1, "ListObjectsV2": 2, "CopyObject": 1}
    assert lake.exports.get(lost) == picture(4)


def test_a_release_that_was_killed_before_its_manifest_copies_only_what_is_missing(
    lake: Lake, settled: Campaign
) -> None:
    first, _ = requests_of(lake, settled)
    version = first.version
    lake.exports.delete(keys.dataset(version.campaign, version.version_id, "MANIFEST.json"))
    for number in range(3):
        path = f"images/{image_id(number)}.jpg"
        lake.exports.delete(keys.dataset(version.campaign, version.version_id, path))
    _, cost = requests_of(lake, settled)
    assert (cost["CopyObject"], cost["PutObject"]) == (3, 3)
    own = lake.datasets.export_manifest(version, "")
    assert own is not None
    assert len(own.files) == IMAGES + 2


def test_the_card_explains_the_formats_that_the_campaign_asks_for_and_no_other(
    lake: Lake, settled: Campaign
) -> None:
    version = release(lake, settled).version
    card = lake.datasets.exported_file(version, "", "README.md").decode()
    assert "--format coco" in card
    assert "yolo" not in card.lower()
