"""Where photographs are imported from: one module a kind of address, and their list."""

from typing import Protocol

from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.source_files import SourceFiles, SourceOptions
from farmy_assets.ingestion.sources import bucket, folder, image_list


class SourceKind(Protocol):
    """What a module of this folder provides that is a kind of address.

    Attributes:
        FORM: How such an address is written, for the command's help.
    """

    FORM: str

    def takes(self, address: str) -> bool:
        """Whether an address is of this kind."""

    def source_files(self, address: str, options: SourceOptions) -> SourceFiles:
        """What lies at the address; nothing is read before the first file is asked for."""


SOURCES: tuple[SourceKind, ...] = (folder, image_list, bucket)
"""The first that takes an address is the one."""

FORMS = "|".join(kind.FORM for kind in SOURCES)


def files_at(address: str, options: SourceOptions) -> SourceFiles:
    """The files at an address of any kind.

    Raises:
        InvalidInputError: No kind takes the address.
    """
    for kind in SOURCES:
        if kind.takes(address):
            return kind.source_files(address, options)
    forms = ", ".join(kind.FORM for kind in SOURCES)
    msg = f"{address} is no folder and no other source that is there: give one of {forms}"
    raise InvalidInputError(msg)
