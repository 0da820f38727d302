"""How a model is called: one name for the model with its version."""

import re
from typing import Annotated

from pydantic import StringConstraints

from farmy_assets.errors import InvalidInputError

MODEL_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
ModelName = Annotated[str, StringConstraints(pattern=MODEL_NAME_PATTERN)]
"""A model with its version: "weeds-yolo-v3". What a name stands for never changes."""


def checked_model_name(name: str) -> str:
    """The name, if it can be one.

    Raises:
        InvalidInputError: It cannot; the text says how one is written.
    """
    if not re.fullmatch(MODEL_NAME_PATTERN, name):
        msg = (
            f"{name[:80]!r} cannot be the name of a model: letters, digits, dots, hyphens and "
            'underscores, 64 at most, such as "weeds-yolo-v3"'
        )
        raise InvalidInputError(msg)
    return name
