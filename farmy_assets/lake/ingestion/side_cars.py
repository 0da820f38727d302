"""Side-cars: files beside photographs, of what is said of one alone.

A side-car is a JSON object of claims (see `catalog/claims.py`): `photo.jpg.json` is that of
`photo.jpg`; `photo.json` is that of every photograph `photo.*` without one of its own.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from farmy_assets.catalog.claims import Claims, parse_claims
from farmy_assets.catalog.signatures import IMAGE_SUFFIXES
from farmy_assets.errors import InvalidInputError

SIDE_CAR = ".json"
LARGEST_SIDE_CAR_BYTES = 65536


def with_side_cars(names: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Each file with its side-car's name or None; a side-car comes with its photographs alone."""
    present = frozenset(names)
    photographs = [n for n in names if PurePosixPath(n).suffix.lower() in IMAGE_SUFFIXES]
    side_cars = {name: _side_car_of(name, present) for name in photographs}
    used = set(side_cars.values())
    for name in names:
        if name not in used:
            yield name, side_cars.get(name)


def _side_car_of(name: str, present: Collection[str]) -> str | None:
    shared = name.removesuffix(PurePosixPath(name).suffix) + SIDE_CAR
    return next((n for n in (name + SIDE_CAR, shared) if n in present), None)


def claims_in(name: str, content: bytes | None) -> Claims:
    """What a side-car says; None stands for one that is too large to be read.

    Raises:
        InvalidInputError: It is no JSON object of claims; the text says what is wrong with it.
    """
    try:
        return parse_claims(_object_in(content))
    except InvalidInputError as error:
        msg = f"{name}: {error}"
        raise InvalidInputError(msg) from error


def _object_in(content: bytes | None) -> dict[str, object]:
    if content is None or len(content) > LARGEST_SIDE_CAR_BYTES:
        msg = f"larger than {LARGEST_SIDE_CAR_BYTES} bytes"
        raise InvalidInputError(msg)
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"not JSON ({error})"
        raise InvalidInputError(msg) from error
    if not isinstance(told, dict):
        msg = "a JSON object is needed"
        raise InvalidInputError(msg)
    return {claim: value for claim, value in told.items() if value is not None}
