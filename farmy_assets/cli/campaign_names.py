"""The error text for the name of a campaign that does not exist."""

from collections.abc import Sequence

from farmy_assets.catalog.wording import listed, nearest
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake

_SHOWN = 10


def known_campaign(lake: Lake, name: str) -> str:
    """The name, if there is such a campaign.

    Raises:
        InvalidInputError: There is none; the text names the nearest, or all.
    """
    names = lake.campaigns.names()
    if name not in names:
        raise InvalidInputError(unknown_campaign(name, names))
    return name


def unknown_campaign(name: str, names: Sequence[str]) -> str:
    """That there is no such campaign, and which one may be meant."""
    if not names:
        return f"there is no campaign {name}; there are: none yet, farmy campaign apply opens one"
    near = nearest(name, names)
    hint = f"did you mean {near}?" if near else f"there are: {listed(names, shown=_SHOWN)}"
    return f"there is no campaign {name}; {hint}"
