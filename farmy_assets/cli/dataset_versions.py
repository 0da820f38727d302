"""A released version by the name that a person wrote."""

from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake


def version_named(lake: Lake, campaign: str, version_id: str) -> DatasetVersion:
    """The version of a campaign with this id; the newest for an empty one.

    Raises:
        InvalidInputError: There is none; the text names those that there are.
    """
    newest = lake.datasets.newest(campaign)
    if newest is None:
        msg = f"{campaign} was not released yet: farmy campaign status {campaign} says why"
        raise InvalidInputError(msg)
    if version_id in {"", newest.version_id}:
        return newest
    found = lake.datasets.all(campaign)
    for version in found:
        if version.version_id == version_id:
            return version
    there = ", ".join(version.version_id for version in found)
    msg = f"{campaign} has no version {version_id}; there are: {there}"
    raise InvalidInputError(msg)
