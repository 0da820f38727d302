"""The file ends before its picture does: `decoding.py` tells how much is missing."""

from farmy_assets.cleansing.check_kinds import ReadingCheck

CHECK = ReadingCheck(
    name="truncated",
    title="Truncated",
    sentence="The end of the file is missing.",
)
