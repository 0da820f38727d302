"""Numbers in the values of results: Label Studio checks nothing that is sent to it."""

import math
from collections.abc import Mapping
from typing import Any

from farmy_assets.errors import InvalidInputError


def number_in(value: Mapping[Any, Any], name: str) -> float:
    """The finite number of this name.

    Raises:
        InvalidInputError: There is none.
    """
    number = finite(value.get(name))
    if number is None:
        msg = f"has no usable {name}: {str(value.get(name))[:40]!r}"
        raise InvalidInputError(msg)
    return number


def is_turned(degrees: object) -> bool:
    """Whether an angle means anything but "upright"; no angle is upright."""
    if degrees is None:
        return False
    angle = finite(degrees)
    return angle is None or angle % 360 != 0


def finite(value: object) -> float | None:
    """The value as a float when it is a finite number (a bool is none), else None."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
