"""Where a command writes: results to standard output, progress and messages to standard error.

A table is as wide as its values when it goes to a file or a pipe: no value is cut or wrapped. On a
terminal its ids are shortened in the middle, so that a row stays one line.
"""

import json
import os
from collections.abc import Collection, Iterable, Sequence

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

ELLIPSIS = "\u2026"
SHORTEST_ID = 13  # six characters at either end still tell two ids apart
UNLIMITED = 1_000_000
GAP = 2  # spaces between two columns


class PatientConsole(Console):
    """A console that falls silent when nobody reads it any more: a stop must not end half-way."""

    def on_broken_pipe(self) -> None:
        """Write on into nothing, in place of Rich's own answer, which ends the process."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def print_result(line: str) -> None:
    """One line of the result, for people and for pipes; no terminal takes it for a command."""
    typer.echo(_plain(line))


def print_json_lines(records: Iterable[object]) -> None:
    """One JSON object a line, as line-based tools read it."""
    for record in records:
        typer.echo(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Collection[str] = (),
    ids: Collection[str] = (),
    styles: Sequence[str] = (),
) -> None:
    """A table on standard output.

    Args:
        columns: Their titles, each once.
        rows: Their values; None is an empty cell.
        numbers: Columns that are aligned to the right.
        ids: Columns that may be shortened in the middle where a terminal is too narrow.
        styles: A Rich style for each row's second cell, or none at all.
    """
    console = PatientConsole()
    texts = [[_plain(value) for value in row] for row in rows]
    if console.is_terminal:
        texts = _fitted(columns, texts, ids, console.width)
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(
            Text(name),
            justify="right" if name in numbers else "left",
            overflow="fold",
            no_wrap=not console.is_terminal,
        )
    for number, row in enumerate(texts):
        cells = [Text(text) for text in row]
        if styles and len(cells) > 1:
            cells[1].stylize(styles[number])
        table.add_row(*cells)
    if console.is_terminal:
        console.print(table)
        return
    wide = PatientConsole(width=UNLIMITED)
    with wide.capture() as captured:
        wide.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def shortened(text: str, width: int) -> str:
    """A text of at most so many characters: its beginning and its end, where it is longer."""
    if len(text) <= width:
        return text
    kept = max(width - 1, 2)
    return f"{text[: kept - kept // 2]}{ELLIPSIS}{text[len(text) - kept // 2 :]}"


def _fitted(
    columns: Sequence[str], rows: list[list[str]], ids: Collection[str], width: int
) -> list[list[str]]:
    """The rows, with ids as short as the width asks for, but never so short that two are alike."""
    widths = [max([cell_len(name), *(cell_len(row[n]) for row in rows)])
              for n, name in enumerate(columns)]  # fmt: skip
    places = [n for n, name in enumerate(columns) if name in ids]
    over = sum(widths) + GAP * (len(columns) - 1) - width
    while over > 0 and places:
        widest = max(places, key=lambda n: widths[n])
        if widths[widest] <= SHORTEST_ID:
            break
        taken = min(over, widths[widest] - SHORTEST_ID)
        if len(places) > 1:  # evenly: one character at a time from the widest
            taken = 1
        widths[widest] -= taken
        over -= taken
    return [
        [shortened(text, widths[n]) if n in places else text for n, text in enumerate(row)]
        for row in rows
    ]


def _plain(value: object) -> str:
    """A value as text that no terminal takes for a command."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
