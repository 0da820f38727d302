"""A folder's photographs, each with its side-car file if it has one.

A side-car is a JSON object of claims (see `catalog/claims.py`): `photo.jpg.json` is that of
`photo.jpg`; `photo.json` is that of every photograph `photo.*` without one of its own.
"""

import json
import os
from collections.abc import Iterator, Set
from pathlib import Path, PurePosixPath

from farmy_assets.catalog.arrivals import Refusal, RefusalReason
from farmy_assets.catalog.claims import NOTHING_CLAIMED, Claims, parse_claims
from farmy_assets.catalog.signatures import IMAGE_SUFFIXES
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.ingestion.offers import Loaded, Offer, read_file

SIDE_CAR = ".json"
LARGEST_SIDE_CAR_BYTES = 65536


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files below a folder, in a stable order: name with forward slashes, and path.

    Bytes in a name that are not UTF-8 are spelled out, so that every name can be written down.
    """
    for directory, names in _directories(folder):
        for name in names:
            yield _spelled_out(directory / name, folder), directory / name


def offers_of_folder(folder: Path, *, side_cars: bool = True) -> Iterator[Offer]:
    """Everything below a folder but the side-cars, which come with their photographs."""
    for directory, names in _directories(folder):
        present = frozenset(names) if side_cars else frozenset[str]()
        photographs = {n for n in present if PurePosixPath(n).suffix.lower() in IMAGE_SUFFIXES}
        owned = photographs | {PurePosixPath(n).stem for n in photographs}
        for name in names:
            if side_cars and name.endswith(SIDE_CAR) and name.removesuffix(SIDE_CAR) in owned:
                continue
            side_car = _side_car_of(name, present)
            yield _offer(
                _spelled_out(directory / name, folder),
                directory / name,
                side_car=directory / side_car if side_car else None,
            )


def _directories(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    for directory, folders, names in os.walk(folder):
        folders.sort()
        yield Path(directory), sorted(names)


def _spelled_out(path: Path, folder: Path) -> str:
    relative = path.relative_to(folder).as_posix()
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def _side_car_of(name: str, present: Set[str]) -> str | None:
    for side_car in (name + SIDE_CAR, PurePosixPath(name).stem + SIDE_CAR):
        if side_car in present and side_car != name:
            return side_car
    return None


def _offer(name: str, path: Path, *, side_car: Path | None) -> Offer:
    def load() -> Loaded | Refusal:
        content = read_file(name, path)
        if isinstance(content, Refusal):
            return content
        try:
            return Loaded(content, _claims_in(side_car) if side_car else NOTHING_CLAIMED)
        except InvalidInputError as error:
            return Refusal(name=name, reason=RefusalReason.BAD_METADATA, detail=str(error))

    return Offer(name, load)


def _claims_in(side_car: Path) -> Claims:
    content = read_file(side_car.name, side_car)
    if isinstance(content, Refusal):
        msg = f"{side_car.name}: {content.reason.value}"
        raise InvalidInputError(msg)
    if len(content) > LARGEST_SIDE_CAR_BYTES:
        msg = f"{side_car.name}: larger than {LARGEST_SIDE_CAR_BYTES} bytes"
        raise InvalidInputError(msg)
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"{side_car.name}: not JSON ({error})"
        raise InvalidInputError(msg) from error
    if not isinstance(told, dict):
        msg = f"{side_car.name}: a JSON object is needed"
        raise InvalidInputError(msg)
    try:
        return parse_claims({name: value for name, value in told.items() if value is not None})
    except InvalidInputError as error:
        msg = f"{side_car.name}: {error}"
        raise InvalidInputError(msg) from error
