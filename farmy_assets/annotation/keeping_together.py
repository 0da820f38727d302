"""Images that belong together go to one person, as far as the work stays fair.

How many images each person gets is decided before, without a look at groups. Here the images are
put into these places: the largest group first, each to people who have room for all of it, and of
these to those who come first in an order that belongs to the group. So a group stays with the same
people over all batches, also when others join or leave. A group that nobody has room for is parted.

Source of the order: highest random weight, Thaler and Ravishankar 1998.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def put_together(
    images: Sequence[str], given: Sequence[tuple[int, ...]], *, groups: Mapping[str, str],
    names: Sequence[str],
) -> list[tuple[int, ...]]:  # fmt: skip
    """Give the same people the same numbers of images, so that groups stay together.

    Args:
        images: Images that may be given to the same people; those of one group in the order in
            which the group may be parted.
        given: For each image as many people as for every other one, by their places.
        groups: Image id to what it has in common with others; without an entry, an image is
            alone.
        names: Everybody's name, by place.

    Returns:
        The people of each image; nobody is given one twice.
    """
    if not images:
        return []
    count = len(given[0])
    room = np.bincount([place for people in given for place in people], minlength=len(names))
    own = np.array([_hash(name) for name in names], np.uint64)
    left, found = len(images), dict[str, tuple[int, ...]]()
    bundles: dict[str, list[str]] = defaultdict(list)
    for image_id in images:
        bundles[groups.get(image_id, image_id)].append(image_id)
    for group, bundle in sorted(bundles.items(), key=lambda item: (-len(item[1]), item[0])):
        weight = own * np.uint64(_hash(group) | 1)  # modulo 2^64
        done = 0
        while done < len(bundle):
            people = _chosen(room, weight, count, wanted=len(bundle) - done, left=left)
            others = np.delete(room, people)
            # Nobody may be left with more room than there are images.
            some = min(
                len(bundle) - done, int(room[people].min()),
                left - int(others.max(initial=0)),
            )  # fmt: skip
            found |= dict.fromkeys(bundle[done : done + some], tuple(people))
            room[people] -= some
            left -= some
            done += some
    return [found[image_id] for image_id in images]


def _chosen(
    room: Counts, weight: NDArray[np.uint64], count: int, *, wanted: int, left: int
) -> list[int]:
    """The people for the next images of a group, by their places.

    Whoever has room for all images that are left has to be among them.
    """
    is_needed = room == left
    order = np.lexsort((-weight.astype(np.float64), -np.minimum(room, wanted), ~is_needed))
    return [int(place) for place in order[:count]]


def parted_last(images: Iterable[str], clusters: Mapping[str, str]) -> list[str]:
    """The images with those of one cluster side by side, so that few clusters are parted."""
    return sorted(images, key=lambda image_id: (clusters.get(image_id, image_id), image_id))


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest)
