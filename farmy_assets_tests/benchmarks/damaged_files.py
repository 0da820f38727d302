"""Half-destroyed photographs: which kinds are noticed, and how many whole ones are flagged.

`python -m farmy_assets_tests.benchmarks.damaged_files DIR ...` prints both as tables. Only
photographs on which nothing was tuned are judged; `--tuning` takes the others. HEIC photographs
come from the folders as they are, for nothing here can write them.
"""

import io
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from PIL import Image, ImageDraw, ImageOps

from farmy_assets.cleansing.file_formats import FileFormat, recognised_format
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets_tests.benchmarks import page
from farmy_assets_tests.benchmarks.accuracy import is_for_tuning

END_MARK = b"\xff\xd9"
HOLES = (0.02, 0.05, 0.2, 0.5)
NOTICED = frozenset({"truncated", "unreadable", "damaged"})
_POLICY = CleansingPolicy()

Damage = Callable[[bytes, random.Random], bytes]


class Sample(NamedTuple):
    """A file under test: its kind, and whether it should be flagged."""

    kind: str
    is_damaged: bool
    content: bytes


def cut(content: bytes, chance: random.Random) -> bytes:
    """The beginning of the file, 10 to 95 % of it."""
    return content[: int(len(content) * chance.uniform(0.1, 0.95))]


def closed(content: bytes, chance: random.Random) -> bytes:
    """A JPEG cut short and given an end mark."""
    return cut(content, chance) + END_MARK


def hole(share: float) -> Damage:
    """Zeros over so much of the file, anywhere behind its first twentieth, where headers are."""

    def make(content: bytes, chance: random.Random) -> bytes:
        size = int(len(content) * share)
        begin = chance.randint(len(content) // 20, len(content) - size)
        return content[:begin] + bytes(size) + content[begin + size :]

    return make


def zero_half(content: bytes, _: random.Random) -> bytes:
    """Zeros for a second half."""
    half = len(content) // 2
    return content[:half] + bytes(len(content) - half)


def samples(content: bytes, chance: random.Random) -> Iterator[Sample]:
    """Every variant of one photograph."""
    if recognised_format(content) is FileFormat.HEIC:
        yield Sample("HEIC", False, content)
        yield from _holed("HEIC", content, chance)
        return
    with Image.open(io.BytesIO(content)) as opened:
        image = ImageOps.exif_transpose(opened.convert("RGB"))
    yield Sample("as it came", False, content)
    yield from _jpegs("as it came", content, chance)
    for name, (file_format, options) in _ENCODINGS.items():
        whole = _stored(image, file_format, **options)
        yield Sample(name, False, whole)
        yield from (_jpegs if file_format == "JPEG" else _holed)(name, whole, chance)
    for name, change in _HARMLESS.items():
        yield Sample(name, False, change(content))
    for name, draw in _FLAT.items():
        drawn = draw(image)
        for file_format in ("JPEG", "PNG", "WEBP", "TIFF", "BMP"):
            yield Sample(f"{name}, {file_format}", False, _stored(drawn, file_format))
        for options in ({"optimize": True}, {"progressive": True}):
            told = f"{name}, JPEG {next(iter(options))}"
            yield Sample(told, False, _stored(drawn, "JPEG", **options))


def _jpegs(name: str, content: bytes, chance: random.Random) -> Iterator[Sample]:
    yield Sample(f"{name}: cut, with an end mark", True, closed(content, chance))
    yield Sample(f"{name}: cut, without one", True, cut(content, chance))
    yield from _holed(name, content, chance)


def _holed(name: str, content: bytes, chance: random.Random) -> Iterator[Sample]:
    for share in HOLES:
        yield Sample(f"{name}: {share:.0%} zeros", True, hole(share)(content, chance))
    yield Sample(f"{name}: zeros for a second half", True, zero_half(content, chance))


def _stored(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def _with_flat_side(colour: str, share: float, side: str) -> Callable[[Image.Image], Image.Image]:
    """Really flat: a sky, a border, a letterbox."""

    def draw(image: Image.Image) -> Image.Image:
        drawn = image.copy()
        width, height = image.size
        box = {
            "top": (0, 0, width, round(height * share)),
            "bottom": (0, round(height * (1 - share)), width, height),
            "right": (round(width * (1 - share)), 0, width, height),
        }[side]
        ImageDraw.Draw(drawn).rectangle(box, fill=colour)
        return drawn

    return draw


_ENCODINGS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "JPEG, optimised": ("JPEG", {"quality": 88, "optimize": True}),
    "JPEG, progressive": ("JPEG", {"quality": 85, "progressive": True}),
    "JPEG, 4:4:4, restarts": ("JPEG", {"quality": 92, "subsampling": 0, "restart_marker_rows": 1}),
    "WebP": ("WEBP", {"quality": 80}),
    "WebP, lossless": ("WEBP", {"lossless": True, "method": 0}),
    "AVIF": ("AVIF", {"quality": 60, "speed": 10}),
    "PNG": ("PNG", {}),
    "TIFF": ("TIFF", {}),
    "TIFF, LZW": ("TIFF", {"compression": "tiff_lzw"}),
    "TIFF, deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "TIFF, JPEG": ("TIFF", {"compression": "jpeg"}),
    "GIF": ("GIF", {}),
    "BMP": ("BMP", {}),
}
_HARMLESS: Mapping[str, Callable[[bytes], bytes]] = {
    "without its end mark": lambda content: content.removesuffix(END_MARK),
    "a film behind it": lambda content: content + b"\x00\x00\x00\x18ftypmp42" + bytes(5000),
    "a panorama's data behind it, no end mark": lambda content: (
        content.removesuffix(END_MARK) + random.Random(7).randbytes(60_000) + b"SEFT"
    ),
    "zeros behind it": lambda content: content + bytes(4096),
    "zeros before its end mark": lambda content: (
        content.removesuffix(END_MARK) + bytes(300) + END_MARK
    ),
}
_FLAT: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "a grey lower half": _with_flat_side("#808080", 0.5, "bottom"),
    "a black bar below": _with_flat_side("black", 0.15, "bottom"),
    "a white sky": _with_flat_side("white", 0.4, "top"),
    "a black bar at the side": _with_flat_side("black", 0.2, "right"),
    "a black frame": lambda image: ImageOps.expand(image, image.width // 15, "black"),
}


def judge(paths: list[Path]) -> list[str]:
    """The table, as Markdown: for each kind how many files, and how many were flagged."""
    counts: dict[tuple[str, bool], Counter[str]] = {}
    for number, path in enumerate(paths):
        for sample in samples(path.read_bytes(), random.Random(path.name)):
            quality = assess("x", sample.content, policy=_POLICY)
            found = counts.setdefault((sample.kind, sample.is_damaged), Counter())
            found["files"] += 1
            found["flagged"] += bool(NOTICED.intersection(quality.reasons))
            found["warned"] += "damaged" in quality.warnings
        if number % 50 == 0:
            page.say(f"{number} of {len(paths)} photographs")
    whole, broken = ([k for k in counts if k[1] is side] for side in (False, True))
    alarms = sum(counts[kind]["flagged"] for kind in whole)
    files = sum(counts[kind]["files"] for kind in whole)
    noticed = sum(counts[kind]["flagged"] for kind in broken)
    return [
        f"{len(paths)} photographs. False alarms: {alarms} of {files:,} whole files. Noticed: "
        f"{noticed:,} of {sum(counts[kind]['files'] for kind in broken):,} damaged ones.",
        "",
        "| file | should be flagged | files | flagged | a warning |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {kind} | {'yes' if damaged else 'no'} | {found['files']} | {found['flagged']} "
            f"| {found['warned']} |"
            for (kind, damaged), found in sorted(counts.items(), key=lambda item: item[0][1])
        ),
    ]


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of photographs.")],
    most: Annotated[int, typer.Option(help="Photographs of each folder at most.")] = 300,
    tuning: Annotated[bool, typer.Option("--tuning", help="The half for tuning.")] = False,
) -> None:
    """Damage photographs in known ways and tell what is noticed."""
    paths = []
    for folder in folders:
        found = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.stat().st_size]
        paths += [path for path in found if is_for_tuning(path) is tuning][:most]
    typer.echo("\n".join(judge(paths)))


if __name__ == "__main__":
    typer.run(main)
