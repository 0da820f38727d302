"""Which of a few thousand images look alike: groups, in which each is near to another one.

Wider than what counts as a duplicate: near duplicates are left out of a batch, and what is left of
a series of shots of one plant still looks alike. Turned images are not compared.
"""

from collections.abc import Iterable

import numpy as np

from farmy_assets.cleansing.hamming import pairs_within
from farmy_assets.cleansing.quality import ImageQuality

SIMILAR_BITS = 16
"""In so many of 64 bits pHash and dHash may differ; of unrelated photographs they differ in 32."""


def similar_groups(images: Iterable[ImageQuality]) -> dict[str, str]:
    """Image id to the name of its group; images that look like no other one are left out.

    The name is the smallest id of the group. Costs one comparison for each pair of images.
    """
    known = sorted((i.image_id, i.phash, i.dhash) for i in images if i.phash and i.dhash)
    phashes, dhashes = (
        np.array([int(row[column], 16) for row in known], np.uint64) for column in (1, 2)
    )
    group = list(range(len(known)))

    def first_of(place: int) -> int:
        while group[place] != place:
            group[place] = group[group[place]]
            place = group[place]
        return place

    found = pairs_within(phashes, max_distance_bits=SIMILAR_BITS)
    alike = np.bitwise_count(dhashes[found.first] ^ dhashes[found.second]) <= SIMILAR_BITS
    for one, other in zip(found.first[alike], found.second[alike], strict=True):
        first, second = sorted((first_of(int(one)), first_of(int(other))))
        group[second] = first
    near = {int(place) for part in (found.first, found.second) for place in part[alike]}
    return {known[place][0]: known[first_of(place)][0] for place in sorted(near)}
