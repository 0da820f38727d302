"""A checked query in Athena's words, told to DuckDB so that it gives Athena's values.

sqlglot translates the words. Where the same words mean something else, the tree is changed first:

- A quotient of whole numbers is a whole number, cut towards zero; dividing by zero is an error
  (DuckDB: a fraction; infinity or null).
- A sum of whole numbers is a bigint (DuckDB: hugeint).
- A fraction cast to a whole number is rounded, halves away from zero (DuckDB: to even).
- Nulls come last, whichever way one sorts: the same in both, and written out.
"""

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.query.guard import tables_of
from farmy_assets.lake.query.tables import TABLES

_WHOLE = exp.DataType.INTEGER_TYPES
_FRACTIONS = exp.DataType.REAL_TYPES
_BY_ZERO = "Division by zero"


def to_duckdb(query: exp.Query) -> str:
    """The query as DuckDB's SQL.

    Raises:
        InvalidInputError: A column is named that is not there, or is there twice.
    """
    schema: dict[str, object] = {
        name: {c.name: c.sql_type for c in TABLES[name].columns} for name in tables_of(query)
    }
    try:
        named = qualify(
            query.copy(), schema=schema or None, dialect="athena", quote_identifiers=False
        )
        typed = annotate_types(named, schema=schema, dialect="athena")
        for node in reversed(
            list(typed.find_all(exp.Div, exp.Mod, exp.Sum, exp.Cast))
        ):  # the inner first
            _mend(node)
        return typed.sql(dialect="duckdb", identify=True)
    except SqlglotError as error:
        raise InvalidInputError(f"the query does not fit the tables: {error}") from error


def _mend(node: exp.Expr) -> None:
    if isinstance(node, exp.Sum):
        if node.this.is_type(*_WHOLE):
            over = node.parent if isinstance(node.parent, exp.Window | exp.Filter) else node
            while isinstance(over.parent, exp.Window | exp.Filter) and over.parent.this is over:
                over = over.parent
            whole = exp.cast(over.copy(), "bigint")
            whole.type = exp.DataType.build("bigint")
            over.replace(whole)
        return
    if isinstance(node, exp.Cast):
        if node.to.is_type(*_WHOLE) and node.this.is_type("double", "float"):
            node.set("this", exp.Round(this=node.this.copy()))
        return
    left, right = node.this, node.expression
    if left.is_type(*_FRACTIONS) and not left.is_type("decimal"):
        return
    if right.is_type(*_FRACTIONS) and not right.is_type("decimal"):
        return
    is_whole = left.is_type(*_WHOLE) and right.is_type(*_WHOLE)
    kind = exp.IntDiv if is_whole and isinstance(node, exp.Div) else type(node)
    quotient = kind(this=left.copy(), expression=right.copy())
    refused = exp.Anonymous(this="error", expressions=[exp.Literal.string(_BY_ZERO)])
    is_zero = exp.EQ(this=exp.paren(right.copy()), expression=exp.Literal.number(0))
    mended = exp.paren(exp.Case(ifs=[exp.If(this=is_zero, true=refused)], default=quotient))
    mended.type = node.type  # a quotient around this one asks for it
    node.replace(mended)
