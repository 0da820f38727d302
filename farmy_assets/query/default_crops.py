"""The crop of a photograph that tells none of its own: its campaign's.

Rows of a batch are read once, so the name under which a snapshot knows a batch holds the campaign
and its crop: only the batches of a campaign that gets another crop are read again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from farmy_assets.catalog.batches import Batch
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.lake.objects import in_threads

_PARTS = 3  # ETag, campaign, crop: neither of the first two holds a space


def campaign_crops(lake: Lake) -> dict[str, str]:
    """The crop of every campaign, by name; one listing and one small record for each."""
    found = in_threads(lake.campaigns.current, lake.campaigns.names())
    return {campaign.name: campaign.crop for campaign in found if campaign}


def with_crops(
    lake: Lake, batches: Iterable[ListedObject], crops: Mapping[str, str]
) -> Iterator[ListedObject]:
    """Batches whose ETags tell their campaign and its crop.

    The campaign of a batch is read once, and known from the last snapshot after that.

    Args:
        lake: Where the manifests are.
        batches: The manifests, as a listing shows them.
        crops: Campaign to crop.
    """
    listed = list(batches)
    content = lake.records.bucket.find(keys.snapshot_manifest("images"))
    before: dict[str, str] = json.loads(content)["sources"] if content else {}
    known = {
        key: parts[1]
        for key, etag in before.items()
        if len(parts := etag.split(" ", _PARTS - 1)) == _PARTS
    }
    new = [item.key for item in listed if item.key not in known]
    read = in_threads(lambda key: lake.records.ours(key, Batch), new)
    known |= {key: batch.campaign for key, batch in zip(new, read, strict=True) if batch}
    for item in listed:
        if (campaign := known.get(item.key)) is None:
            continue  # somebody else's object among the batches
        yield item._replace(etag=f"{item.etag} {campaign} {crops.get(campaign, '')}")


def crop_in(source: ListedObject) -> str | None:
    """The crop that `with_crops` noted, or None where the campaign has none yet."""
    parts = source.etag.split(" ", _PARTS - 1)
    return (parts[-1] or None) if len(parts) == _PARTS else None
