"""Decoding would take, or took, more than the policy allows: bytes, time or memory."""

from farmy_assets.cleansing.check_kinds import ReadingCheck

MAX_FILE_MB = 200
"""Larger files are not looked into, unless a policy says otherwise."""
SECONDS_PER_IMAGE = 30.0
"""Decoding and checking one image may take so long, unless a policy says otherwise."""
MEMORY_MB_PER_WORKER = 2048
"""A process that decodes images may hold so much memory, unless a policy says otherwise."""

CHECK = ReadingCheck(
    name="too_costly",
    title="Too costly",
    sentence="Decoding took more time or memory than allowed.",
)
