"""Pictures that pass every check and are quickly made, where it does not matter what they show."""

import zlib
from pathlib import Path

from farmy_assets_tests.cleansing.drawing import plants, stored

SIZE_PX = (480, 360)


def photograph(name: str) -> bytes:
    """A JPEG; another name gives another picture, which looks like no other."""
    return stored(plants(zlib.crc32(name.encode()), SIZE_PX), quality=90)


def write_photographs(folder: Path, *, of: str, count: int) -> list[str]:
    """Write so many photographs into a folder; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{of}-{number:02d}.jpg" for number in range(count)]
    for name in names:
        (folder / name).write_bytes(photograph(name))
    return names
