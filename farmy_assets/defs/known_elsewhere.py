"""What a batch's set says of photographs that another campaign has already."""

from collections import Counter
from typing import Any

import dagster as dg

from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.defs.metadata import count_table
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.known_photographs import restoring


def known_elsewhere(lake: Lake, result: CleansedSet) -> dict[str, Any]:
    """Metadata on duplicates that stand back for another campaign's image; nothing without any.

    Reads the catalog entries of the images of other batches that the batch's duplicates look like.
    """
    duplicates = [e.duplicate_of for e in result.excluded if e.duplicate_of]
    of_others = set(duplicates).difference(result.image_ids)
    entries = lake.catalog.entries(sorted(of_others)) if of_others else {}
    names = {i: entry.metadata.campaign for i, entry in entries.items() if entry.metadata}
    others = Counter(
        names[i] for i in duplicates if names.get(i, result.campaign) != result.campaign
    )
    if not others:
        return {}
    count = others.total()
    text = (
        f"{counted(count, 'photograph')} {verb(count, 'is', 'are')} left out because another "
        f"campaign has {verb(count, 'it', 'them')}; to take {verb(count, 'it', 'them')} in: "
        f"`{restoring(result.campaign)}`"
    )
    return {
        "duplicates_of_other_campaigns": count_table(others, of="campaign"),
        "known_elsewhere": dg.MetadataValue.md(text),
    }
