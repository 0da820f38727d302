"""The files below a folder: their names as text, and their bytes.

No file of the folder is left out: one that cannot be read is listed as well, and
`why_missing` returns the reason.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from farmy_assets.catalog.file_names import spelled_out


class FoundFile(NamedTuple):
    """A file below the folder: its name with forward slashes, and where it is."""

    name: str
    path: Path


def files_below(folder: Path, *, leaving_out: Collection[Path] = ()) -> Iterator[FoundFile]:
    """Every file below a folder, links to files included, in a stable order.

    Links to folders are not followed: like folders that may not be read, they stand for
    themselves.
    """
    left_out = {path.resolve() for path in leaving_out}
    sealed: list[str] = []
    for directory, folders, names in os.walk(folder, onerror=lambda e: sealed.append(e.filename)):
        links = [name for name in folders if Path(directory, name).is_symlink()]
        folders[:] = sorted(f for f in folders if Path(directory, f).resolve() not in left_out)
        for name in sorted([*names, *links]):
            yield _found(Path(directory, name), folder)
    for directory in sealed:
        yield _found(Path(directory), folder)


def name_as_text(path: Path) -> str:
    """The name without its folder; what no text can hold is replaced."""
    return path.name.encode("utf-8", "replace").decode()


def read_content(path: Path, max_bytes: int) -> bytes | None:
    """The file's bytes; of a larger file one byte more than that, which tells that it is larger.

    Returns:
        None when there is no file, or none that may be read.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(min(path.stat().st_size, max_bytes) + 1)
    except OSError:
        return None


def size_bytes(path: Path) -> int:
    """The file's size; 0 when it cannot be read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def why_missing(path: Path) -> str:
    """Why a file that was found has no bytes, as text for a person."""
    try:
        if path.is_dir():
            if path.is_symlink():
                return "a link to a folder, which is not followed: check that folder separately"
            return "a folder that may not be read"
        if path.is_symlink() and not path.exists():
            return "a link to nothing"
        if path.exists() and not path.is_file():
            return "not a regular file"
    except OSError as error:
        return error.strerror or "cannot be read"
    return "may not be read" if path.exists() else "gone"


def _found(path: Path, folder: Path) -> FoundFile:
    return FoundFile(spelled_out(path.relative_to(folder).as_posix()), path)
