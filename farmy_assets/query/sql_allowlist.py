"""What of people's SQL is let through: one question to the lake's tables, and nothing else.

The statement is read as Athena reads it, and every node of what was read must be of a kind that is
listed here. Nothing is searched for evil: what nobody listed is refused.
"""

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from farmy_assets.catalog.wording import nearest
from farmy_assets.errors import InvalidInputError
from farmy_assets.query.function_macros import MATCHES, NAMES
from farmy_assets.query.tables import TABLES

LONGEST_SQL = 20_000
DEEPEST = 60
MOST_NODES = 5_000
"""Of the tree that a statement is read into: names, values, operators and functions."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_QUERIES = (exp.Select, exp.Union, exp.Intersect, exp.Except)

_STRUCTURE = frozenset({
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From,
    exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
    exp.Distinct, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star,
    exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Interval, exp.Var, exp.DataType,
    exp.DataTypeParam, exp.Unnest, exp.Window, exp.WindowSpec, exp.Filter, exp.Bracket, exp.Lambda,
    exp.If, exp.Exists, exp.WithinGroup, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Fetch,
    exp.Dot, exp.IgnoreNulls, exp.RespectNulls, exp.Values, exp.LimitOptions,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript,
})  # fmt: skip
_OPERATORS = frozenset({
    exp.And, exp.Or, exp.Not, exp.Xor, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is,
    exp.In, exp.Between, exp.Like, exp.Escape, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg,
    exp.DPipe, exp.Any, exp.All, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Case,
    exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor,
})  # fmt: skip
_FUNCTIONS = frozenset({
    exp.Cast, exp.TryCast, exp.Try, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.AnyValue, exp.ArgMax,
    exp.ArgMin, exp.ArrayAgg, exp.ApproxDistinct, exp.ApproxQuantile, exp.Stddev, exp.StddevPop,
    exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.LogicalAnd, exp.LogicalOr,
    exp.GroupConcat, exp.Grouping,
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag,
    exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue,
    exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Sqrt, exp.Pow, exp.Exp, exp.Ln, exp.Log, exp.Sign,
    exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan, exp.Atan2, exp.Radians, exp.Degrees,
    exp.Trunc, exp.Cbrt, exp.Pi, exp.IsNan, exp.Rand,
    exp.Lower, exp.Upper, exp.Length, exp.Substring, exp.Trim, exp.Concat, exp.Replace, exp.Reverse,
    exp.StrPosition, exp.Split, exp.SplitPart, exp.StartsWith, exp.RegexpLike, exp.RegexpExtract,
    exp.RegexpReplace, exp.RegexpCount, exp.Levenshtein, exp.ConcatWs, exp.Pad, exp.Chr,
    exp.EndsWith, exp.Translate, exp.Format, exp.JSONExtractScalar,
    exp.ArraySize, exp.ArrayContains, exp.ArrayToString, exp.ArrayMax, exp.ArrayMin, exp.Array,
    exp.ArrayDistinct, exp.ArrayFilter, exp.Transform, exp.ArrayConcat,
    exp.ArrayPosition, exp.ArraySlice, exp.ArraySort, exp.Flatten, exp.Map, exp.MapKeys,
    exp.CurrentDate, exp.CurrentTimestamp, exp.DateAdd, exp.DateDiff, exp.DateTrunc,
    exp.TimestampTrunc, exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear,
    exp.Day, exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfYear, exp.Hour, exp.Minute, exp.Second,
    exp.UnixToTime, exp.TimeToUnix, exp.TimeToStr, exp.Date, exp.TsOrDsToDate,
    exp.DayOfMonth, exp.YearOfWeek, exp.LastDay, exp.StrToTime, exp.FromISO8601Date,
    exp.FromISO8601Timestamp,
})  # fmt: skip
_SELECT_PARTS = {
    "with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "order",
    "limit", "offset", "operation_modifiers", "windows",
}  # fmt: skip
_ODDITIES: tuple[tuple[type[exp.Expr], str, str], ...] = (
    (exp.With, "recursive", "WITH RECURSIVE is not allowed: its cost has no bound"),
    (exp.Distinct, "on", "DISTINCT ON is not of Athena's SQL; use GROUP BY"),
    (exp.Group, "all", "GROUP BY ALL is not of Athena's SQL; name the columns"),
    (exp.Star, "except_", "* EXCLUDE is not of Athena's SQL; name the columns"),
    (exp.Star, "replace", "* REPLACE is not of Athena's SQL; name the columns"),
    (exp.Star, "rename", "* RENAME is not of Athena's SQL; name the columns"),
    (exp.LimitOptions, "with_ties", "WITH TIES is not allowed; use rank()"),
    (exp.LimitOptions, "percent", "a LIMIT in percent is not allowed; say how many rows"),
    (exp.Split, "limit", "split takes two arguments here"),
)
"""What sqlglot reads, and Athena would refuse or DuckDB answer otherwise."""
_JOINS = {"", "INNER", "OUTER", "CROSS"}
ALLOWED = _STRUCTURE | _OPERATORS | _FUNCTIONS
_TYPES = frozenset(
    exp.DataType.Type[name]
    for name in (
        "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR",
        "CHAR", "TEXT", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "ARRAY", "INTERVAL",
    )
)  # fmt: skip


def checked(sql: str) -> exp.Query:
    """The one query that the text is.

    Raises:
        InvalidInputError: It is no single query, or uses what is not allowed; the message names it.
    """
    query = _parsed(sql)
    for count, node in enumerate(query.walk(), start=1):
        if count > MOST_NODES:
            msg = (
                f"the query has more than {MOST_NODES:,} names, values and operators; ask for less"
            )
            raise InvalidInputError(msg)
        _check_node(node)
    return query


def tables_of(query: exp.Query) -> list[str]:
    """The names of the lake's tables that a checked query reads, sorted."""
    named = {t.name.lower() for t in query.find_all(exp.Table) if not _is_of_query(t)}
    return sorted(named)


def _parsed(sql: str) -> exp.Query:
    if len(sql) > LONGEST_SQL or "\x00" in sql:
        msg = f"the query is longer than {LONGEST_SQL:,} characters, or holds a zero byte"
        raise InvalidInputError(msg)
    depth = deepest = 0
    for sign in sql:
        depth += (sign in "([") - (sign in ")]")
        deepest = max(deepest, depth)
    try:
        if deepest > DEEPEST:
            raise RecursionError  # noqa: TRY301 - it would be one in the parser
        statements = [s for s in sqlglot.parse(sql, read="athena") if s is not None]
    except SqlglotError as error:
        detail = re.sub(r"\x1b\[\d+m", "", str(error)).splitlines()[0]
        msg = f"the query cannot be read as Athena's SQL: {detail}"
        raise InvalidInputError(msg) from error
    except RecursionError as error:
        msg = f"the query is nested deeper than {DEEPEST} brackets; write it flatter"
        raise InvalidInputError(msg) from error
    if len(statements) != 1:
        msg = f"one query at a time, please: these are {len(statements)} statements"
        raise InvalidInputError(msg)
    (query,) = statements
    if not isinstance(query, _QUERIES):
        msg = (
            f"only a SELECT can be asked here, not {_statement_name(query)}; the lake is read-only"
        )
        raise InvalidInputError(msg)
    return query


def _check_node(node: exp.Expr) -> None:
    if isinstance(node, exp.Anonymous) and node.name.lower() in {*NAMES, *MATCHES}:
        return
    if type(node) not in ALLOWED:
        raise InvalidInputError(f"{_statement_name(node)} is not allowed in a query of the lake")
    if isinstance(node, exp.Table):
        _check_table(node)
    elif isinstance(node, exp.DataType):
        if node.this not in _TYPES:
            raise InvalidInputError(f"the type {node.sql('athena')} is not allowed in a query")
    elif isinstance(node, exp.Var) and not _NAME.fullmatch(node.name):
        # sqlglot writes an identifier such as a unit of time as it was given: unquoted.
        raise InvalidInputError(f"{node.name!r} is no unit of time")
    elif isinstance(node, exp.CTE) and not _NAME.fullmatch(node.alias):
        raise InvalidInputError(f"{node.alias!r} is no plain name for a WITH query")
    elif isinstance(node, exp.Select) and not node.expressions:
        raise InvalidInputError("a SELECT names at least one column, or *")
    elif isinstance(node, exp.Select) and (set(_set_args(node)) - _SELECT_PARTS):
        extra = sorted(set(_set_args(node)) - _SELECT_PARTS)
        raise InvalidInputError(f"a SELECT with {', '.join(extra)} is not allowed")
    else:
        _check_oddities(node)


def _check_oddities(node: exp.Expr) -> None:
    for kind, part, refusal in _ODDITIES:
        if isinstance(node, kind) and node.args.get(part):
            raise InvalidInputError(refusal)
    if isinstance(node, exp.Join) and (node.method or node.kind.upper() not in _JOINS):
        raise InvalidInputError(f"a {node.method or node.kind} JOIN is not allowed in a query")
    if isinstance(node, exp.Unnest) and len(node.expressions) > 1:
        raise InvalidInputError("UNNEST takes one array here; use one UNNEST for each")


def _set_args(node: exp.Expr) -> Iterator[str]:
    return (name for name, value in node.args.items() if value)


def _check_table(table: exp.Table) -> None:
    extra = set(_set_args(table)) - {"this", "alias", "joins"}
    if extra or not isinstance(table.this, exp.Identifier):
        msg = f"{table.sql('athena')} is no table of the lake: name one of {', '.join(TABLES)}"
        raise InvalidInputError(msg)
    if table.name.lower() not in TABLES and not _is_of_query(table):
        near = nearest(table.name, TABLES)
        meant = f"; did you mean {near}?" if near else ""
        msg = f"there is no table {table.name}; there are: {', '.join(TABLES)}{meant}"
        raise InvalidInputError(msg)


def _is_of_query(table: exp.Table) -> bool:
    """Whether the name is that of an earlier WITH query: not one of a later query."""
    name, node = table.name.lower(), table.parent
    inside: exp.Expr = table
    while node is not None:
        with_ = node.args.get("with_")
        before: list[exp.CTE] = []
        if isinstance(node, exp.With):
            before = node.expressions[: _place(node, inside)]
        elif with_ is not None and inside is not with_:
            before = with_.expressions
        if name in {cte.alias.lower() for cte in before}:
            return True
        inside, node = node, node.parent
    return False


def _place(with_: exp.With, inside: exp.Expr) -> int:
    return next(n for n, cte in enumerate(with_.expressions) if cte is inside)


def _statement_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name}"
    if isinstance(node, exp.Func):
        return f"the function {node.sql('athena').partition('(')[0].lower()}"
    return type(node).__name__.upper()
