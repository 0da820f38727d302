"""Copies of real photographs: how many are found, and how often the better one is kept.

    python -m farmy_assets_tests.benchmarks.changed_copies DIR ... [--each N] [--after N] [--tuning]

Without `--tuning` only photographs are used on which nothing was tuned.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, ImageOps, UnidentifiedImageError

from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of, known_images
from farmy_assets.cleansing.duplicates import find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets_tests.benchmarks import page
from farmy_assets_tests.benchmarks.accuracy import is_for_tuning
from farmy_assets_tests.benchmarks.made_copies import BETTER, FOUND, Make

POLICY = CleansingPolicy()


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of photographs.")],
    each: Annotated[int, typer.Option(help="Photographs of each folder at most.")] = 350,
    after: Annotated[int, typer.Option(help="Photographs of each folder to leave out.")] = 0,
    tuning: Annotated[bool, typer.Option(help="Those that thresholds were set on.")] = False,
) -> None:
    """Measure both, and print the tables."""
    paths = [path for folder in folders for path in _photographs(folder, tuning)[after:][:each]]
    originals = {path.as_posix(): _fingerprint(path.as_posix(), path.read_bytes())
                 for path in paths}  # fmt: skip
    known = {name: f for name, f in originals.items() if f is not None}
    twins = find_duplicates(list(known.values()), known_images([]), policy=POLICY)
    known = {name: f for name, f in known.items() if name not in twins}
    typer.echo(f"{len(paths)} photographs; {len(known)} left without those that are copies.")
    for line in _found(known):
        typer.echo(line)
    typer.echo("")
    for line in _better(known):
        typer.echo(line)


def _found(known: Mapping[str, Fingerprint]) -> Iterator[str]:
    """The copy against all photographs, and the photograph against all copies."""
    yield ("| copy | found | of another photograph | missed | the other way round: found "
           "| of another | missed |")  # fmt: skip
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    kept = known_images([known[name] for name in sorted(known)])
    for kind, make in FOUND.items():
        page.say(kind)
        copies = _copies(known, make)
        there = _count(find_duplicates(list(copies.values()), kept, policy=POLICY), "copy of ")
        kept_copies = known_images([copies[name] for name in sorted(copies)])
        asked = [known[name.removeprefix("copy of ")] for name in copies]
        back = _count(find_duplicates(asked, kept_copies, policy=POLICY), "copy of ")
        cells = [count[how] for count in (there, back) for how in ("right", "wrong")]
        yield (f"| {kind} | {cells[0]} | {cells[1]} | {len(copies) - sum(cells[:2])} "
               f"| {cells[2]} | {cells[3]} | {len(copies) - sum(cells[2:])} |")  # fmt: skip


def _count(duplicates: Mapping[str, object], prefix: str) -> Counter[str]:
    return Counter(
        "right"
        if image_id.removeprefix(prefix) == str(getattr(d, "of_image_id", "")).removeprefix(prefix)
        else "wrong"
        for image_id, d in duplicates.items()
    )


def _better(known: Mapping[str, Fingerprint]) -> Iterator[str]:
    yield "| copy | photograph kept | copy kept | not found |"
    yield "| --- | --- | --- | --- |"
    for kind, make in BETTER.items():
        page.say(kind)
        counts: Counter[str] = Counter()
        for name, copy in _copies(known, make).items():
            original = known[name.removeprefix("copy of ")]
            found = find_duplicates([original, copy], known_images([]), policy=POLICY)
            counts["kept" if name in found else "lost" if found else "missed"] += 1
        yield f"| {kind} | {counts['kept']} | {counts['lost']} | {counts['missed']} |"


def _copies(known: Mapping[str, Fingerprint], make: Make) -> dict[str, Fingerprint]:
    found = {}
    for name in known:
        with Image.open(name) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
        copy = _fingerprint(f"copy of {name}", make(image, random.Random(name)))
        if copy is not None:
            found[copy.image_id] = copy
    return found


def _fingerprint(name: str, content: bytes) -> Fingerprint | None:
    return fingerprint_of(assess(name, content, policy=POLICY))


def _photographs(folder: Path, tuning: bool) -> list[Path]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_for_tuning(path) == tuning:
            try:
                with Image.open(path):
                    found.append(path)
            except UnidentifiedImageError:
                page.say(f"{path.name} is no photograph")
    return found


if __name__ == "__main__":
    typer.run(main)
