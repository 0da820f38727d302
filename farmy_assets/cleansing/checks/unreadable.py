"""No decoder makes a picture of the bytes."""

from farmy_assets.cleansing.check_kinds import ReadingCheck

CHECK = ReadingCheck(
    name="unreadable",
    title="Unreadable",
    sentence="There is no picture in the file.",
)
