"""A batch's descriptions: written from the catalog once, read by every later step of the batch."""

from collections.abc import Mapping

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.described_batch import DescribedBatch, DescribedImage, describe
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake


def record_description(lake: Lake, batch: Batch, entries: Mapping[str, CatalogEntry]) -> None:
    """Record what later steps need of a batch's entries, in place of an older record."""
    lake.records.replace(keys.described_batch(batch.batch_id), describe(batch.batch_id, entries))


def described(lake: Lake, batch: Batch) -> dict[str, DescribedImage]:
    """What is known of a batch's images, by id; images without metadata are left out.

    Batches that an earlier version catalogued have no record: their entries are read, and recorded.
    """
    key = keys.described_batch(batch.batch_id)
    if found := lake.records.find(key, DescribedBatch):
        return found.by_id()
    found = describe(batch.batch_id, lake.catalog.entries(batch.image_ids))
    lake.records.write_once(key, found)
    return found.by_id()
