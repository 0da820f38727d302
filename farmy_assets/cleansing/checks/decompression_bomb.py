"""The file declares more pixels than the policy's `max_pixels`; read before it is decoded."""

from farmy_assets.cleansing.check_kinds import ReadingCheck

MAX_PIXELS = 100_000_000
"""Width times height that a file may declare, unless a policy says otherwise."""
PILLOW_MAX_PIXELS = 178_956_970
"""Pillow refuses larger pictures whatever a policy says."""

CHECK = ReadingCheck(
    name="decompression_bomb",
    title="Too many pixels",
    sentence="More pixels than can be decoded safely.",
    value_is="pixels",
    form="{:,.0f}",
    fails_above=True,
)
