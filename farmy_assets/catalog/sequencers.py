"""The order of S3's events for one key, in a form that compares as text.

S3 gives each event of a key a `sequencer`, hexadecimal digits of no fixed length. Two are compared
by padding the shorter one on the right with zeros, then as text. So they compare like the digits
after a point, and that is how they are kept: `.0055AED6DCD90281E5`, without the zeros at the end,
which say nothing. No longest sequencer has to be known for that.
Source: Amazon S3 User Guide, "Event message structure".

Before, sequencers were padded on the left, to 32 digits. The catalog may still hold such ones. They
have lost how many zeros they began with; S3 begins all sequencers alike (with the time), so those
of the event that they are compared with count. A point sorts before every digit: no older form is
ever taken for an earlier event by comparing the two as text.
"""

import re

from farmy_assets.errors import InvalidInputError

POINT = "."
BEFORE_ALL_EVENTS = POINT
SHOWN = 40


def comparable_sequencer(sequencer: str) -> str:
    """The form of a sequencer that is stored: its order as text is the order of S3's events.

    Raises:
        InvalidInputError: It is not made of hexadecimal digits.
    """
    if not re.fullmatch(r"[0-9A-Fa-f]+", sequencer):
        msg = f"the sequencer {sequencer[:SHOWN]!r} is not hexadecimal"
        raise InvalidInputError(msg)
    return POINT + sequencer.upper().rstrip("0")


def is_comparable(stored: str) -> bool:
    """Whether a stored sequencer compares as text; else it has the older form."""
    return stored.startswith(POINT)


def is_later(stored: str, event: str) -> bool:
    """Whether a stored sequencer is of a later event than this one.

    Args:
        stored: What the catalog holds, in either form.
        event: The event's sequencer, by `comparable_sequencer`.
    """
    if is_comparable(stored):
        return stored > event
    digits = event.removeprefix(POINT)
    zeros = len(digits) - len(digits.lstrip("0"))
    return comparable_sequencer("0" * zeros + (stored.lstrip("0") or "0")) > event
