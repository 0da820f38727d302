"""The catalog: the entries of a batch's photographs, complete before anything is built on them."""

from collections import Counter

import dagster as dg

from farmy_assets.catalog.entry import EntryState
from farmy_assets.catalog.wording import counted
from farmy_assets.defs.claims import Events, concluded
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.ingestion import raw_images
from farmy_assets.defs.metadata import Materialized, count_table, place, record_table, rows, sheet
from farmy_assets.defs.partitions import batches
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.described_batches import record_description
from farmy_assets.workflow.reconcile import Reconciler

SHOWN = 10
COLUMNS = ("original_name", "captured_at", "device", "source", "crop", "field", "licence")


@dg.asset(
    group_name="catalog", kinds={"dynamodb"}, partitions_def=batches, code_version="1",
    deps=[raw_images], retry_policy=RETRY_ONCE,
    check_specs=[
        dg.AssetCheckSpec(
            "every_image_has_an_entry", asset="catalog_entries", blocking=True,
            description="The catalog knows each image of the batch.",
        )
    ],
)  # fmt: skip
def catalog_entries(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Events:
    """What the catalog knows of a batch's photographs: where, when, with what, under which licence.

    Entries come from S3 events by the Lambda. One that the catalog has lost is rebuilt here from
    the raw zone, so running it again heals. What later steps need of the entries is recorded here,
    so that a batch reads the catalog once.
    """
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        entries, rebuilt = Reconciler.of(lake).restore_batch(batch)
        record_description(lake, batch, entries)
        campaign = lake.campaigns.current(batch.campaign)
    known = [entry.metadata for entry in entries.values() if entry.metadata]
    crop = {"crop": campaign.crop} if campaign else {}
    states = Counter(entry.state for entry in entries.values())
    lacking = sorted(set(batch.image_ids) - entries.keys())
    shown = [
        m.model_dump(mode="json") | ({} if m.crop else crop)
        for m in sorted(known, key=lambda m: m.original_name)
    ]
    result = Materialized(
        metadata={
            **rows(len(entries)),
            **sheet(lake.raw, [keys.raw_image(image_id) for image_id in batch.image_ids]),
            **place(f"dynamodb://{lake.catalog.name}"),
            "campaign": batch.campaign,
            "rebuilt_entries": rebuilt,
            "present_images": states[EntryState.PRESENT],
            "deleted_images": states[EntryState.DELETED],
            "size_bytes": sum(
                entry.metadata.size_bytes
                for entry in entries.values()
                if entry.metadata and entry.state is EntryState.PRESENT
            ),
            "with_position": sum(m.position is not None for m in known),
            "without_licence": sum(m.licence is None for m in known),
            "by_device": count_table(Counter(m.device or "unknown" for m in known), of="device"),
            "first_entries": record_table(shown[:SHOWN], COLUMNS),
        }
    )
    yield from concluded(
        result,
        "every_image_has_an_entry",
        broken=lacking,
        what=f"{counted(len(lacking), 'image')} of {len(batch.image_ids)} without an entry",
        metadata={"missing": len(lacking), "first_missing": lacking[:SHOWN]},
    )
