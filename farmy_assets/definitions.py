"""The Dagster door: all assets, jobs, sensors and resources, put together."""

import dagster as dg

from farmy_assets.defs import (
    annotation,
    catalog,
    cleansing,
    consensus,
    datasets,
    ingestion,
    reassignment,
    reconcile,
    scraping,
    triage,
)
from farmy_assets.defs.jobs import (
    batch_job,
    placement_job,
    release_job,
    rulings_job,
    votes_job,
)
from farmy_assets.defs.reconcile import nightly_reconcile, reconcile_job
from farmy_assets.defs.resources import resources
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.defs.snapshots import (
    full_snapshots_schedule,
    snapshots,
    snapshots_job,
    snapshots_schedule,
)

defs = dg.Definitions(
    assets=[
        *dg.load_assets_from_modules(
            [
                scraping,
                ingestion,
                catalog,
                reconcile,
                cleansing,
                triage,
                annotation,
                consensus,
                reassignment,
                datasets,
            ]
        ),
        *snapshots,
    ],
    jobs=[
        scraping.scraping_job,
        batch_job,
        placement_job,
        rulings_job,
        votes_job,
        release_job,
        reconcile_job,
        snapshots_job,
    ],
    schedules=[
        scraping.scraping_schedule,
        nightly_reconcile,
        snapshots_schedule,
        full_snapshots_schedule,
    ],
    sensors=[new_images_sensor, annotation_completion_sensor],
    resources=resources(),
    executor=dg.in_process_executor,  # a step takes less time than a new process for it
)
