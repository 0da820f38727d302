"""The bytes have another sha256 than the metadata of their arrival say."""

from farmy_assets.cleansing.check_kinds import ReadingCheck

CHECK = ReadingCheck(
    name="content_changed",
    title="Changed",
    sentence="The bytes are not those that were promised.",
)
