"""Plants in real photographs, found by their green: stand-in truth where nobody knows the truth.

Excess green (2g - r - b of the chromatic coordinates; Woebbecke et al. 1995), cut by Otsu's rule,
cleaned up, and split into connected pieces.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy import ndimage

from farmy_assets.annotation.regions.box import Box

_LONG_SIDE_PX = 512
_MIN_CUT, _MAX_CUT = 0.06, 0.16
_MIN_BRIGHTNESS = 30
_MIN_AREA_SHARE = 0.0016
_MIN_SIDE_SHARE = 0.02


def find_vegetation(
    image: Image.Image, *, max_boxes: int = 12, label: str = "vegetation"
) -> tuple[Box, ...]:
    """Boxes around the green patches of a photograph, the largest first.

    Args:
        image: Any size; an EXIF orientation is obeyed, so boxes are in pixels of the upright image.
        max_boxes: The smallest patches beyond this number are left out.
        label: What the boxes are called.

    Returns:
        Boxes that do not lie in each other; none when nothing is green enough.
    """
    upright = ImageOps.exif_transpose(image)
    small = ImageOps.contain(upright.convert("RGB"), (_LONG_SIDE_PX, _LONG_SIDE_PX))
    green = _excess_green(np.asarray(small, dtype=np.float32))
    cut = min(max(_otsu(green), _MIN_CUT), _MAX_CUT)
    scale_x, scale_y = upright.width / small.width, upright.height / small.height
    frames = _merged(_patches(green > cut))
    frames.sort(key=lambda f: (-(f[2] - f[0]) * (f[3] - f[1]), f))
    return tuple(
        Box(
            label=label,
            x_min=x_min * scale_x,
            y_min=y_min * scale_y,
            x_max=min(x_max * scale_x, upright.width),
            y_max=min(y_max * scale_y, upright.height),
        )
        for x_min, y_min, x_max, y_max in frames[:max_boxes]
    )


def _excess_green(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Excess green of pixels 0 to 255, about -1 to 2; 0 where it is too dark to have a colour."""
    total = rgb.sum(axis=2)
    excess = 3 * rgb[..., 1] / np.maximum(total, 1e-3) - 1
    dark = total < 3 * _MIN_BRIGHTNESS
    return np.where(dark, np.float32(0), ndimage.gaussian_filter(excess, 0.8)).astype(np.float32)


def _otsu(values: NDArray[np.float32]) -> float:
    """The cut that separates two groups of values best."""
    counts, edges = np.histogram(values, bins=128, range=(-0.4, 0.8))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sum_below = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sum_below / below - (sum_below[-1] - sum_below) / above
    between = np.nan_to_num(below * above * gap**2)
    return float(edges[int(np.argmax(between)) + 1])


def _patches(mask: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Frames (x_min, y_min, x_max, y_max) of the patches that are large enough."""
    cleaned = ndimage.binary_opening(mask, iterations=1)
    joined = ndimage.binary_closing(np.pad(cleaned, 6), iterations=4)[6:-6, 6:-6]
    numbered, count = ndimage.label(joined, structure=np.ones((3, 3)))
    areas = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    smallest_side = _MIN_SIDE_SHARE * max(mask.shape)
    frames = []
    for area, found in zip(areas, ndimage.find_objects(numbered), strict=True):
        rows, columns = found
        sides = (rows.stop - rows.start, columns.stop - columns.start)
        if area >= _MIN_AREA_SHARE * mask.size and min(sides) >= smallest_side:
            frames.append((columns.start, rows.start, columns.stop, rows.stop))
    return frames


def _merged(frames: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """The frames, with those that overlap by half of the smaller one made into one."""
    done: list[tuple[int, int, int, int]] = []
    waiting = sorted(frames)
    while waiting:
        frame = waiting.pop()
        partner = next((other for other in done if _mostly_shared(frame, other)), None)
        if partner is None:
            done.append(frame)
            continue
        done.remove(partner)
        low = (min(frame[0], partner[0]), min(frame[1], partner[1]))
        waiting.append((*low, max(frame[2], partner[2]), max(frame[3], partner[3])))
    return done


def _mostly_shared(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return width > 0 and height > 0 and 2 * width * height >= smaller
