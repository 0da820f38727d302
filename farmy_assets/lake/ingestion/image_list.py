"""A list of photographs: a CSV file, one row a photograph, its columns what is said of it.

The column `file` names the photograph: a path relative to the list, or an address s3://bucket/key.
The other columns are claims (see `catalog/claims.py`). A row that cannot be used stays out with its
reason; a column that nobody knows stops the import before anything is stored, because it would
spoil every row.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from farmy_assets.catalog.arrivals import Refusal, RefusalReason
from farmy_assets.catalog.claims import CLAIM_NAMES, Claims, check_claim_names, parse_claims
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.ingestion.foreign_bucket import SCHEME, ForeignStore
from farmy_assets.lake.ingestion.offers import Loaded, Offer, read_file, refused

FILE = "file"


def offers_of_list(
    path: Path, *, store: Callable[[], ForeignStore], anywhere: bool = False
) -> Iterator[Offer]:
    """The photographs of a list, in its order.

    Args:
        path: The CSV file, in UTF-8.
        store: Connects to where the list's s3:// addresses lie; called when the first one comes.
        anywhere: Whether paths may lead out of the list's folder.

    Raises:
        InvalidInputError: The file cannot be read, or has a column that is not known.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.reader(file, strict=True)
            columns = _columns(path, rows)
            connected: list[ForeignStore] = []
            while True:
                try:
                    row = next(rows, None)
                except csv.Error as error:
                    yield _bad_row(rows.line_num, str(error))
                    continue
                if row is None:
                    return
                if not row:
                    continue
                told = dict(zip(columns, row, strict=False))
                named = told.pop(FILE, "").strip()
                if len(row) != len(columns) or not named:
                    problem = f"{len(row)} cells for {len(columns)} columns" if named else "no file"
                    yield _bad_row(rows.line_num, problem)
                    continue
                try:
                    claims = parse_claims(told)
                except InvalidInputError as error:
                    yield refused(_spelled_out(named), RefusalReason.BAD_METADATA, str(error))
                    continue
                if named.startswith(SCHEME):
                    connected = connected or [store()]
                    yield connected[0].offer(named, claims)
                else:
                    yield _offer(named, path.parent, claims, anywhere=anywhere)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(msg) from error


def _columns(path: Path, rows: Iterator[list[str]]) -> list[str]:
    try:
        columns = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        msg = f"{path} is not CSV: {error}"
        raise InvalidInputError(msg) from error
    if FILE not in columns or len(set(columns)) < len(columns):
        known = ", ".join((FILE, *CLAIM_NAMES))
        msg = f"{path}: its first row has to name the columns, each once: {known}"
        raise InvalidInputError(msg)
    try:
        check_claim_names(tuple(name for name in columns if name != FILE))
    except InvalidInputError as error:
        msg = f"{path}: columns {error}, and {FILE}"
        raise InvalidInputError(msg) from error
    return columns


def _bad_row(line: int, problem: str) -> Offer:
    return refused(f"line {line}", RefusalReason.BAD_METADATA, problem)


def _offer(named: str, folder: Path, claims: Claims, *, anywhere: bool) -> Offer:
    name = _spelled_out(named)

    def load() -> Loaded | Refusal:
        try:
            inside = (folder / named).resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError, RuntimeError) as error:
            return Refusal(name=name, reason=RefusalReason.UNREADABLE, detail=str(error))
        if not (inside or anywhere):
            detail = "allowed by --anywhere"
            return Refusal(name=name, reason=RefusalReason.OUTSIDE_THE_FOLDER, detail=detail)
        content = read_file(name, folder / named)
        return content if isinstance(content, Refusal) else Loaded(content, claims)

    return Offer(name, load)


def _spelled_out(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
