"""Photographs that come in for one campaign, and that another one keeps as well."""

from collections import Counter
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from farmy_assets.lake.lake import Lake

_CONTENT_DIGITS = 16  # of an image id, which begins with its content's digest: 64 bits of it


def kept_by_others(lake: Lake, image_ids: Collection[str], campaign: str) -> Counter[str]:
    """How many of these images have the very bytes of one that another campaign keeps.

    Reads the index of kept images once, and the catalog entries of those that are found.

    Args:
        lake: Where both are.
        image_ids: The images that came in.
        campaign: Theirs.

    Returns:
        Other campaign to count.
    """
    ours: dict[int, int] = Counter(int(image_id[:_CONTENT_DIGITS], 16) for image_id in image_ids)
    _, read = lake.duplicates.everything()
    table = read()
    found = table.filter(pc.is_in(table["contents"], pa.array(list(ours), pa.uint64())))
    known = dict(zip(found["image_id"].to_pylist(), found["contents"].to_pylist(), strict=True))
    counts: Counter[str] = Counter()
    seen: set[int] = set()
    for image_id, entry in sorted(lake.catalog.entries(sorted(known)).items()):
        name = entry.metadata.campaign if entry.metadata else campaign
        content = known[image_id]
        if name != campaign and content not in seen:
            seen.add(content)
            counts[name] += ours[content]
    return counts
