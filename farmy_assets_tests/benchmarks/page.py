"""The page of measurements: figures go between marks, the words around them are written by hand."""

import os
import platform
import sys
from datetime import UTC, datetime

import psutil

from farmy_assets.local.settings import read_settings

PAGE = "docs/benchmarks.md"
GIGABYTE = 1e9


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{line}\n")


def measured_on() -> str:
    """The machine and the day, as a sentence for people."""
    memory = psutil.virtual_memory().total / GIGABYTE
    return (
        f"Machine: {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB memory, "
        f"{platform.system()}, Python {platform.python_version()}. "
        f"Date: {datetime.now(UTC):%Y-%m-%d}."
    )


class Rows:
    """The rows of one benchmark, on disk as soon as they are measured: a later failure loses none.

    Attributes:
        path: The file in `.local/benchmarks` that holds them, and the notes between them.
    """

    def __init__(self, name: str) -> None:
        """Begin a file; the name is that of the page's marks."""
        folder = read_settings().home / "benchmarks"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.md"
        self._name = name
        self._lines: list[str] = []
        say(f"rows are kept in {self.path} as they come")

    def add(self, *lines: str) -> None:
        """Keep lines that belong on the page."""
        self._lines += lines
        self.note(*lines)

    def note(self, *lines: str) -> None:
        """Keep lines in the file alone: single measurements behind a median."""
        with self.path.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def publish(self) -> str:
        """Write all of them to the page, and return them."""
        measured = "\n".join(self._lines)
        write(self._name, measured)
        return measured


def write(name: str, measured: str) -> None:
    """Put figures between the page's marks `<!-- NAME: begin -->` and `<!-- NAME: end -->`.

    Raises:
        ValueError: The page has no such marks.
    """
    path = read_settings().root / PAGE
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, opened, rest = path.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        msg = f"{PAGE} has no marks named {name!r}"
        raise ValueError(msg)
    path.write_text(f"{before}{begin}\n{measured}\n{end}{after}")
