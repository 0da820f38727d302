"""A folder's photographs, each with its side-car file if it has one."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from farmy_assets.catalog.arrivals import Refusal, RefusalReason
from farmy_assets.catalog.claims import NOTHING_CLAIMED, SuppliedMetadata
from farmy_assets.catalog.file_names import spelled_out, with_side_cars
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.source_files import (
    Loaded,
    SourceFile,
    SourceFiles,
    SourceOptions,
    read_file,
    refused,
)
from farmy_assets.ingestion.sources.side_cars import claims_in

FORM = "DIR"


def takes(address: str) -> bool:
    """Whether it is a folder."""
    return Path(address).expanduser().is_dir()


def source_files(address: str, options: SourceOptions) -> SourceFiles:
    """The files of a folder; see `files_of_folder`."""
    return partial(files_of_folder, Path(address).expanduser(), side_cars=options.side_cars)


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files below a folder, in a stable order: name with forward slashes, and path.

    Bytes in a name that are not UTF-8 are spelled out, so that every name can be written down.
    """
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            yield _name(path, folder), path


def files_of_folder(folder: Path, *, side_cars: bool = True) -> Iterator[SourceFile]:
    """Every file below a folder; side-cars are read with their photographs.

    A folder that cannot be read, or is a link to elsewhere, is refused as a whole.
    """
    unread: list[OSError] = []
    for directory, folders, names in os.walk(folder, onerror=unread.append):
        here = Path(directory)
        folders.sort()
        for name in folders:
            if (here / name).is_symlink():  # which os.walk passes over
                name_in_folder = _name(here / name, folder)
                yield refused(
                    name_in_folder, RefusalReason.NOT_A_REGULAR_FILE, "a link to a folder"
                )
        names.sort()
        pairs = with_side_cars(names) if side_cars else ((name, None) for name in names)
        for name, side_car in pairs:
            path, beside = here / name, here / side_car if side_car else None
            yield _source_file(_name(path, folder), path, side_car=beside)
    for error in unread:
        name_in_folder = _name(Path(error.filename), folder)
        yield refused(name_in_folder, RefusalReason.UNREADABLE, error.strerror or str(error))


def _name(path: Path, folder: Path) -> str:
    return spelled_out(path.relative_to(folder).as_posix())


def _source_file(name: str, path: Path, *, side_car: Path | None) -> SourceFile:
    def load() -> Loaded | Refusal:
        content = read_file(name, path)
        if isinstance(content, Refusal):
            return content
        try:
            return Loaded(content, _claims_of(side_car) if side_car else NOTHING_CLAIMED)
        except InvalidInputError as error:
            return Refusal(name=name, reason=RefusalReason.BAD_METADATA, detail=str(error))

    return SourceFile(name, load)


def _claims_of(side_car: Path) -> SuppliedMetadata:
    content = read_file(side_car.name, side_car)
    if isinstance(content, Refusal):
        msg = f"{side_car.name}: {content.reason.value}"
        raise InvalidInputError(msg)
    return claims_in(side_car.name, content)
