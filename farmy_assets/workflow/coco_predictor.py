"""Predictions that a COCO file brings, for the images that it names."""

from collections.abc import Mapping, Sequence

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.predictions.coco_file import CocoPredictions, read_coco
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.workflow.predicting import Picture


class CocoPredictor:
    """Answers from a COCO file, which is read whole when this is made.

    Args:
        campaign: Its classes and kinds of regions are those of the predictions.
        content: The file's bytes.
        images_of: A data set in COCO's form that names the images of results.
        classes: What the file's categories are in the campaign; None to go by equal names.

    Raises:
        InvalidInputError: The file cannot be read, or its categories are not known.
    """

    needs_pictures = False

    def __init__(
        self,
        campaign: Campaign,
        content: bytes,
        *,
        images_of: bytes | None = None,
        classes: Mapping[str, str] | None = None,
    ) -> None:
        ids = {item.id: item.name for item in campaign.classes}
        self._drawn = campaign.regions
        self._file: CocoPredictions = read_coco(content, images_of=images_of, classes=ids)
        self._labels = self._file.labels(given=classes, campaign=campaign.class_names)

    def knows(self, image_id: str) -> bool:
        """Whether the file names the image."""
        return image_id in self._file.by_image

    @property
    def passed_over(self) -> dict[str, int]:
        """Why annotations were passed over so far, with counts."""
        return {why: count for why, count in self._file.passed_over.most_common() if count}

    def predict(self, pictures: Sequence[Picture]) -> list[ImagePredictions]:
        """The file's regions of these images."""
        return [
            ImagePredictions(
                image_id=image.image_id,
                regions=self._file.regions(
                    image.image_id,
                    size_px=(image.width_px, image.height_px),
                    labels=self._labels,
                    drawn=self._drawn,
                ),
            )
            for image, _ in pictures
        ]
