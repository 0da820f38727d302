"""The text of a list as spreadsheets write it: encoding, separator, header and rows."""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from farmy_assets.errors import InvalidInputError

MARKS = (  # the longer ones first: the mark of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
OF_WINDOWS = "cp1252"  # most often what is no UTF-8
SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_LINE = re.compile(r'"?sep=(?P<separator>[^\r\n"])"?[,;\t]*(\r\n|\r|\n|$)', re.IGNORECASE)
ENDS_OF_LINES = re.compile(r"\r\n|\r|\n")
BLANK_LINES = re.compile(r"(?: *(?:\r\n|\r|\n))*")
SEPARATOR_NAMES = "comma, semicolon, tab or |"
# What is often given in the place of a list, by how it begins.
OTHER_FILES = {
    b"PK\x03\x04": "a workbook, not a text",
    b"\xd0\xcf\x11\xe0": "a workbook, not a text",
    b"{": "JSON, not a list",
    b"<": "a page, not a list",
}
IN_WORDS = {"unexpected end of data": 'a quotation mark (") is opened and never closed'}
SHOWN = 80


@dataclass(frozen=True)
class Row:
    """One row of a list, or what is wrong with it.

    Attributes:
        line: Where it ends in the file, from 1.
        cells: Column to its text, without spaces around it.
        problem: What is wrong; empty for a valid row.
    """

    line: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class ListText:
    """A list's text, read.

    Attributes:
        columns: Names of the columns, in lower case; empty where a column has none.
        separator: The text between two cells.
        encoding: By which it was read.
        is_guessed: Whether that encoding is only the likeliest.
    """

    columns: tuple[str, ...]
    separator: str
    encoding: str
    is_guessed: bool
    _text: str
    _lines_before: int

    def rows(self) -> Iterator[Row]:
        """The rows below the header that say anything."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self.separator,
                            strict=True)  # fmt: skip
        next(reader, None)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problem = IN_WORDS.get(str(error), str(error))
                yield Row(self._lines_before + reader.line_num, {}, problem)
                continue
            if cells is None:
                return
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield self._row(self._lines_before + reader.line_num, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        width = len(self.columns)
        beyond = [cell for cell in cells[width:] if cell]
        unnamed = [c for n, c in zip(self.columns, cells, strict=False) if c and not n]
        found = {n: c for n, c in zip(self.columns, cells, strict=False) if n}
        if beyond:
            return Row(line, found, f"{len(cells)} cells for {width} columns")
        if unnamed:
            return Row(line, found, f"{unnamed[0][:40]!r} stands in a column without a name")
        return Row(line, found)


def read_list_text(path: Path, *, known: Collection[str], needed: str) -> ListText:
    """Read a list.

    Args:
        path: The file.
        known: Names that columns may have; they tell the separator.
        needed: The one that must be there.

    Raises:
        InvalidInputError: It cannot be read, or its first row names no columns.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InvalidInputError(msg) from error
    for begin, kind in OTHER_FILES.items():
        if content.startswith(begin):
            msg = f"{path} is {kind}: save it as CSV in UTF-8"
            raise InvalidInputError(msg)
    text, encoding, is_guessed = _decoded(path, content)
    blank = BLANK_LINES.match(text)
    written = text[blank.end() :] if blank else text
    lines_before = len(ENDS_OF_LINES.findall(text, 0, len(text) - len(written)))
    declared = SEPARATOR_LINE.match(written)
    body = written[declared.end() :] if declared else written
    headers = {
        separator: _header(body, separator)
        for separator in ([declared["separator"]] if declared else SEPARATORS)
    }
    separator = max(headers, key=lambda s: len(set(headers[s]) & {*known, needed}))
    columns = headers[separator]
    named = [name for name in columns if name]
    if needed not in columns or len(set(named)) < len(named):
        names = ", ".join((needed, *known))
        between = f"{separator!r}, as its first line says" if declared else SEPARATOR_NAMES
        msg = (
            f"{path}: its first row has to name the columns, each once, with {between} between "
            f"them: {names}; {_what_is_wrong(body, named, needed)}"
        )
        raise InvalidInputError(msg)
    lines_before += 1 if declared else 0
    return ListText(columns, separator, encoding, is_guessed, body, lines_before)


def _what_is_wrong(body: str, named: list[str], needed: str) -> str:
    """Why a first row does not name the columns as it has to."""
    if not body:
        return "the file is empty"
    if needed not in named:
        return f"the row that stands there names no {needed}: {body.splitlines()[0][:SHOWN]}"
    twice = sorted({name for name in named if named.count(name) > 1})
    return f"more than once it names {', '.join(twice)[:SHOWN]}"


def _decoded(path: Path, content: bytes) -> tuple[str, str, bool]:
    mark, encoding = next(
        ((mark, name) for mark, name in MARKS if content.startswith(mark)), (b"", "utf-8")
    )
    if not mark and content[1:2] == content[3:4] == b"\0":
        encoding = "utf-16-le"
    elif not mark and content[:1] == content[2:3] == b"\0":
        encoding = "utf-16-be"
    try:
        return content[len(mark) :].decode(encoding), encoding, False
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            msg = f"{path} is not whole {encoding.upper()}: save it again, as CSV in UTF-8"
            raise InvalidInputError(msg) from error
    return "".join(map(_line, content[len(mark) :].splitlines(keepends=True))), OF_WINDOWS, True


def _line(content: bytes) -> str:
    """One line of a text that is not all UTF-8, although this line may be."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return "".join(_SIGNS[byte] for byte in content)


# Of the few signs that even Windows does not know, Latin-1 has an (invisible) one.
_SIGNS = [
    bytes([n]).decode(OF_WINDOWS) if bytes([n]).decode(OF_WINDOWS, "ignore") else chr(n)
    for n in range(256)
]


def _header(text: str, separator: str) -> tuple[str, ...]:
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True),
                     [])  # fmt: skip
    except csv.Error:
        return ()
    return tuple(cell.strip().lower() for cell in cells)
