"""Filters of `farmy search`, as SQL in Athena's dialect.

A row of the answer is an image in a campaign that has it; votes, conflicts and so on are those of
that campaign.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from sqlglot import exp

from farmy_assets.catalog.metadata import Position
from farmy_assets.errors import InvalidInputError
from farmy_assets.query.image_phases import BATCH, CAMPAIGN, IMAGES, has_row, phase_condition
from farmy_assets.query.tables import TABLES

_LARGEST_LIMIT = 1_000_000
_ORDER = f"i.arrived_at DESC, i.image_id, COALESCE(m.kind, 'own') DESC, {CAMPAIGN}"
_SHARED = {"source", "dt", "image_id", "batch_id"}
_COMPARISON = re.compile(r"([a-z_]+)\s*(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)")


def images_sql(wanted: Mapping[str, str], *, limit: int) -> str:
    """Images with their checks that match all filters, the newest first, by campaign.

    Args:
        wanted: Column of `images` or `image_checks` to its value; or one of the filters
            `check` ("blurry<2, dark>=0.4"), `captured_since` and `captured_until`, `arrived_since`
            and `arrived_until` (days, both included), `within` ("west,south,east,north", degrees),
            `annotator`, `label`, `conflict` (any, none, or a kind), `duplicate_of` and its
            inverse `kept_for`, `phase` (a name of `ImagePhase`).
        limit: The largest number of images.

    Raises:
        InvalidInputError: There is no such column or filter, or its value is not valid.
    """
    if not 1 <= limit <= _LARGEST_LIMIT:
        raise InvalidInputError(f"limit must be between 1 and {_LARGEST_LIMIT:,}, not {limit}")
    columns = _column_names()
    unknown = sorted(wanted.keys() - columns.keys() - FILTERS.keys())
    if unknown:
        known = ", ".join([*columns, *FILTERS])
        raise InvalidInputError(f"images have no {', '.join(unknown)}; they have: {known}")
    conditions = [
        f"({FILTERS[name](value)})"
        if name in FILTERS
        else f"CAST({columns[name]} AS varchar) = {_text(value)}"
        for name, value in sorted(wanted.items())
    ]
    return _select(columns, conditions, limit)


def these_images_sql(image_ids: Sequence[str]) -> str:
    """These images with their checks, in every campaign that has them, their own first.

    A query has room for some hundred ids.
    """
    named = ", ".join(_text(image_id) for image_id in image_ids)
    return _select(_column_names(), [f"i.image_id IN ({named})"], _LARGEST_LIMIT)


def _column_names() -> dict[str, str]:
    """Each column of `images` and `image_checks`, and how it is named in the query."""
    images = {c.name: f"i.{c.name}" for c in TABLES["images"].columns}
    checks = {c.name: f"c.{c.name}" for c in TABLES["image_checks"].columns}
    own_checks = {name: column for name, column in checks.items() if name not in _SHARED}
    return own_checks | images | {"campaign": CAMPAIGN, "batch_id": BATCH}


def _select(columns: Mapping[str, str], conditions: Sequence[str], limit: int) -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    found_there = {"campaign": "found.campaign", "batch_id": "found.batch_id"}
    named = ", ".join(f"{found_there.get(name, sql)} AS {name}" for name, sql in columns.items())
    # Found by few columns, then shown with all: a million wide rows would not fit into memory.
    # Names are from our own list, values are literals, and `sql_allowlist` checks the whole query.
    found = (
        f"SELECT i.image_id, i.arrived_at, {CAMPAIGN} AS campaign, {BATCH} AS batch_id, "  # noqa: S608
        f"COALESCE(m.kind, 'own') AS kind FROM {IMAGES}{where} ORDER BY {_ORDER} LIMIT {limit}"
    )
    return (
        f"SELECT {named} FROM ({found}) found JOIN images i ON i.image_id = found.image_id "  # noqa: S608
        "LEFT JOIN image_checks c ON c.image_id = found.image_id AND c.batch_id = found.batch_id "
        "ORDER BY found.arrived_at DESC, found.image_id, found.kind DESC, found.campaign "
        f"LIMIT {limit}"
    )


def _text(value: object) -> str:
    return exp.Literal.string(str(value)).sql("athena")


def _checks(value: str) -> str:
    measured = {c.name for c in TABLES["image_checks"].columns if c.sql_type == "double"}
    conditions = []
    for part in value.split(","):
        match = _COMPARISON.fullmatch(part.strip())
        if match is None or match[1] not in measured:
            msg = f"write a check as blurry<2, not {part!r}; checks are {', '.join(measured)}"
            raise InvalidInputError(msg)
        conditions.append(f"c.{match[1]} {match[2]} {match[3]}")
    return " AND ".join(conditions)


def _day(column: str, sign: str) -> Callable[[str], str]:
    def condition(value: str) -> str:
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            msg = f"write a day as 2026-05-14, not {value!r}"
            raise InvalidInputError(msg) from error
        return f"CAST(i.{column} AS date) {sign} CAST('{day}' AS date)"

    return condition


def _within(value: str) -> str:
    try:
        west, south, east, north = (float(side) for side in value.split(","))
        for latitude, longitude in ((south, west), (north, east)):
            Position(latitude_deg=latitude, longitude_deg=longitude)
    except ValueError as error:  # pydantic's ValidationError is one
        msg = f"write a place as west,south,east,north in degrees, not {value!r}"
        raise InvalidInputError(msg) from error
    if south > north:
        raise InvalidInputError(f"{value!r} ends south of where it begins: west,south,east,north")
    # A box over the date line begins east and ends west of it.
    link = "AND" if west <= east else "OR"
    return (
        f"i.latitude_deg BETWEEN {south} AND {north} "
        f"AND (i.longitude_deg >= {west} {link} i.longitude_deg <= {east})"
    )


def _named_in(table: str, column: str) -> Callable[[str], str]:
    return lambda value: has_row(f"{table} WHERE {column} = {_text(value)}")


def _kept_for(value: str) -> str:
    return has_row(f"duplicates WHERE image_id = {_text(value)}", image="duplicate_of")


def _conflict(value: str) -> str:
    if value == "none":
        return f"NOT {has_row('conflicts')}"
    if value == "any":
        return has_row("conflicts")
    return _named_in("conflicts", "kind")(value)


FILTERS: Mapping[str, Callable[[str], str]] = {
    "check": _checks,
    "captured_since": _day("captured_at", ">="),
    "captured_until": _day("captured_at", "<="),
    "arrived_since": _day("arrived_at", ">="),
    "arrived_until": _day("arrived_at", "<="),
    "within": _within,
    "annotator": _named_in("votes", "person"),
    "label": _named_in("regions", "label"),
    "conflict": _conflict,
    "duplicate_of": _named_in("duplicates", "duplicate_of"),
    "kept_for": _kept_for,
    "phase": phase_condition,
}
"""The filters besides the columns: name to a function that makes a value a condition."""
