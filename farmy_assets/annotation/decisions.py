"""What an adjudicator chooses on the page of an image in conflict, and how the choice is read.

The page shows every version at once and preselects nothing. Its choices are the ones below; an
answer without exactly one of them decides nothing. What a choice means is worked out from the
recorded votes (`versions.py`), never from what the page or the answer repeats of them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from farmy_assets.annotation.inboxes import (
    DECISION,
    DRAW_ALL,
    DRAW_DIFFERENCES,
    VERSIONS,
)
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

NO_DECISION = "no decision was made"
"""The problem of an answer to a task that asks for a decision, and holds none."""

_KEY_END = ".decide"
_VERSION = "version "


class DecisionKind(StrEnum):
    """What can be decided of an image in conflict."""

    VERSION = "version"
    """One of the versions is right as it is."""
    DIFFERENCES = DRAW_DIFFERENCES
    """What all versions agree on stays; the adjudicator draws the rest."""
    WHOLE_IMAGE = DRAW_ALL
    """Only what the adjudicator draws is there."""
    NOTHING = "nothing there"
    """There is nothing to draw in the image."""
    LEAVE_OUT = "leave out"
    """The image cannot be labelled; the same as Skip."""


DRAWN = (DecisionKind.DIFFERENCES, DecisionKind.WHOLE_IMAGE)
"""The decisions that need something drawn."""


class Decision(Record):
    """One deliberate choice; `version` is the letter of the version, for that kind alone."""

    kind: DecisionKind
    version: str = ""

    @property
    def choice(self) -> str:
        """How Label Studio writes the choice in an answer."""
        return f"{_VERSION}{self.version}" if self.kind is DecisionKind.VERSION else self.kind.value


def adjudication_key(image_id: str, vote_ids: Iterable[str]) -> str:
    """The key of the task that asks for a decision on exactly these votes."""
    return f"{former_adjudication_key(image_id, vote_ids)}{_KEY_END}"


def former_adjudication_key(image_id: str, vote_ids: Iterable[str]) -> str:
    """The key of the same task on the former page, where submitted boxes were the decision."""
    digest = hashlib.sha256("\n".join(sorted(vote_ids)).encode()).hexdigest()
    return f"{image_id}.{digest[:12]}"


def image_id_in(task_key: str) -> str:
    """The image that a key of either page names; empty for a key of another form."""
    return task_key.removesuffix(_KEY_END).rpartition(".")[0]


def asks_for_a_decision(task_key: str) -> bool:
    """Whether an answer to this task counts only with a choice; on the former page it had none."""
    return task_key.endswith(_KEY_END)


def decision_of(result: Sequence[object]) -> Decision | None:
    """The choice in an answer; None when it holds none.

    Raises:
        InvalidInputError: There are several choices, or one that the page does not offer.
    """
    chosen = [choice for entry in result for choice in _choices(entry)]
    if not chosen:
        return None
    if len(chosen) > 1:
        msg = "says more than one thing"
        raise InvalidInputError(msg)
    choice = chosen[0]
    if choice.startswith(_VERSION):
        letters = choice.removeprefix(_VERSION)
        return Decision(kind=DecisionKind.VERSION, version=letters)
    kinds = {kind.value: kind for kind in DecisionKind if kind is not DecisionKind.VERSION}
    if choice not in kinds:
        msg = f"holds the unknown choice {choice[:40]!r}"
        raise InvalidInputError(msg)
    return Decision(kind=kinds[choice])


def drawn_in(result: Sequence[Any]) -> list[Any]:
    """What a person has drawn: neither the choice nor the versions that the page shows."""
    return [entry for entry in result if _control(entry) not in {DECISION, VERSIONS}]


def _choices(entry: object) -> list[str]:
    if not isinstance(entry, Mapping) or _control(entry) != DECISION:
        return []
    value = entry.get("value")
    choices = value.get("choices") if isinstance(value, Mapping) else None
    return [str(choice) for choice in choices] if isinstance(choices, list | tuple) else []


def _control(entry: object) -> object:
    name = entry.get("from_name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else None
