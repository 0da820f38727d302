"""Questions that people ask often, as SQL in Athena's words."""

from collections.abc import Mapping

from sqlglot import exp

from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.query.tables import TABLES

_LARGEST_LIMIT = 1_000_000
_SHARED = {"source", "dt", "image_id", "batch_id"}


def images_sql(wanted: Mapping[str, str], *, limit: int) -> str:
    """Images with their checks, the newest first, whose columns have these values.

    Raises:
        InvalidInputError: There is no such column, or the limit is no sensible number.
    """
    if not 1 <= limit <= _LARGEST_LIMIT:
        raise InvalidInputError(f"limit must be between 1 and {_LARGEST_LIMIT:,}, not {limit}")
    images = {c.name: f"i.{c.name}" for c in TABLES["images"].columns}
    checks = {c.name: f"c.{c.name}" for c in TABLES["image_checks"].columns}
    places = {name: f"c.{name}" for name in checks if name not in _SHARED} | images
    unknown = sorted(wanted.keys() - places.keys())
    if unknown:
        msg = f"images have no {', '.join(unknown)}; they have: {', '.join(places)}"
        raise InvalidInputError(msg)
    conditions = [
        f"CAST({places[name]} AS varchar) = {exp.Literal.string(str(value)).sql('athena')}"
        for name, value in sorted(wanted.items())
    ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    # Names are from our own list, values are literals, and the guard reads it all again.
    return (
        f"SELECT {', '.join(places.values())} FROM images i "  # noqa: S608
        f"LEFT JOIN image_checks c ON c.image_id = i.image_id{where} "
        f"ORDER BY i.arrived_at DESC, i.image_id LIMIT {limit}"
    )
