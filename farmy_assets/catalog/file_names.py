r"""Names of files: as text that can be written down, and which of two spellings mean the same.

A name on a disk is bytes, and not always UTF-8. A letter such as ü is one sign (composed, as most
systems write it) or two (decomposed, as older Macs do); a person sees no difference. Cameras write
`.JPG`, people `.jpg`.
"""

import unicodedata
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from farmy_assets.catalog.signatures import APPLE_DOUBLE_NAME, IMAGE_SUFFIXES

SIDE_CAR = ".json"


def spelled_out(name: str) -> str:
    r"""A name as text that can be written down; no two names become the same.

    Bytes that are not UTF-8 are spelled \xff; a name that looks spelled has its backslashes
    doubled.
    """
    raw = name.encode("utf-8", "surrogateescape")  # as Python reads names that are not UTF-8
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return name.replace("\\", "\\\\") if "\\x" in name else name


def composed(name: str) -> str:
    """The name with each letter as one sign."""
    return unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """The same for all spellings of one name: letters composed, its endings in lower case."""
    ending = PurePosixPath(name).suffix
    stem = name.removesuffix(ending)
    if ending.lower() == SIDE_CAR and PurePosixPath(stem).suffix.lower() in IMAGE_SUFFIXES:
        return folded(stem) + SIDE_CAR
    return composed(stem + ending.lower())


def with_side_cars(names: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Each file with its side-car's name or None; a side-car comes with its photographs alone.

    `photo.jpg.json` is that of `photo.jpg`; `photo.json` is that of every photograph `photo.*`
    without one of its own. A side-car that is spelled otherwise counts where none is spelled so.
    """
    present = frozenset(names)
    spellings = {
        folded(name): name
        for name in sorted(present, reverse=True)
        if PurePosixPath(name).suffix.lower() == SIDE_CAR and not _is_apples(name)
    }
    photographs = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES and not _is_apples(name)
    ]
    side_cars = {name: _side_car_of(name, present, spellings) for name in photographs}
    used = set(side_cars.values())
    for name in names:
        if name not in used:
            yield name, side_cars.get(name)


def _side_car_of(name: str, present: Collection[str], spellings: dict[str, str]) -> str | None:
    shared = name.removesuffix(PurePosixPath(name).suffix)
    for stem in (name, shared):
        if stem + SIDE_CAR in present:
            return stem + SIDE_CAR
        if folded(stem + SIDE_CAR) in spellings:
            return spellings[folded(stem + SIDE_CAR)]
    return None


def _is_apples(name: str) -> bool:
    """Whether a file has the name of what macOS keeps beside another one."""
    return PurePosixPath(name).name.startswith(APPLE_DOUBLE_NAME)
