"""The jobs that sensors start; people may start them, or any of their assets, by hand as well."""

import dagster as dg

BATCH_ASSETS = (
    "raw_images", "catalog_entries", "image_quality", "cleansed_set",
    "triage_tasks", "chosen_images", "annotation_tasks", "annotation_projects",
)  # fmt: skip
TO_THE_INBOXES = ("triage_tasks", "chosen_images", "annotation_tasks", "annotation_projects")
WITHIN_AN_HOUR = {"dagster/max_runtime": "3600"}

batch_job = dg.define_asset_job(
    "batch_job",
    selection=dg.AssetSelection.assets(*BATCH_ASSETS),
    tags=WITHIN_AN_HOUR,
    description="A sealed batch, from the raw zone to tasks that annotators see.",
)
placement_job = dg.define_asset_job(
    "placement_job",
    selection=dg.AssetSelection.assets(*TO_THE_INBOXES),
    tags=WITHIN_AN_HOUR,
    description="A cleansed batch, to tasks that annotators see.",
)
rulings_job = dg.define_asset_job(
    "rulings_job",
    selection=dg.AssetSelection.assets("cleansed_set", *TO_THE_INBOXES),
    tags=WITHIN_AN_HOUR,
    description="A batch whose flagged photographs people ruled on: its set is made anew.",
)
votes_job = dg.define_asset_job(
    "votes_job",
    selection=dg.AssetSelection.assets(
        "triage_answers",
        "annotations",
        "reassigned_tasks",
        "annotation_conflicts",
        "adjudication_tasks",
        "consensus",
    ),
    tags=WITHIN_AN_HOUR,
    description="New answers or new rules of a campaign: flagged photographs ruled on, open tasks "
    "of people who left moved, votes judged, conflicts handed to the adjudicator.",
)
release_job = dg.define_asset_job(
    "release_job",
    selection=dg.AssetSelection.assets("dataset_version", "coco_dataset", "yolo_dataset"),
    tags=WITHIN_AN_HOUR,
    description="A settled campaign, frozen as a data set version and exported.",
)
