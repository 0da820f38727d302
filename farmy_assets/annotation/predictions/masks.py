"""Masks from prototypes: which pixels of the image a detection covers.

A mask is the weighted sum of the prototypes where it is over 0 (a half, after the sigmoid), within
the detection's box. Prototypes lie over the model's whole input on a coarser grid; values between
its points are interpolated in both directions. Source: arxiv.org/abs/1904.02689 (YOLACT).
"""

import numpy as np

from farmy_assets.annotation.mask_runs import Edges, Pixels, packed
from farmy_assets.annotation.predictions.detections import Numbers
from farmy_assets.annotation.predictions.fitting import Fitting, Floats


def mask_pixels(
    weights: Floats, prototypes: Floats, box: Floats, fitting: Fitting
) -> tuple[Pixels, tuple[int, int]]:
    """The pixels of one detection within its box.

    Args:
        weights: K, of the prototypes.
        prototypes: K x rows x columns.
        box: x_min, y_min, x_max, y_max in pixels of the image.
        fitting: How the image lies in the input.

    Returns:
        Rows x columns of the image within the box, and the first column and row.
    """
    x_min, y_min = (int(np.floor(side)) for side in box[:2])
    x_max = min(fitting.image_px[0], max(x_min + 1, int(np.ceil(box[2]))))
    y_max = min(fitting.image_px[1], max(y_min + 1, int(np.ceil(box[3]))))
    _, rows, columns = prototypes.shape
    coarse = np.tensordot(weights, prototypes, axes=1)
    across = _grid(np.arange(x_min, x_max, dtype=np.int64), fitting, axis=0, count=columns)
    down = _grid(np.arange(y_min, y_max, dtype=np.int64), fitting, axis=1, count=rows)
    return _between(coarse, down, across) > 0, (x_min, y_min)


def edges_of(pixels: Pixels, first: tuple[int, int], image_px: tuple[int, int]) -> Edges:
    """Pixels within a box as a set of the whole image's, down its columns (see `mask_runs`).

    Args:
        pixels: Rows x columns.
        first: Column and row of the first of them.
        image_px: Width and height of the image.
    """
    return packed(np.ascontiguousarray(pixels.T), image_px[1], first)


def _grid(pixels: Numbers, fitting: Fitting, *, axis: int, count: int) -> Floats:
    """Where the middles of the image's pixels lie on the grid of the prototypes."""
    scale = fitting.scaled_px[axis] / fitting.image_px[axis]
    in_input = (pixels + 0.5) * scale + fitting.margin_px[axis]
    placed = np.clip(in_input * count / fitting.input_px[axis] - 0.5, 0, count - 1)
    return placed.astype(np.float32)


def _between(grid: Floats, down: Floats, across: Floats) -> Floats:
    """Values between the points of a grid, weighted by how near they are (bilinear)."""
    top, left = np.floor(down).astype(np.int64), np.floor(across).astype(np.int64)
    below = np.minimum(top + 1, grid.shape[0] - 1)
    right = np.minimum(left + 1, grid.shape[1] - 1)
    part_down, part_across = (down - top)[:, None], (across - left)[None, :]
    upper = grid[top][:, left] * (1 - part_across) + grid[top][:, right] * part_across
    lower = grid[below][:, left] * (1 - part_across) + grid[below][:, right] * part_across
    values: Floats = upper * (1 - part_down) + lower * part_down
    return values
