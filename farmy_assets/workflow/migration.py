"""Migration: records of earlier versions are brought into the form of this one.

Everything here may be killed and repeated, and the platform may run meanwhile.
"""

from farmy_assets.lake.lake import Lake


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
