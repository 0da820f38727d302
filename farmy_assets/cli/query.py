"""farmy query: SQL over the lake's tables."""

import io
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table

from farmy_assets.cli.context import console, ends_plainly, open_lake
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.query.athena import AthenaEngine, Scan
from farmy_assets.lake.query.guard import checked
from farmy_assets.lake.query.tables import TABLES

_SAVED_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
_SHOWN = 200


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@ends_plainly
def query(
    sql: Annotated[str, typer.Argument(help="A SELECT in Athena's SQL, or a saved name.")] = "",
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.TABLE,
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    tables: Annotated[bool, typer.Option("--tables", help="List all tables and columns.")] = False,
    save: Annotated[str, typer.Option(metavar="NAME", help="Also keep it by this name.")] = "",
    folder: Annotated[Path, typer.Option(help="Where saved queries lie.")] = Path("queries"),
) -> None:
    """Ask the lake's tables a question in Athena's SQL.

    Only reading is possible: no file, no setting and no other table can be reached.

        farmy query "SELECT verdict, count(*) AS n FROM image_checks GROUP BY verdict"
        farmy query "SELECT * FROM images" --format parquet --out images.parquet
        farmy query --tables
    """
    if tables:
        _print_tables()
        return
    text = _text_of(sql, folder)
    if save:
        checked(text)
        path = _saved(save, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    engine = open_lake().query_engine
    if isinstance(engine, AthenaEngine):
        engine = replace(engine, on_scan=_print_scan)
    _write(engine.query(text), form, out)


def _print_scan(scan: Scan) -> None:
    limit = f" of at most {scan.limit_bytes / 1e9:,.1f} GB" if scan.limit_bytes else ""
    told = f"Athena read {scan.scanned_bytes / 1e6:,.1f} MB{limit}: about {scan.cost_usd:.5f} USD"
    console.print(told, highlight=False)


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


def _write(answer: pa.Table, form: Form, out: Path | None) -> None:
    if form is Form.PARQUET and out is None:
        raise InvalidInputError("Parquet is no text: name a file with --out FILE")
    if form is Form.TABLE and out is None:
        _print(answer)
        return
    if form is Form.TABLE:
        raise InvalidInputError("--out needs --format csv, json or parquet")
    content = _content(answer, form)
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise InvalidInputError(f"{out} cannot be written: {error.strerror}") from error
    console.print(f"{len(answer):,} rows in {out}", highlight=False, soft_wrap=True)


def _content(answer: pa.Table, form: Form) -> bytes:
    if form is Form.PARQUET:
        import pyarrow.parquet as pq  # noqa: PLC0415 - takes long, which only this needs

        buffer = io.BytesIO()
        pq.write_table(answer, buffer)
        return buffer.getvalue()
    frame = answer.to_pandas()
    if form is Form.CSV:
        return str(frame.to_csv(index=False)).encode()
    text = frame.to_json(orient="records", date_format="iso", indent=1, force_ascii=False)
    return f"{text}\n".encode()


def _print(answer: pa.Table) -> None:
    shown = Table(box=None, pad_edge=False)
    for name in answer.column_names:
        shown.add_column(_plain(name))
    for row in answer.slice(0, _SHOWN).to_pylist():
        shown.add_row(*(_plain(value) for value in row.values()))
    Console().print(shown, markup=False)
    more = f"; the first {_SHOWN} are shown" if len(answer) > _SHOWN else ""
    console.print(f"{len(answer):,} rows{more}", highlight=False)


def _plain(value: object) -> str:
    """A value as text that neither Rich nor a terminal takes for a command."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "\ufffd" for c in text).replace("[", r"\[")


def _print_tables() -> None:
    for table in TABLES.values():
        typer.echo(f"{table.name}: {table.meaning}")
        for column in table.columns:
            typer.echo(f"  {column.name:24}{column.sql_type:16}{column.meaning}")
