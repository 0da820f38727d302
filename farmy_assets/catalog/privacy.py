"""What stays in the raw zone: who took a photograph, and its exact position.

A contributor is a token that only its issuer can turn back into a person. A position leaves the
raw zone rounded to two decimals of a degree, about one kilometre: enough for the region and the
weather, too little for a farm's gate. The exact position stays with the raw image's own metadata.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

from farmy_assets.catalog.metadata import ImageMetadata, Position
from farmy_assets.errors import InvalidInputError

SHARED_DECIMALS = 2  # of a degree: 1.1 km from north to south, less from east to west
TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{3,64}", re.ASCII)


def contributor_token(text: str) -> str:
    """The text, which has to be a token.

    Raises:
        InvalidInputError: It could be a name or an e-mail address.
    """
    if not TOKEN_PATTERN.fullmatch(text) or not any(c.isdigit() for c in text):
        msg = (
            "contributor: a token of 3 to 64 letters, digits, - and _ with a digit in it is "
            "needed, such as c-4711: no name and no e-mail address"
        )
        raise InvalidInputError(msg)
    return text


def _checked(text: str) -> str:
    try:
        return contributor_token(text)
    except InvalidInputError as error:
        raise ValueError(*error.args) from error


ContributorToken = Annotated[str, AfterValidator(_checked)]


def coarsened(position: Position) -> Position:
    """The position as it may be known outside the raw zone; coarsening it again changes nothing."""
    return Position(
        latitude_deg=round(position.latitude_deg, SHARED_DECIMALS) + 0.0,  # no minus zero
        longitude_deg=round(position.longitude_deg, SHARED_DECIMALS) + 0.0,
    )


def shareable(metadata: ImageMetadata) -> ImageMetadata:
    """The metadata as it may be known outside the raw zone: its position coarsened."""
    if metadata.position is None:
        return metadata
    return metadata.model_copy(update={"position": coarsened(metadata.position)})
