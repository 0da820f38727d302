"""The line around pixels, for people to look at."""

import numpy as np

from farmy_assets.annotation.mask_runs import Pixels
from farmy_assets.annotation.region import Point

MOST_CORNERS = 1000
"""A page with more would be slow; a line with more is drawn less exactly."""

_WITHIN_PX = 1.0
_FEWEST_CORNERS = 3


def line_around(pixels: Pixels) -> tuple[Point, ...]:
    """The outer line of the largest connected part, within a pixel where that takes few corners.

    Args:
        pixels: Rows by columns, at least one of them set; x counts columns, and y rows.

    Returns:
        The corners of a closed line, clockwise as seen, in pixels of the array.
    """
    from scipy.ndimage import label  # noqa: PLC0415 - slow to import

    parts, _ = label(pixels)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return _simplified(_walk_around(parts == sizes.argmax()))


def _walk_around(part: Pixels) -> list[Point]:
    """Along the edges of the pixels, with the part always on the right, noting where it turns."""
    padded = np.pad(part, 1)
    across = padded.shape[1]
    inside = padded.tobytes()
    # Corners of pixels are numbered as the pixels to the lower right of them.
    start = inside.index(1)
    steps = (1, across, -1, -across)
    right_ahead = (0, -1, -across - 1, -across)
    left_ahead = (-across, 0, -1, -across - 1)
    corners: list[int] = [start]
    place, heading = start + 1, 0
    while place != start:
        if not inside[place + right_ahead[heading]]:
            heading = (heading + 1) % 4
            corners.append(place)
        elif inside[place + left_ahead[heading]]:
            heading = (heading - 1) % 4
            corners.append(place)
        place += steps[heading]
    return [(float(corner % across - 1), float(corner // across - 1)) for corner in corners]


def _simplified(corners: list[Point]) -> tuple[Point, ...]:
    from shapely import LineString  # noqa: PLC0415 - slow to import

    line = LineString([*corners, corners[0]])
    within_px = _WITHIN_PX
    simple = line.simplify(within_px, preserve_topology=False).coords[:-1]
    while len(simple) > MOST_CORNERS:
        within_px *= 2
        simple = line.simplify(within_px, preserve_topology=False).coords[:-1]
    found = simple if len(simple) >= _FEWEST_CORNERS else corners
    return tuple((float(x), float(y)) for x, y, *_ in found)
