"""Find the file on a disk that a list names, in whatever spelling."""

import os
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath

from farmy_assets.catalog.file_names import composed, folded, spelled_out
from farmy_assets.catalog.wording import nearest
from farmy_assets.ingestion.sources.list_text import OF_WINDOWS

BACKSLASH = "\\"


@dataclass(frozen=True)
class NamedFiles:
    """Finds files below a folder; each directory is listed once."""

    folder: Path
    _seen: dict[Path, dict[str, list[str]]] = field(default_factory=dict)

    def find(self, named: str, *, is_guessed: bool = False) -> str:
        """The name of the file on disk: as the list has it, or in the disk's spelling.

        Args:
            named: The name in the list.
            is_guessed: Whether the list's encoding is a guess: then its very bytes may be a name.

        Returns:
            The first of these that is there: the very name; with / for every backslash; with other
            signs for the same letters, an ending in another case, or spaces around it, if just one
            file fits. The very name when none is there.
        """
        slashed = named.replace(BACKSLASH, "/")
        spellings = [named, *([slashed] if BACKSLASH in named else [])]
        if is_guessed:
            spellings.append(os.fsdecode(_bytes_of(named)))
        for spelling in spellings:
            if _is_there(self.folder / spelling):
                return self._relative_name(spelling)
        for spelling in spellings:
            found = self._otherwise_spelled(spelling)
            if found is not None:
                return self._relative_name(found)
        return named

    def _relative_name(self, found: str) -> str:
        """The name as the folder itself has it: without `./` and `//`, and without the folder."""
        path = PurePosixPath(found)
        if path.is_absolute() and path.is_relative_to(self.folder):
            path = path.relative_to(self.folder)
        return str(path)

    def why_not_there(self, named: str, *, is_guessed: bool) -> str:
        """A likely cause for the missing file."""
        if "://" in named:
            return "an address, not a file: fetch it first; of addresses, only s3:// is read"
        if named[1:3] in {":\\", ":/"}:
            return "a path of Windows, with a drive: name the files relative to the list"
        if is_guessed and not named.isascii():
            return f"the list is not UTF-8 and was read as {OF_WINDOWS}: save it as CSV in UTF-8"
        if BACKSLASH in named:
            return "neither with its backslashes nor with / in their place"
        path = PurePosixPath(named)
        there = sorted(chain(*self._spellings(self.folder / path.parent).values()))
        near = nearest(path.name, there)
        return f"near to it is {spelled_out(near)}" if near else ""

    def _otherwise_spelled(self, named: str) -> str | None:
        """The name of the only file that differs in nothing but its spelling."""
        found: list[str] = []
        for part in Path(named).parts:
            here = self.folder.joinpath(*found)
            if part == os.sep or _is_there(here / part):
                found.append(part)
                continue
            fitting = self._spellings(here).get(folded(part.strip()), [])
            same_case = [name for name in fitting if composed(name) == composed(part)]
            fitting = same_case or fitting
            if len(fitting) != 1:
                return None
            found += fitting
        return str(Path(*found).as_posix()) if found else None

    def _spellings(self, directory: Path) -> dict[str, list[str]]:
        if directory not in self._seen:
            names: dict[str, list[str]] = {}
            try:
                for name in sorted(path.name for path in directory.iterdir()):
                    names.setdefault(folded(name.strip()), []).append(name)
            except (OSError, ValueError):
                names = {}
            self._seen[directory] = names
        return self._seen[directory]


def _bytes_of(named: str) -> bytes:
    return b"".join(
        sign.encode(OF_WINDOWS, "ignore") or sign.encode("latin-1", "replace") for sign in named
    )


def _is_there(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False
