"""A batch's run reads the catalog once: what later steps need of it is in the batch's record."""

from collections.abc import Mapping, Sequence

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.described_batch import DescribedBatch
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.defs.sensors import new_images_sensor
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.described_batches import described
from farmy_assets_tests.defs.conftest import bring
from farmy_assets_tests.defs.test_the_loop import CAMPAIGN, photograph, run_what_is_asked

Resources = Mapping[str, object]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The image ids of each time that catalog entries are read."""
    found: list[list[str]] = []
    entries = CatalogTable.entries

    def noted(table: CatalogTable, image_ids: Sequence[str]) -> dict[str, CatalogEntry]:
        found.append(sorted(image_ids))
        return entries(table, image_ids)

    monkeypatch.setattr(CatalogTable, "entries", noted)
    return found


def test_a_batch_reads_its_catalog_entries_once(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, reads: list[list[str]]
) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    ids = bring(lake, {"a.jpg": photograph(1), "copy.jpg": photograph(1), "b.jpg": photograph(2)})
    reads.clear()
    run_what_is_asked(new_images_sensor, instance, resources)
    assert reads == [sorted(ids.values())]
    (batch,) = lake.batches.all()
    assert lake.assignments.placement("weeds", batch.batch_id)


def test_a_batch_that_an_earlier_version_catalogued_is_described_at_the_first_touch(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, reads: list[list[str]]
) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    bring(lake, {"a.jpg": photograph(1)})
    run_what_is_asked(new_images_sensor, instance, resources)
    (batch,) = lake.batches.all()
    key = keys.described_batch(batch.batch_id)
    stored = lake.records.read(key, DescribedBatch)
    lake.records.bucket.delete(key)
    reads.clear()
    assert described(lake, batch) == described(lake, batch) == stored.by_id()
    assert reads == [list(batch.image_ids)]
    assert lake.records.read(key, DescribedBatch) == stored
