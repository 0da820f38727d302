"""Ingestion: the raw zone, and the photographs of a batch as they lie there. Nothing is written."""

import dagster as dg

from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, place, rows, sheet
from farmy_assets.defs.partitions import batches
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake

# Phones, scrapers and `farmy ingest` fill it; no run does, so no run materializes it.
raw_zone = dg.AssetSpec(
    "raw_zone",
    deps=["scraped_images"],
    group_name="ingestion",
    kinds={"s3"},
    description="Every photograph as it arrived, with its metadata: written once, never changed. "
    "Phones, scrapers, folders and buckets bring them in.",
)


@dg.asset(
    group_name="ingestion", kinds={"s3"}, partitions_def=batches, code_version="1",
    deps=[raw_zone], retry_policy=RETRY_ONCE,
)  # fmt: skip
def raw_images(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """The photographs of one sealed batch, exactly as they arrived.

    A batch is sealed by the new-images sensor. Whether an image is still there is known from S3's
    events (`catalog_entries` counts them); the checks, which read every image, exclude what is
    missing with that reason.
    """
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        raw_keys = [keys.raw_image(image_id) for image_id in batch.image_ids]
        return dg.MaterializeResult(
            metadata={
                **rows(len(batch.image_ids)),
                **sheet(lake.raw, raw_keys),
                **place(f"s3://{lake.raw.name}/{keys.RAW_IMAGES}"),
                "campaign": batch.campaign,
                "sealed_at": batch.sealed_at.isoformat(),
            }
        )
