"""The jobs that sensors start; people may start them, or any of their assets, by hand as well."""

import dagster as dg

BATCH_ASSETS = (
    "raw_images", "catalog_entries", "image_quality", "cleansed_set",
    "annotation_tasks", "annotation_projects",
)  # fmt: skip
WITHIN_AN_HOUR = {"dagster/max_runtime": "3600"}

batch_job = dg.define_asset_job(
    "batch_job",
    selection=dg.AssetSelection.assets(*BATCH_ASSETS),
    tags=WITHIN_AN_HOUR,
    description="A sealed batch, from the raw zone to tasks that annotators see.",
)
placement_job = dg.define_asset_job(
    "placement_job",
    selection=dg.AssetSelection.assets("annotation_tasks", "annotation_projects"),
    tags=WITHIN_AN_HOUR,
    description="A cleansed batch, to tasks that annotators see.",
)
votes_job = dg.define_asset_job(
    "votes_job",
    selection=dg.AssetSelection.assets(
        "annotations", "annotation_conflicts", "adjudication_tasks", "consensus"
    ),
    tags=WITHIN_AN_HOUR,
    description="New votes of a campaign, judged; conflicts handed to the adjudicator.",
)
release_job = dg.define_asset_job(
    "release_job",
    selection=dg.AssetSelection.assets("dataset_version", "coco_dataset", "yolo_dataset"),
    tags=WITHIN_AN_HOUR,
    description="A settled campaign, frozen as a data set version and exported.",
)
