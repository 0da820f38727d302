"""Change a query's tree where the same SQL has other results in DuckDB than in Athena.

- A quotient of whole numbers is a whole number, cut towards zero; one of decimals keeps their
  scale; dividing either by zero is an error (DuckDB: a fraction; infinity or null).
- A sum or a count of whole numbers is a bigint (DuckDB: hugeint).
- A fraction cast to a whole number is rounded, halves away from zero (DuckDB: to even).
- A day moved or cut is a day (DuckDB: a timestamp); date_diff counts what is complete (DuckDB:
  the borders between); Sunday is the seventh day (DuckDB: the zeroth).
- Text is not compared with numbers or moments (DuckDB: it is cast).
- Nulls come last, whichever way one sorts: the same in both, and written out.
- Functions: `function_macros.py`.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from farmy_assets.errors import InvalidInputError
from farmy_assets.query.function_macros import KINDS, MATCHES, NAMES

_WHOLE = exp.DataType.INTEGER_TYPES
_REAL = ("double", "float")
_TEXT = exp.DataType.TEXT_TYPES
_MOMENTS = ("date", "timestamp", "timestamptz")
_FORMAT = re.compile(r"%(?:%|[^a-zA-Z]*[a-zA-Z])")
_DAYS_OF_WEEK = {"DOW", "DAY_OF_WEEK", "DAYOFWEEK"}


def with_athenas_values(typed: exp.Expr) -> exp.Expr:
    """The tree, whose types are known, changed in place.

    Raises:
        InvalidInputError: The meaning depends on a type that is not known, or the types do not fit.
    """
    for function in typed.find_all(exp.Transform, exp.ArrayFilter):
        _type_lambda(function)
    for node in reversed(list(typed.walk())):  # the inner first
        _mend(node)
    return typed


def _type_lambda(function: exp.Expr) -> None:
    """A lambda's variable is of the type that the array's elements have."""
    elements = function.this.type.expressions if function.this.type else []
    for variable in function.expression.find_all(exp.Identifier, exp.Column):
        if elements and variable.name in {v.name for v in function.expression.expressions}:
            variable.type = elements[0]


def _mend(node: exp.Expr) -> None:
    if type(node) in KINDS:
        _to_macro(node)
        return
    for kinds, mend in _MENDS:
        if isinstance(node, kinds):
            mend(node)


def _mend_cast(node: exp.Cast) -> None:
    if node.to.is_type(*_WHOLE) and node.this.is_type(*_REAL):
        node.set("this", exp.Round(this=node.this.copy()))


def _mend_difference(node: exp.DateDiff) -> None:
    unit = exp.Literal.string(node.text("unit").lower())
    _replace(node, _call("date_sub", unit, node.expression, node.this), "bigint")


def _mend_extract(node: exp.Extract) -> None:
    if node.name.upper() in _DAYS_OF_WEEK:
        _replace(node, exp.DayOfWeekIso(this=node.expression.copy()), "bigint")


def _mend_day(node: exp.Expr) -> None:
    is_moved = not isinstance(node, exp.Add | exp.Sub) or isinstance(node.expression, exp.Interval)
    if is_moved and node.this.is_type("date"):
        _replace(node, exp.cast(exp.paren(node.copy()), "date"), "date")


def _mend_reverse(node: exp.Reverse) -> None:
    if node.this.is_type("array"):
        _replace(node, _call("list_reverse", node.this))


def _mend_size(node: exp.ArraySize) -> None:
    if node.this.is_type("map"):
        _replace(node, _call("cardinality", node.this), "bigint")


def _to_macro(node: exp.Expr) -> None:
    function = KINDS[type(node)]
    arguments = [node.args.get(name) for name in function.arguments]
    if isinstance(node, exp.JSONExtractScalar):
        arguments[1] = exp.Literal.string(node.expression.sql("athena").strip("'"))
    _replace(node, _call(function.macro, *(a for a in arguments if a is not None)))


def _mend_named(node: exp.Anonymous) -> None:
    name = node.name.lower()
    if name in NAMES:
        node.set("this", NAMES[name])
    elif name in MATCHES:
        array, condition = node.expressions
        answers = exp.Transform(this=array.copy(), expression=condition.copy())
        _replace(node, _call(MATCHES[name], answers), "boolean")


def _mend_total(node: exp.Expr) -> None:
    if isinstance(node, exp.Sum) and not node.this.is_type(*_WHOLE):
        return
    over = node
    while isinstance(over.parent, exp.Window | exp.Filter) and over.parent.this is over:
        over = over.parent
    _replace(over, exp.cast(over.copy(), "bigint"), "bigint")


def _mend_format(node: exp.Format) -> None:
    """To printf, whose %s takes text only."""
    template, values = node.this, list(node.expressions)
    if not template.is_string:
        raise InvalidInputError("format needs its first argument written out, such as '%s of %d'")
    signs = [sign for sign in _FORMAT.findall(template.name) if sign != "%%"]
    for place, (sign, value) in enumerate(zip(signs, values, strict=False)):
        if sign.endswith("s"):
            values[place] = exp.cast(value.copy(), "varchar")
    _replace(node, _call("printf", template, *values), "varchar")


def _mend_quotient(node: exp.Binary) -> None:
    left, right = node.left, node.right
    if (left.is_type(*_REAL) and _scale(left) is None) or (
        right.is_type(*_REAL) and _scale(right) is None
    ):
        return
    scales = [_scale(left), _scale(right)]
    if None in scales:
        msg = f"cast both sides of {node.sql('athena')}"
        raise InvalidInputError(f"{msg}: whole numbers divide otherwise than fractions")
    scale = max(s for s in scales if s is not None)
    is_quotient = isinstance(node, exp.Div)
    macro = ("athena_quotient" if scale else "athena_whole_quotient") if is_quotient else None
    by_zero = "_or_null" if node.find_ancestor(exp.Try) else ""
    mended: exp.Expr = _call(f"{macro or 'athena_rest'}{by_zero}", left, right)
    if scale and is_quotient:
        rounded = exp.Round(this=mended, decimals=exp.Literal.number(scale))
        mended = exp.cast(rounded, f"decimal(38, {scale})")
    mended.meta["scale"] = scale  # a quotient around this one asks for it
    _replace(node, mended, None if scale else "bigint")


def _scale(node: exp.Expr) -> int | None:
    """How many digits after the point: none of a whole number, None of what is no decimal."""
    if "scale" in node.meta:
        return int(node.meta["scale"])
    if isinstance(node, exp.Literal) and not node.is_string:
        whole, _, fraction = node.name.lower().partition(".")
        return None if "e" in whole + fraction else len(fraction)
    if isinstance(node, exp.Paren | exp.Neg | exp.Sum | exp.Abs | exp.Alias):
        inner = _scale(node.this)
        return inner if inner is not None else _whole(node)
    if isinstance(node, exp.Cast) and node.to.is_type("decimal"):
        digits = node.to.expressions
        return int(digits[1].name) if len(digits) > 1 else 0
    if isinstance(node, exp.Mul | exp.Add | exp.Sub):
        scales = [_scale(node.left), _scale(node.right)]
        known = [s for s in scales if s is not None]
        if len(known) == 2:  # noqa: PLR2004 - both sides
            return sum(known) if isinstance(node, exp.Mul) else max(known)
    return _whole(node)


def _whole(node: exp.Expr) -> int | None:
    return 0 if node.is_type(*_WHOLE) else None


def _mend_estimate(node: exp.ApproxDistinct) -> None:
    node.set("accuracy", None)  # how exact the estimate is, not what it means


def _check_comparison(node: exp.Binary) -> None:
    _check_types(node.left, node.right)


def _check_range(node: exp.Between) -> None:
    _check_types(node.this, node.args["low"])
    _check_types(node.this, node.args["high"])


def _check_choice(node: exp.In) -> None:
    for value in node.expressions:
        _check_types(node.this, value)


def _check_types(one: exp.Expr, other: exp.Expr) -> None:
    for text, valued in ((one, other), (other, one)):
        if text.is_type(*_TEXT) and valued.is_type(*_WHOLE, *_REAL, *_MOMENTS):
            kind = valued.type.sql("athena").lower() if valued.type else ""
            msg = (
                f"Athena compares no text with a {kind}: write CAST({text.sql('athena')} AS {kind})"
            )
            raise InvalidInputError(msg)


def _call(name: str, *arguments: exp.Expr | str) -> exp.Anonymous:
    literals = [exp.Literal.string(a) if isinstance(a, str) else a.copy() for a in arguments]
    return exp.Anonymous(this=name, expressions=literals)


def _replace(node: exp.Expr, by: exp.Expr, kind: str | None = None) -> None:
    by.type = exp.DataType.build(kind) if kind else node.type
    node.replace(by)


_MENDS: tuple[tuple[tuple[type[exp.Expr], ...], Callable[[Any], None]], ...] = (
    ((exp.Anonymous,), _mend_named),
    ((exp.Div, exp.Mod), _mend_quotient),
    ((exp.Sum, exp.CountIf), _mend_total),
    ((exp.Cast,), _mend_cast),
    ((exp.Format,), _mend_format),
    ((exp.ApproxDistinct,), _mend_estimate),
    ((exp.DateDiff,), _mend_difference),
    ((exp.Extract,), _mend_extract),
    ((exp.DateAdd, exp.DateTrunc, exp.TimestampTrunc, exp.Add, exp.Sub), _mend_day),
    ((exp.Reverse,), _mend_reverse),
    ((exp.ArraySize,), _mend_size),
    ((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _check_comparison),
    ((exp.Between,), _check_range),
    ((exp.In,), _check_choice),
)
