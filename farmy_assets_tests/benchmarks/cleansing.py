"""The benchmarks of cleansing: `make bench-cleansing IMAGES="DIR ..."`.

Writes what it measured, beside other tools, with the machine named, to docs/benchmarks.md.
"""

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, UnidentifiedImageError

from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets_tests.benchmarks import (
    accuracy,
    cleansing_speed,
    duplicate_search,
    growing_lake,
    page,
)

MANY = 10_000
JUDGED_EACH = 100


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of photographs.")],
    memory_images: Annotated[int, typer.Option(help="Photographs to watch memory over.")] = MANY,
    judged: Annotated[int, typer.Option(help="Photographs of each folder to spoil.")] = JUDGED_EACH,
) -> None:
    """Measure the checks and the search for duplicates on this machine, and write the page."""
    rows = page.Rows("cleansing")
    rows.add(
        page.measured_on(),
        "",
        "| photographs | what | images/s | ours is so many times as fast |",
        "| --- | --- | --- | --- |",
    )
    for folder in folders:
        rows.add(*cleansing_speed.images_per_second(folder, rows.note))
    largest = max(folders, key=_bytes_per_file)
    first, whole = cleansing_speed.memory(largest, memory_images)
    rows.add(
        "",
        f"Memory of all our processes on `{largest.name}`, two workers: {first:.0f} MB over the "
        f"first tenth, {whole:.0f} MB over {memory_images:,} photographs.",
        "",
    )
    rows.add(*duplicate_search.rows(page.say), "")
    rows.add(*growing_lake.rows(min(folders, key=_bytes_per_file), page.say), "")
    page.say("spoiling photographs")
    photographs = [path for folder in folders for path in _photographs(folder)[:judged]]
    rows.add(*accuracy.report(photographs, CleansingPolicy()))
    typer.echo(rows.publish())


def _photographs(folder: Path) -> list[Path]:
    """Those on which nothing was tuned; what cannot be opened is no material."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not accuracy.is_for_tuning(path):
            try:
                with Image.open(path):
                    found.append(path)
            except UnidentifiedImageError:
                page.say(f"{path.name} is no photograph")
    return found


def _bytes_per_file(folder: Path) -> float:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes) / max(1, len(sizes))


if __name__ == "__main__":
    typer.run(main)
