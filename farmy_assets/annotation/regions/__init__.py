"""What people can draw: one module of this folder a kind of region, and their list.

What depends on the list is made from it: what a campaign file may ask for, stored records,
agreement and consensus, tables, and the cards of data set versions. How a kind looks in Label
Studio has a module of the same name in `label_studio/regions/`.
"""

import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Annotated, Any

from pydantic import AliasChoices, PlainSerializer, PlainValidator

from farmy_assets.annotation.region import Region
from farmy_assets.errors import InvalidInputError

_BEFORE_THERE_WERE_KINDS = "box"


def _found() -> dict[str, type[Region]]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").REGION for name in names}


REGION_KINDS: Mapping[str, type[Region]] = _found()
"""By name, in the order of the names."""


def ensure_kinds(names: tuple[str, ...]) -> None:
    """Make sure that there are such kinds of regions.

    Raises:
        InvalidInputError: One is not in the list, or is named twice; the text says which.
    """
    for name in names:
        if names.count(name) > 1:
            msg = f"the kind of region {name!r} is named more than once"
            raise InvalidInputError(msg)
        if name not in REGION_KINDS:
            msg = f"there is no kind of region {name!r}; there are: {', '.join(REGION_KINDS)}"
            raise InvalidInputError(msg)


def ensure_names_are_no_kinds(names: Iterable[str]) -> None:
    """Make sure that no question is called as a kind of region, whose control has that name.

    Raises:
        InvalidInputError: One is; the text says which.
    """
    for name in names:
        if name in REGION_KINDS:
            msg = f"a question cannot be called {name}: that is a kind of region; rename it"
            raise InvalidInputError(msg)


def _read(value: object) -> Region:
    if isinstance(value, Region):
        return value
    if not isinstance(value, Mapping):
        msg = "a region is an object with a kind and a label"
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports a ValueError with its place
    fields = dict(value)
    kind = fields.pop("kind", _BEFORE_THERE_WERE_KINDS)
    if kind not in REGION_KINDS:
        msg = f"there is no kind of region {str(kind)[:40]!r}"
        raise ValueError(msg)
    return REGION_KINDS[kind].model_validate(fields)


def _written(region: Region) -> dict[str, Any]:
    return {"kind": region.kind, **region.model_dump()}


AnyRegion = Annotated[Region, PlainValidator(_read), PlainSerializer(_written)]
"""A region of any kind, in a record: written with its kind, read by it."""

STORED_AS = AliasChoices("regions", "boxes")
"""The names of a field of regions in stored records: while boxes were the only kind, `boxes`."""
