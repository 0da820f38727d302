"""farmy query: SQL over the lake's tables."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from farmy_assets.catalog.spreadsheets import without_formula
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_result, print_table
from farmy_assets.errors import InvalidInputError
from farmy_assets.query.athena import AthenaEngine, Scan
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.tables import TABLES
from farmy_assets.query.translation import translate

_SAVED_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
_SHOWN = 200


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


@reports_errors
def query(  # noqa: PLR0913, PLR0917 - one option for each thing that a person can choose
    sql: Annotated[str, typer.Argument(help="A SELECT in Athena's SQL, or a saved name.")] = "",
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.TABLE,
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    for_spreadsheets: Annotated[
        bool,
        typer.Option(
            "--for-spreadsheets",
            help="In CSV, put ' before texts that Excel would run, such as =HYPERLINK.",
        ),
    ] = False,
    tables: Annotated[bool, typer.Option("--tables", help="List all tables and columns.")] = False,
    save: Annotated[str, typer.Option(metavar="NAME", help="Also keep it by this name.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Tables as of now, but for runs.")] = False,
    folder: Annotated[Path, typer.Option(help="The folder of saved queries.")] = Path("queries"),
) -> None:
    """Ask the lake's tables a question in Athena's SQL.

    Only reading is possible: no file, no setting and no other table can be reached. The tables
    are brought up to date every quarter of an hour; with --fresh, those that are asked, now.

    JSON is one array, JSONL one object a line. CSV holds the values as they are: texts that others
    sent may begin with =, which a spreadsheet program runs; --for-spreadsheets makes them safe.

        farmy query "SELECT verdict, count(*) AS n FROM image_checks GROUP BY verdict"
        farmy query "SELECT * FROM images" --format parquet --out images.parquet
        farmy query "SELECT * FROM images" --format csv --for-spreadsheets --out images.csv
        farmy query --tables
    """
    if tables:
        _print_tables()
        return
    text = _text_of(sql, folder)
    if save:
        translate(text)
        path = _saved(save, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    lake = open_lake()
    if fresh:
        QueryLayer(lake).bring_up_to_date(translate(text).tables)
    engine = QueryLayer(lake).engine
    if isinstance(engine, AthenaEngine):
        engine = replace(engine, on_scan=_print_scan)
    answer = engine.query(text)
    if for_spreadsheets and form is not Form.CSV:
        raise InvalidInputError("--for-spreadsheets needs --format csv")
    _write(answer, form, out, for_spreadsheets=for_spreadsheets)
    if not len(answer) and not fresh:
        hint = "the tables are brought up to date every quarter of an hour; with --fresh, now"
        console.print(hint, highlight=False)


def _print_scan(scan: Scan) -> None:
    limit = f" of at most {scan.limit_bytes / 1e9:,.1f} GB" if scan.limit_bytes else ""
    summary = (
        f"Athena read {scan.scanned_bytes / 1e6:,.1f} MB{limit}: about {scan.cost_usd:.5f} USD"
    )
    console.print(summary, highlight=False)


def _saved(name: str, folder: Path) -> Path:
    if not _SAVED_NAME.match(name):
        msg = f"{name!r} is no name for a query: use letters, digits, - and _"
        raise InvalidInputError(msg)
    return folder / f"{name}.sql"


def _text_of(sql: str, folder: Path) -> str:
    if not sql.strip():
        raise InvalidInputError('ask something: farmy query "SELECT ...", or see --tables')
    if not _SAVED_NAME.match(sql):
        return sql
    path = _saved(sql, folder)
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"there is no saved query {path}; keep one with --save {sql}"
        raise InvalidInputError(msg) from error


def _write(answer: pa.Table, form: Form, out: Path | None, *, for_spreadsheets: bool) -> None:
    if form is Form.PARQUET and out is None:
        raise InvalidInputError("Parquet is binary: add --out FILE")
    if form is Form.TABLE and out is None:
        _print(answer)
        return
    if form is Form.TABLE:
        raise InvalidInputError("--out needs --format csv, json, jsonl or parquet")
    content = _content(answer, form, for_spreadsheets=for_spreadsheets)
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise InvalidInputError(f"{out} cannot be written: {error.strerror}") from error
    console.print(f"{len(answer):,} rows in {out}", highlight=False, soft_wrap=True)


def _content(answer: pa.Table, form: Form, *, for_spreadsheets: bool) -> bytes:
    twice = {name for name in answer.column_names if answer.column_names.count(name) > 1}
    if twice:
        msg = f"two columns are called {', '.join(sorted(twice))}: tell them apart with AS"
        raise InvalidInputError(msg)
    if form is Form.PARQUET:
        import pyarrow.parquet as pq  # noqa: PLC0415 - takes long, which only this needs

        buffer = io.BytesIO()
        try:
            pq.write_table(answer, buffer)
        except pa.ArrowException as error:
            raise InvalidInputError(f"Parquet has no form for a column: {error}") from error
        return buffer.getvalue()
    if form is Form.CSV:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        safe = without_formula if for_spreadsheets else _unchanged
        writer.writerow([safe(name) for name in answer.column_names])
        writer.writerows([safe(_cell(value)) for value in row] for row in _rows(answer))
        return text.getvalue().encode()
    rows = [dict(zip(answer.column_names, row, strict=True)) for row in _rows(answer)]
    if form is Form.JSONL:
        lines = (json.dumps(row, ensure_ascii=False, default=_json_value) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()
    return f"{json.dumps(rows, indent=1, ensure_ascii=False, default=_json_value)}\n".encode()


def _rows(answer: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows' values, whole numbers whole even beside nulls."""
    return zip(*(_values(column) for column in answer.columns), strict=True)


def _values(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_map(column.type):
        return [None if pairs is None else dict(pairs) for pairs in column.to_pylist()]
    return [_finite(value) for value in column.to_pylist()]


def _finite(value: Any) -> Any:  # noqa: ANN401 - a value of any type that a query may give
    """A value that JSON has a form for: it has none for NaN and the infinities."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _json_value(value: object) -> object:
    """A value that JSON has no form for: moments and days as ISO 8601 writes them."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _cell(value: object) -> object:
    """A value in a table of texts: lists and maps in JSON's form."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_json_value)
    return str(value).lower() if isinstance(value, bool) else value


def _print(answer: pa.Table) -> None:
    names = answer.column_names
    print_table(
        names,
        [[_cell(value) for value in row] for row in _rows(answer.slice(0, _SHOWN))],
        ids={name for name in names if name.endswith("_id")},
    )
    more = f"; the first {_SHOWN} are shown" if len(answer) > _SHOWN else ""
    console.print(f"{len(answer):,} rows{more}", highlight=False)


def _unchanged(value: object) -> object:
    return value


def _print_tables() -> None:
    for table in TABLES.values():
        print_result(f"{table.name}: {table.meaning}")
        for column in table.columns:
            print_result(f"  {column.name:24}{column.sql_type:16}{column.meaning}")
