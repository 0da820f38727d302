"""The benchmarks: `make bench`, or `make bench IMAGES=DIR` for photographs of your own.

Writes what it measured, with the machine named, to docs/benchmarks.md.
"""

import os
import platform
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import typer

from farmy_assets.local.settings import read_settings
from farmy_assets.simulation.photographs import draw_photograph
from farmy_assets_tests.benchmarks.latency import seconds_until_visible
from farmy_assets_tests.benchmarks.throughput import each_stage_alone, through_the_loop

DRAWN = 200
GIGABYTE = 1e9
PAGE = Path("docs") / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{line}\n")


def main(
    images: Annotated[Path | None, typer.Option(help="Photographs; else some are drawn.")] = None,
    uploads: Annotated[int, typer.Option(help="Single uploads to time.")] = 20,
) -> None:
    """Measure the platform on this machine, and write the page."""
    with tempfile.TemporaryDirectory() as drawn:
        folder = images or _draw(Path(drawn))
        latencies = seconds_until_visible(uploads, say)
        count, elapsed = through_the_loop(folder, say)
        stages = each_stage_alone(folder, say)
    told = "drawn photographs" if images is None else f"photographs of `{images.name}`"
    lines = [
        f"Machine: {_machine()}. Date: {datetime.now(UTC):%Y-%m-%d}.",
        "",
        "| from an upload to its visible task | seconds |",
        "| --- | --- |",
        f"| median of {len(latencies)} single uploads | {statistics.median(latencies):.1f} |",
        f"| worst | {max(latencies):.1f} |",
        f"| best | {min(latencies):.1f} |",
        "",
        f"| {count} {told} | seconds | images/s |",
        "| --- | --- | --- |",
        *(
            f"| {stage} alone | {taken:.1f} | {count / taken:.0f} |"
            for stage, taken in stages.items()
        ),
        f"| the whole loop, to visible tasks | {elapsed:.1f} | {count / elapsed:.1f} |",
        "",
        f"The loop reaches {max(stages.values()) / elapsed:.2f} of the slowest stage alone.",
    ]
    _write("\n".join(lines))
    typer.echo("\n".join(lines))


def _draw(folder: Path) -> Path:
    say(f"drawing {DRAWN} photographs")
    for number in range(DRAWN):
        photograph = draw_photograph(5000 + number)
        photograph.content.save(folder / f"{number:04d}.jpg", quality=92)
    return folder


def _machine() -> str:
    memory = psutil.virtual_memory().total / GIGABYTE
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB memory, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def _write(measured: str) -> None:
    """Put the figures between the page's two marks; the words around them are written by hand."""
    page = read_settings().root / PAGE
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}")


if __name__ == "__main__":
    typer.run(main)
