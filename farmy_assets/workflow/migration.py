"""Migration: records of earlier versions are brought into the form of this one.

Everything here may be killed and repeated, and the platform may run meanwhile.
"""

from farmy_assets.lake.lake import Lake


def migrate_cleansed_sets(lake: Lake) -> int:
    """Move the cleansed sets that lie under their batch alone to their campaigns.

    Returns:
        How many were moved; 0 when nothing was left to do.
    """
    return lake.cleansed_sets.move_unfiled()
