"""How people's models are run: what the child process is told, and what it says of a model."""

from typing import Annotated, Literal

from pydantic import Field

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.records import Record

MODEL_WORK = "farmy_assets.execution.model_work:worker"
"""The task of guarded children that run a model."""

MOST_MODEL_BYTES = 2 * 2**30
SECONDS_A_MESSAGE = 300.0
MEMORY_MB = 4096
"""Models of 300 MB need about 1.5 GB at a million pixels."""


class ModelOrder(Record):
    """A model's file, and how it is used.

    Attributes:
        path: The file, which the child reads itself.
        sha256: What its bytes have to be.
        format: How its outputs are read.
        colours: What is done to colours: 0 to 1, or ImageNet's mean and deviation besides; by
            default the first for YOLO, the second for DETR.
        classes: The model's classes; empty for those that its file names.
        least_score: Regions under this score are left out.
        iou: Boxes of one class over this overlap are one.
        threads: On how many cores it computes.
    """

    path: str
    sha256: Sha256
    format: Literal["auto", "yolo", "detr"] = "auto"
    colours: Literal["auto", "unit", "imagenet"] = "auto"
    classes: tuple[str, ...] = ()
    least_score: Annotated[float, Field(ge=0, le=1)] = 0.05
    iou: Annotated[float, Field(ge=0, le=1)] = 0.7
    threads: Annotated[int, Field(ge=1)] = 1


class ModelDescription(Record):
    """What a model's file says of itself.

    Attributes:
        classes: Its classes in its order; empty when it does not name them.
        has_masks: Whether it has an output with prototypes of masks.
        batch: How many images it takes at once; None for any number.
    """

    classes: tuple[str, ...]
    has_masks: bool
    batch: int | None
