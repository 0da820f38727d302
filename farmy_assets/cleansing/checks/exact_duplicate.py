"""Another image has the same bytes, or the same pixels: `duplicates.py` finds it."""

from farmy_assets.cleansing.check_kinds import CopyCheck

CHECK = CopyCheck(
    name="exact_duplicate",
    title="Exact duplicate",
    sentence="The same bytes or pixels as another one.",
    value_is="differing bits",
    form="{:.0f}",
)
