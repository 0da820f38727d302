"""Athena's functions that DuckDB has not, or has with another meaning: told to it as macros.

Each body gives what Trino's manual says, nulls and edges included. `KINDS` are functions that
sqlglot knows by a class of its own, `NAMES` are those that it leaves as they are.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlglot import exp


class Word(NamedTuple):
    """A macro's name, and under which names sqlglot keeps its arguments."""

    macro: str
    arguments: tuple[str, ...]


KINDS: Mapping[type[exp.Expr], Word] = {
    exp.SplitPart: Word("athena_split_part", ("this", "delimiter", "part_index")),
    exp.RegexpExtract: Word("athena_regexp_extract", ("this", "expression", "group")),
    exp.Substring: Word("athena_substr", ("this", "start", "length")),
    exp.ArrayPosition: Word("athena_array_position", ("this", "expression")),
    exp.ArraySlice: Word("athena_slice", ("this", "start", "end")),
    exp.ArraySort: Word("athena_array_sort", ("this",)),
    exp.ArrayMax: Word("athena_array_max", ("this",)),
    exp.ArrayMin: Word("athena_array_min", ("this",)),
    exp.JSONExtractScalar: Word("athena_json_extract_scalar", ("this", "expression")),
}
NAMES: Mapping[str, str] = {
    "arrays_overlap": "list_has_any",
    "codepoint": "unicode",
    "every": "bool_and",
    "geometric_mean": "geomean",
    "hamming_distance": "hamming",
    "histogram": "histogram",
    "map_agg": "athena_map_agg",
    "map_values": "map_values",
}
MATCHES: Mapping[str, type[exp.Binary]] = {
    "any_match": exp.GT,
    "all_match": exp.EQ,
    "none_match": exp.EQ,
}
"""Functions that ask how many elements a lambda holds for."""

MACROS: Mapping[str, tuple[str, ...]] = {
    "athena_split_part": ("(s, d, n) AS string_split(s, d)[n]",),
    "athena_regexp_extract": (
        "(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END",
        "(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    ),
    "athena_substr": (
        "(s, b) AS CASE WHEN b = 0 OR b < -length(s) THEN '' ELSE substring(s, b) END",
        "(s, b, n) AS CASE WHEN b = 0 OR b < -length(s) THEN '' ELSE substring(s, b, n) END",
    ),
    "athena_array_position": (
        "(a, x) AS CASE WHEN a IS NOT NULL AND x IS NOT NULL "
        "THEN coalesce(list_position(a, x), 0) END",
    ),
    "athena_slice": ("(a, b, n) AS list_slice(a, b, b + n - 1)",),
    "athena_array_sort": ("(a) AS list_sort(a, 'ASC', 'NULLS LAST')",),
    "athena_array_max": ("(a) AS CASE WHEN list_count(a) = len(a) THEN list_max(a) END",),
    "athena_array_min": ("(a) AS CASE WHEN list_count(a) = len(a) THEN list_min(a) END",),
    "athena_json_extract_scalar": (
        "(j, p) AS CASE WHEN json_valid(j) AND json_type(j, p) NOT IN ('OBJECT', 'ARRAY') "
        "THEN json_extract_string(j, p) END",
    ),
    "athena_map_agg": ("(k, v) AS map(list(k), list(v))",),
}


def definitions() -> list[str]:
    """The statements that tell DuckDB all macros."""
    return [f"CREATE TEMP MACRO {name} {', '.join(bodies)}" for name, bodies in MACROS.items()]
