"""From a model's classes to those of a campaign: by name, or by a map that a person gives.

A file with classes has one line for each class of the model, in the model's order: its name, or
`name: class of the campaign`, or `name:` for a class that is left out.
"""

from collections.abc import Mapping, Sequence

from farmy_assets.catalog.wording import counted, listed, nearest
from farmy_assets.errors import InvalidInputError

_SHOWN = 8
_MOST_CLASSES = 10_000


def parse_classes(text: str) -> dict[str, str]:
    """The classes of a model by their names, in its order, each with what it is in the campaign.

    Raises:
        InvalidInputError: There is none, or a name stands twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, colon, target = (part.strip() for part in line.strip().partition(":"))
        if not name:
            continue
        if name in found:
            msg = (
                f"line {number} of the classes repeats {name!r}: each class of a model stands once"
            )
            raise InvalidInputError(msg)
        found[name] = target if colon else name
    if not 0 < len(found) <= _MOST_CLASSES:
        msg = "the file with classes has to name the model's classes, one a line, in its order"
        raise InvalidInputError(msg)
    return found


def mapped_classes(
    names: Sequence[str], *, given: Mapping[str, str] | None, campaign: Sequence[str]
) -> tuple[str, ...]:
    """For each class of a model its class in the campaign; empty for one that is left out.

    Args:
        names: The model's classes in its order.
        given: What a person said of them, by the model's names; None to go by equal names.
        campaign: The campaign's classes.

    Raises:
        InvalidInputError: A class is not known to the campaign, and nobody said what it is.
    """
    targets = [given.get(name, name) if given is not None else name for name in names]
    folded = {name.casefold(): name for name in campaign}
    found = [folded.get(target.casefold(), "") for target in targets]
    unknown = [
        name
        for name, target, label in zip(names, targets, found, strict=True)
        if target and not label
    ]
    if unknown:
        first = unknown[0]
        near = nearest(first, campaign)
        hint = f' (write "{first}: {near}" if it is that one)' if near else ""
        msg = (
            f"the campaign does not know {counted(len(unknown), 'class', 'classes')} of the model: "
            f"{listed(unknown, shown=_SHOWN)}; its own are {listed(campaign, shown=_SHOWN)}. Say "
            "in a file for --classes what each is, one line a class in the model's order, "
            f'"name: class of the campaign", or "name:" to leave it out{hint}'
        )
        raise InvalidInputError(msg)
    if not any(found):
        msg = "every class of the model is left out: nothing could be predicted"
        raise InvalidInputError(msg)
    return tuple(found)
