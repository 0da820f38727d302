"""Side-cars: files beside photographs, each with the metadata of one.

A side-car is a JSON object of claims (see `catalog/claims.py`); which one belongs to which
photograph says `catalog/file_names.py`.
"""

import json

from farmy_assets.catalog.claims import SuppliedMetadata, parse_claims
from farmy_assets.errors import InvalidInputError

LARGEST_SIDE_CAR_BYTES = 65536


def claims_in(name: str, content: bytes | None) -> SuppliedMetadata:
    """The metadata in a side-car; `content` is None for one that is too large to be read.

    Raises:
        InvalidInputError: It is no JSON object of claims; the message states the problem.
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
        # json.loads detects UTF-8, UTF-16 and UTF-32.
        values = json.loads(content, object_pairs_hook=_each_once)
    except UnicodeDecodeError as error:
        msg = "not UTF-8: save it in that encoding"
        raise InvalidInputError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"not JSON ({error})"
        raise InvalidInputError(msg) from error
    if not isinstance(values, dict):
        msg = "a JSON object is needed"
        raise InvalidInputError(msg)
    return {claim: value for claim, value in values.items() if value is not None}


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"has {twice[:40]!r} more than once"
        raise InvalidInputError(msg)
    return found
