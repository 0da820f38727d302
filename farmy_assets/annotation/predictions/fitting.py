"""Images into a model's input, and coordinates back: with margins, or stretched."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Fitting(NamedTuple):
    """How an image lies in a model's input.

    Attributes:
        image_px: Width and height of the image.
        input_px: Width and height of the input.
        scaled_px: Width and height of the image within the input.
        margin_px: Left and upper margin.
    """

    image_px: tuple[int, int]
    input_px: tuple[int, int]
    scaled_px: tuple[int, int]
    margin_px: tuple[int, int] = (0, 0)

    def to_image(self, boxes: Floats) -> Floats:
        """Boxes of the input as boxes of the image, cut off at its edges.

        Args:
            boxes: N x 4: x_min, y_min, x_max, y_max in pixels of the input.

        Returns:
            N x 4, in pixels of the image; what is no number becomes 0.
        """
        margin = np.array([*self.margin_px, *self.margin_px], np.float32)
        scale = np.array(self.image_px, np.float32) / np.array(self.scaled_px, np.float32)
        placed = (boxes - margin) * np.tile(scale, 2)
        placed = np.nan_to_num(placed, nan=0.0, posinf=1e9, neginf=-1e9)
        most = np.array([*self.image_px, *self.image_px], np.float32)
        inside: Floats = np.clip(placed, 0, most).astype(np.float32)
        return inside


def letterboxed(image_px: tuple[int, int], input_px: tuple[int, int]) -> Fitting:
    """The largest even scale, the image in the middle.

    As Ultralytics' `LetterBox` does it: sides are rounded, and half a pixel of margin is left out.

    Args:
        image_px: Width and height of the image.
        input_px: Width and height of the input.
    """
    scale = min(input_px[0] / image_px[0], input_px[1] / image_px[1])
    width, height = (max(1, round(side * scale)) for side in image_px)
    left = round((input_px[0] - width) / 2 - 0.1)
    top = round((input_px[1] - height) / 2 - 0.1)
    return Fitting(image_px, input_px, (width, height), (max(0, left), max(0, top)))


def stretched(image_px: tuple[int, int], input_px: tuple[int, int]) -> Fitting:
    """The whole input, whatever the image's shape is."""
    return Fitting(image_px, input_px, input_px)
