"""What is stored of predictions: which model, and its regions on each image with their scores."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from farmy_assets.annotation.predictions.model_names import ModelName
from farmy_assets.annotation.regions import AnyRegion
from farmy_assets.catalog.metadata import CampaignName, ImageId, Sha256
from farmy_assets.catalog.records import Record

Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""How sure a model is of a region, from 0 to 1."""

MOST_REGIONS = 1000
"""More regions on one image are of no use to people, and slow down every page."""


class PredictedRegion(Record):
    """One region in pixels of the cleansed copy, with the class of the campaign and its score."""

    region: AnyRegion
    score: Score


class ImagePredictions(Record):
    """What one model saw in one image.

    Attributes:
        image_id: The image.
        regions: The surest first; none means that the model saw nothing.
        problem: Why there is no answer of the model for this image; empty when there is one.
    """

    image_id: ImageId
    regions: Annotated[tuple[PredictedRegion, ...], Field(max_length=MOST_REGIONS)] = ()
    problem: Annotated[str, StringConstraints(max_length=300)] = ""

    def to_line(self) -> bytes:
        """The record as one line of JSON; what is empty is left out."""
        return self.model_dump_json(exclude_defaults=True).encode()


class PredictionSource(StrEnum):
    """Where predictions come from."""

    ONNX = "onnx"
    COCO = "coco"
    FUNCTION = "function"


class PredictionModel(Record):
    """A model under its name in one campaign; written once, before its first prediction.

    Attributes:
        campaign: The campaign.
        name: The model with its version.
        source: Where its predictions come from.
        sha256: Digest of the model's file, or of the COCO file; None for a function.
        origin: The file's name without its folder, or the function's.
        settings: What else decides what comes out, such as the thresholds, as text.
    """

    campaign: CampaignName
    name: ModelName
    source: PredictionSource
    sha256: Sha256 | None = None
    origin: str
    settings: dict[str, str] = Field(default_factory=dict)


def mean_score(predictions: ImagePredictions) -> float:
    """The mean score of an image's regions; 1 when the model saw nothing."""
    scores = [found.score for found in predictions.regions]
    return sum(scores) / len(scores) if scores else 1.0
