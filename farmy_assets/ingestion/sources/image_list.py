"""A list of photographs: a CSV file, one row a photograph, its columns the metadata.

The column `file` names the photograph: a path relative to the list, or an address s3://bucket/key.
The other columns are claims (see `catalog/claims.py`). A row that cannot be used stays out with its
reason; an unknown column stops the import before anything is stored, because it would
spoil every row. What spreadsheets make of such a file is read as well (`list_text.py`), and names
find their files however they are spelled (`named_files.py`).
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from farmy_assets.catalog.arrivals import Refusal, RefusalReason
from farmy_assets.catalog.claims import (
    CLAIM_NAMES,
    SuppliedMetadata,
    check_claim_names,
    parse_claims,
)
from farmy_assets.catalog.file_names import spelled_out
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.source_files import (
    Loaded,
    SourceFile,
    SourceFiles,
    SourceOptions,
    read_file,
    refused,
)
from farmy_assets.ingestion.sources.bucket import SCHEME, ForeignStore
from farmy_assets.ingestion.sources.list_text import read_list_text
from farmy_assets.ingestion.sources.named_files import NamedFiles

FILE = "file"
NUMBERS = ("latitude_deg", "longitude_deg")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


FORM = "LIST.csv"


def takes(address: str) -> bool:
    """Whether it is a CSV file."""
    path = Path(address).expanduser()
    return path.is_file() and path.suffix.lower() == ".csv"


def source_files(address: str, options: SourceOptions) -> SourceFiles:
    """The photographs of a list; see `files_of_list`."""
    return partial(
        files_of_list, Path(address).expanduser(), anywhere=options.anywhere,
        store=lambda: ForeignStore(options.client()),
    )  # fmt: skip


def files_of_list(
    path: Path, *, store: Callable[[], ForeignStore], anywhere: bool = False
) -> Iterator[SourceFile]:
    """The photographs of a list, in its order.

    Args:
        path: The CSV file.
        store: Connects to where the list's s3:// addresses lie; called when the first one comes.
        anywhere: Whether paths may lead out of the list's folder.

    Raises:
        InvalidInputError: The file cannot be read, or has a column that is not known.
    """
    text = read_list_text(path, known=CLAIM_NAMES, needed=FILE)
    try:
        check_claim_names(tuple(name for name in text.columns if name not in {FILE, ""}))
    except InvalidInputError as error:
        msg = f"{path}: columns {error}, and {FILE}"
        raise InvalidInputError(msg) from error
    files, connected = NamedFiles(path.parent), list[ForeignStore]()
    first_rows: dict[str, tuple[int, int]] = {}
    for row in text.rows():
        named = row.cells.get(FILE, "")
        problem = row.problem or ("" if named else "no file")
        if problem:
            yield refused(f"line {row.line}", RefusalReason.BAD_METADATA, problem)
            continue
        try:
            claims = _claims(row.cells)
        except InvalidInputError as error:
            yield refused(spelled_out(named), RefusalReason.BAD_METADATA, str(error))
            continue
        meant = named if named.startswith(SCHEME) else files.find(named, is_guessed=text.is_guessed)
        line, what = first_rows.setdefault(meant, (row.line, hash(claims)))
        if what != hash(claims):
            problem = f"line {row.line} has other metadata than line {line}, which counts"
            yield refused(spelled_out(meant), RefusalReason.BAD_METADATA, problem)
        elif named.startswith(SCHEME):
            connected = connected or [store()]
            yield connected[0].source_file(named, claims)
        else:
            why = partial(files.why_not_there, named, is_guessed=text.is_guessed)
            yield _source_file(meant, files.folder, claims, anywhere=anywhere, why_not_there=why)


def _claims(cells: dict[str, str]) -> SuppliedMetadata:
    claimed = {name: cell for name, cell in cells.items() if name != FILE}
    for name in NUMBERS:  # a comma inside of a cell separates nothing: it is the decimal one
        if DECIMAL_COMMA.fullmatch(claimed.get(name, "")):
            claimed[name] = claimed[name].replace(",", ".")
    return parse_claims(claimed)


def _source_file(
    found: str,
    folder: Path,
    claims: SuppliedMetadata,
    *,
    anywhere: bool,
    why_not_there: Callable[[], str],
) -> SourceFile:
    name = spelled_out(found)

    def load() -> Loaded | Refusal:
        try:
            inside = (folder / found).resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError, RuntimeError) as error:
            return Refusal(name=name, reason=RefusalReason.UNREADABLE, detail=str(error))
        if not (inside or anywhere):
            detail = "allowed by --anywhere"
            return Refusal(name=name, reason=RefusalReason.OUTSIDE_THE_FOLDER, detail=detail)
        content = read_file(name, folder / found)
        if isinstance(content, Refusal):
            if content.reason is RefusalReason.MISSING_FILE:
                return content.model_copy(update={"detail": why_not_there()})
            return content
        return Loaded(content, claims)

    return SourceFile(name, load)
