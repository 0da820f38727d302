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
