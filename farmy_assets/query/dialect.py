"""Translate a checked query of Athena's dialect to DuckDB, with Athena's results.

sqlglot translates the syntax. Where the same syntax has another meaning, `athena_semantics.py`
changes the tree first. What cannot be translated with its meaning is refused, not left out.
"""

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from farmy_assets.errors import InvalidInputError
from farmy_assets.query.athena_semantics import with_athenas_values
from farmy_assets.query.sql_allowlist import tables_of
from farmy_assets.query.tables import TABLES


def to_duckdb(query: exp.Query) -> str:
    """The query as DuckDB's SQL.

    Raises:
        InvalidInputError: A column is named that is not there, or is there twice; or something can
            only be asked of Athena.
    """
    schema: dict[str, object] = {
        name: {c.name: c.sql_type for c in TABLES[name].columns} for name in tables_of(query)
    }
    try:
        named = qualify(
            query.copy(), schema=schema or None, dialect="athena", quote_identifiers=False,
            expand_alias_refs=False,
        )  # fmt: skip
    except SqlglotError as error:
        raise InvalidInputError(_does_not_fit(str(error), query)) from error
    try:
        typed = annotate_types(named, schema=schema, dialect="athena")
        mended = with_athenas_values(typed)
        return mended.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise InvalidInputError(f"this can be asked of Athena only: {error}") from error
    except RecursionError as error:
        raise InvalidInputError("the query is nested too deep; write it flatter") from error


def _does_not_fit(problem: str, query: exp.Query) -> str:
    """What is wrong with the names, and which there are."""
    columns = {name: [c.name for c in TABLES[name].columns] for name in tables_of(query)}
    for column in query.find_all(exp.Column):
        places = [name for name, there in columns.items() if column.name.lower() in there]
        if f"'{column.name}' could not be resolved" in problem and len(places) > 1:
            choice = " or ".join(f"{place}.{column.name}" for place in places)
            return f"{column.name} is in more than one table: write {choice}"
    known = "; ".join(f"{name} has {', '.join(there)}" for name, there in columns.items())
    return f"the query does not fit the tables: {problem}" + (f" - {known}" if known else "")
