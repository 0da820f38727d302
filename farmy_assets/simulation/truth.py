"""What is true of each file of a simulated collection, kept beside it to judge the platform by."""

from datetime import datetime
from pathlib import Path

from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.records import Record
from farmy_assets.simulation.defects import Defect

TRUTH_NAME = "truth.json"


class TruthItem(Record):
    """The truth about one file.

    Attributes:
        file_name: Inside the collection's folder.
        defect: Why it must be excluded; None when it must come through.
        duplicate_of: The file that it is a copy of.
        boxes: The plants, in pixels of the upright image; none where nobody could see them
            (blurred, dark, overexposed, too small, or no image at all).
        width_px: Of the upright image; None when the file is no image.
        height_px: Of the upright image; None when the file is no image.
        orientation: The EXIF orientation, 1 to 8; the pixels are stored turned accordingly.
        has_gps: Whether the EXIF tells the place.
        has_serial_number: Whether the EXIF tells the camera's serial number.
        captured_at: Local time in the EXIF, without a zone; None when the file is no image.
    """

    file_name: str
    defect: Defect | None
    duplicate_of: str | None
    boxes: tuple[Box, ...]
    width_px: int | None
    height_px: int | None
    orientation: int
    has_gps: bool
    has_serial_number: bool
    captured_at: datetime | None


class Truth(Record):
    """The truth about a collection, items in the order of their file names."""

    seed: int
    items: tuple[TruthItem, ...]

    def item(self, file_name: str) -> TruthItem:
        """The truth about one file.

        Raises:
            KeyError: The collection has no such file.
        """
        return {item.file_name: item for item in self.items}[file_name]

    def with_defect(self, defect: Defect | None) -> tuple[TruthItem, ...]:
        """The files with this defect; None asks for the sound ones."""
        return tuple(item for item in self.items if item.defect is defect)


def read_truth(path: Path) -> Truth:
    """The truth as `make_collection` wrote it; `path` is the file or the collection's folder."""
    file = path / TRUTH_NAME if path.is_dir() else path
    return Truth.model_validate_json(file.read_bytes())
