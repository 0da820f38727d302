"""The file is not there: nothing to read under the image's key or path."""

from farmy_assets.cleansing.check_kinds import ReadingCheck

CHECK = ReadingCheck(
    name="missing_from_raw",
    title="Missing",
    sentence="The file is gone, or may not be read.",
)
