"""One property of one deployed resource: what the template wants, and what there is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Property:
    """One property of one deployed resource.

    Attributes:
        name: Resource and property, for people.
        wanted: The template's value.
        read: Reads the deployed value, in the same form as `wanted`.
        write: Puts the wanted value in place.
    """

    name: str
    wanted: object
    read: Callable[[], object]
    write: Callable[[], object]
