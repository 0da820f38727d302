"""Athena's functions that DuckDB lacks or defines otherwise, as DuckDB macros.

Each body follows Trino's manual, nulls and edge cases included. `KINDS` are functions that
sqlglot has a class for, `NAMES` are those that it leaves as they are.

DuckDB puts a macro's arguments into its body as they are written. So a body names each of them once
(but those that are always written out as a value): with two places, forty calls inside one another
would become a million million. Where a value is needed twice, the body makes a list of one and
works on its element.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlglot import exp


class FunctionMacro(NamedTuple):
    """A macro's name, and under which names sqlglot keeps its arguments."""

    macro: str
    arguments: tuple[str, ...]


KINDS: Mapping[type[exp.Expr], FunctionMacro] = {
    exp.SplitPart: FunctionMacro("athena_split_part", ("this", "delimiter", "part_index")),
    exp.RegexpExtract: FunctionMacro("athena_regexp_extract", ("this", "expression", "group")),
    exp.Substring: FunctionMacro("athena_substr", ("this", "start", "length")),
    exp.ArrayPosition: FunctionMacro("athena_array_position", ("this", "expression")),
    exp.ArraySlice: FunctionMacro("athena_slice", ("this", "start", "end")),
    exp.ArraySort: FunctionMacro("athena_array_sort", ("this",)),
    exp.ArrayMax: FunctionMacro("athena_array_max", ("this",)),
    exp.ArrayMin: FunctionMacro("athena_array_min", ("this",)),
    exp.JSONExtractScalar: FunctionMacro("athena_json_extract_scalar", ("this", "expression")),
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
MATCHES: Mapping[str, str] = {
    "any_match": "athena_any_match",
    "all_match": "athena_all_match",
    "none_match": "athena_none_match",
}
"""Functions that ask whether a lambda holds for elements; the macros are given its answers."""

MACROS: Mapping[str, tuple[str, ...]] = {
    "athena_split_part": ("(s, d, n) AS string_split(s, d)[n]",),
    "athena_regexp_extract": (
        "(s, p) AS regexp_extract_all(s, p)[1]",
        "(s, p, g) AS regexp_extract_all(s, p, g)[1]",
    ),
    "athena_substr": (
        "(s, b) AS list_transform([{'s': s, 'b': b}], lambda q: CASE WHEN q.b = 0 "
        "OR q.b < -length(q.s) THEN '' ELSE substring(q.s, q.b) END)[1]",
        "(s, b, n) AS list_transform([{'s': s, 'b': b, 'n': n}], lambda q: CASE WHEN q.b = 0 "
        "OR q.b < -length(q.s) THEN '' ELSE substring(q.s, q.b, q.n) END)[1]",
    ),
    "athena_array_position": (
        "(a, x) AS list_transform([{'a': a, 'x': x}], lambda q: CASE WHEN q.a IS NOT NULL "
        "AND q.x IS NOT NULL THEN coalesce(list_position(q.a, q.x), 0) END)[1]",
    ),
    "athena_slice": (
        "(a, b, n) AS list_transform([{'a': a, 'b': b, 'n': n}], "
        "lambda q: list_slice(q.a, q.b, q.b + q.n - 1))[1]",
    ),
    "athena_array_sort": ("(a) AS list_sort(a, 'ASC', 'NULLS LAST')",),
    "athena_array_max": (
        "(a) AS list_transform([a], "
        "lambda q: CASE WHEN list_count(q) = len(q) THEN list_max(q) END)[1]",
    ),
    "athena_array_min": (
        "(a) AS list_transform([a], "
        "lambda q: CASE WHEN list_count(q) = len(q) THEN list_min(q) END)[1]",
    ),
    "athena_json_extract_scalar": (  # the path is always written out
        "(j, p) AS list_transform([j], lambda q: CASE WHEN json_valid(q) "
        "AND json_type(q, p) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(q, p) END)[1]",
    ),
    **{
        f"athena_{name}": (
            f"(a, b) AS list_transform([{{'a': a, 'b': b}}], "
            f"lambda q: CASE WHEN q.b = 0 THEN {by_zero} ELSE q.a {operator} q.b END)[1]",
        )
        for operation, operator in (("whole_quotient", "//"), ("quotient", "/"), ("rest", "%"))
        for name, by_zero in (
            (operation, "error('Division by zero')"),
            (f"{operation}_or_null", "NULL"),
        )
    },
    "athena_any_match": (
        "(f) AS list_transform([f], lambda q: CASE WHEN list_contains(q, true) THEN true "
        "WHEN list_count(q) < len(q) THEN NULL WHEN q IS NOT NULL THEN false END)[1]",
    ),
    "athena_all_match": (
        "(f) AS list_transform([f], lambda q: CASE WHEN list_contains(q, false) THEN false "
        "WHEN list_count(q) < len(q) THEN NULL WHEN q IS NOT NULL THEN true END)[1]",
    ),
    "athena_none_match": (
        "(f) AS list_transform([f], lambda q: CASE WHEN list_contains(q, true) THEN false "
        "WHEN list_count(q) < len(q) THEN NULL WHEN q IS NOT NULL THEN true END)[1]",
    ),
    "athena_map_agg": ("(k, v) AS map(list(k), list(v))",),
}


def definitions() -> list[str]:
    """The statements that tell DuckDB all macros."""
    return [f"CREATE TEMP MACRO {name} {', '.join(bodies)}" for name, bodies in MACROS.items()]
