"""The jobs that sensors start; people may start them, or any of their assets, by hand as well.

How long a run may take is said in `dagster.yaml` (`run_monitoring`), for all of them.
"""

from collections.abc import Iterable

import dagster as dg

from farmy_assets.datasets.formats import FORMATS

BATCH_ASSETS = (
    "raw_images", "catalog_entries", "image_quality", "cleansed_set",
    "triage_tasks", "chosen_images", "annotation_tasks", "annotation_projects",
)  # fmt: skip
TO_THE_INBOXES = ("triage_tasks", "chosen_images", "annotation_tasks", "annotation_projects")

batch_job = dg.define_asset_job(
    "batch_job",
    selection=dg.AssetSelection.assets(*BATCH_ASSETS),
    description="A sealed batch, from the raw zone to tasks that annotators see.",
)
placement_job = dg.define_asset_job(
    "placement_job",
    selection=dg.AssetSelection.assets(*TO_THE_INBOXES),
    description="A cleansed batch, to tasks that annotators see.",
)
rulings_job = dg.define_asset_job(
    "rulings_job",
    selection=dg.AssetSelection.assets("cleansed_set", *TO_THE_INBOXES),
    description="A batch whose flagged photographs people ruled on: its set is made anew.",
)
votes_job = dg.define_asset_job(
    "votes_job",
    selection=dg.AssetSelection.assets(
        "triage_answers",
        "annotations",
        "gold_scores",
        "reassigned_tasks",
        "annotation_conflicts",
        "adjudication_tasks",
        "consensus",
        "prediction_use",
    ),
    description="New answers or new rules of a campaign: flagged photographs ruled on, open tasks "
    "of people who left moved, votes judged, conflicts handed to the adjudicator.",
)


def released_assets(formats: Iterable[str]) -> tuple[str, ...]:
    """The assets of a release: the version, and its export in each of these formats.

    A format that is not in the list any more has no asset, and is passed over.
    """
    return ("dataset_version", *(f"{name}_dataset" for name in formats if name in FORMATS))


release_job = dg.define_asset_job(
    "release_job",
    selection=dg.AssetSelection.assets(*released_assets(FORMATS)),
    description="A settled campaign, frozen as a data set version and exported. The sensor asks "
    "for the formats of the campaign's file; started by hand, it writes every format.",
)
