"""Migration: records of earlier versions are brought into the form of this one.

Everything here may be killed and repeated, and the platform may run meanwhile.
"""

from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date


def rebuild_sharing_counters(lake: Lake) -> int:
    """Count what each campaign has given out anew, from the pages of its batches.

    Counters that are missing are counted when they are first needed; this does it beforehand.

    Returns:
        How many counters were missing or wrong; 0 when nothing was left to do.
    """
    shared = [
        repository.shared(name)
        for name in lake.campaigns.names()
        for repository in (lake.assignments, lake.triage)
    ]
    return sum(pages.rebuild() for pages in shared)


def migrate_cleansed_sets(lake: Lake) -> int:
    """Move the cleansed sets that lie under their batch alone to their campaigns.

    Returns:
        How many were moved; 0 when nothing was left to do.
    """
    return lake.cleansed_sets.move_unfiled()


def migrate_evaluations(lake: Lake) -> dict[str, PageCounts]:
    """Make pages of evaluations that were one record each; returns what is in them by campaign."""
    migrated = {}
    for name in lake.campaigns.names():
        if lake.evaluations.has_former(name):
            inputs = bring_up_to_date(lake, lake.campaigns.named(name))
            lake.evaluations.remove_former(name)  # left behind where a run was killed before that
            migrated[name] = inputs.counts
    return migrated
