"""The Dagster door: all assets, jobs, sensors and resources, put together."""

import dagster as dg

from farmy_assets.defs import annotation, catalog, cleansing, consensus, datasets, ingestion
from farmy_assets.defs.jobs import batch_job, placement_job, release_job, votes_job
from farmy_assets.defs.resources import resources
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.defs.snapshots import snapshots, snapshots_job, snapshots_schedule

defs = dg.Definitions(
    assets=[
        *dg.load_assets_from_modules(
            [ingestion, catalog, cleansing, annotation, consensus, datasets]
        ),
        *snapshots,
    ],
    jobs=[batch_job, placement_job, votes_job, release_job, snapshots_job],
    schedules=[snapshots_schedule],
    sensors=[new_images_sensor, annotation_completion_sensor],
    resources=resources(),
    executor=dg.in_process_executor,  # a step takes less time than a new process for it
)
