"""One file to import, from any kind of source."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from farmy_assets.catalog.arrivals import Refusal, RefusalReason
from farmy_assets.catalog.claims import NOTHING_CLAIMED, SuppliedMetadata
from farmy_assets.catalog.metadata import MAX_SIZE_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Loaded:
    """The bytes of a file, and the metadata supplied for this file alone."""

    content: bytes
    claims: SuppliedMetadata = NOTHING_CLAIMED


@dataclass(frozen=True)
class SourceFile:
    """A file under the name that it keeps in the lake; `load` fetches it, in any thread."""

    name: str
    load: Callable[[], Loaded | Refusal]


SourceFiles = Callable[[], Iterator[SourceFile]]


class SourceOptions(NamedTuple):
    """What a person may say of a source.

    Attributes:
        side_cars: Whether files beside photographs hold metadata of theirs.
        anywhere: Whether a list may name files outside of its folder.
        client: Connects to where s3:// addresses lie; called when the first one comes.
    """

    side_cars: bool
    anywhere: bool
    client: Callable[[], "S3Client"]


def refused(name: str, reason: RefusalReason, detail: str = "") -> SourceFile:
    """A source file that is refused without being read."""
    refusal = Refusal(name=name, reason=reason, detail=detail)
    return SourceFile(name, lambda: refusal)


def read_file(name: str, path: Path) -> bytes | Refusal:
    """The bytes of a regular file, or why they cannot be read."""
    try:
        found = path.lstat()
        if not S_ISREG(found.st_mode):
            return Refusal(name=name, reason=RefusalReason.NOT_A_REGULAR_FILE)
        if found.st_size > MAX_SIZE_BYTES:
            detail = f"{found.st_size} bytes"
            return Refusal(name=name, reason=RefusalReason.TOO_LARGE, detail=detail)
        return path.read_bytes()
    except FileNotFoundError:
        return Refusal(name=name, reason=RefusalReason.MISSING_FILE)
    except (OSError, ValueError) as error:  # a ValueError for a path with a null character
        detail = getattr(error, "strerror", None) or str(error)
        return Refusal(name=name, reason=RefusalReason.UNREADABLE, detail=detail)
