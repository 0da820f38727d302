"""Another image looks the same, whole or in part, however turned: `near_copies.py` finds it."""

from farmy_assets.cleansing.check_kinds import CopyCheck

MAX_DISTANCE_BITS = 6
"""pHash and dHash (64 bits each) both differ in no more bits, unless a policy says otherwise."""

CHECK = CopyCheck(
    name="near_duplicate",
    title="Near duplicate",
    sentence="Looks like another one, or like a part of it.",
    value_is="differing bits of 64",
    form="{:.0f}",
)
