"""What an adjudicator chooses on the page of an image in conflict.

The page shows every version at once and preselects nothing. Its choices are the ones below; an
answer without exactly one of them decides nothing. What a choice means is worked out from the
recorded votes (`versions.py`), never from what the page or the answer repeats of them.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

NO_DECISION = "no decision was made"
"""The problem of an answer to a task that asks for a decision, and holds none."""

NO_REASON = "it was to be sent back, but no reason was given"
"""The problem of a decision that does not say what its annotator is to correct."""

_KEY_END = ".decide"
_VERSION = "version "
_SEND_BACK = "send back "


class DecisionKind(StrEnum):
    """What can be decided of an image in conflict."""

    VERSION = "version"
    """One of the versions is right as it is."""
    DIFFERENCES = "draw what differs"
    """What all versions agree on stays; the adjudicator draws the rest."""
    WHOLE_IMAGE = "draw everything"
    """Only what the adjudicator draws is there, and what he or she answers is true."""
    NOTHING = "nothing there"
    """There is nothing to draw in the image."""
    LEAVE_OUT = "leave out"
    """The image cannot be labelled; the same as Skip."""
    SEND_BACK = "send back"
    """One of the versions goes back to whoever drew it, with a reason."""


DRAWN = (DecisionKind.DIFFERENCES, DecisionKind.WHOLE_IMAGE)
"""The decisions that need something drawn."""

ANSWERED = (*DRAWN, DecisionKind.NOTHING)
"""The decisions with which the adjudicator answers the questions about the image as well."""


_OF_A_VERSION = {DecisionKind.VERSION: _VERSION, DecisionKind.SEND_BACK: _SEND_BACK}


class Place(Record):
    """Somewhere in an image: an ellipse, as fractions of the image's width and height."""

    x_fraction: float
    y_fraction: float
    radius_x_fraction: float
    radius_y_fraction: float


class Decision(Record):
    """One deliberate choice.

    Attributes:
        kind: What was chosen.
        version: The letter of the version that is right, or that goes back.
        reason: Why it goes back.
        places: Where in the image there is something to correct.
    """

    kind: DecisionKind
    version: str = ""
    reason: str = ""
    places: tuple[Place, ...] = ()

    @property
    def choice(self) -> str:
        """The choice as a text: as it is written in an answer."""
        prefix = _OF_A_VERSION.get(self.kind)
        return self.kind.value if prefix is None else f"{prefix}{self.version}"

    @classmethod
    def of_choice(cls, choice: str) -> "Decision":
        """The decision that a text means; the reverse of `choice`.

        Raises:
            InvalidInputError: It is none that the page offers.
        """
        for kind, prefix in _OF_A_VERSION.items():
            if choice.startswith(prefix):
                return cls(kind=kind, version=choice.removeprefix(prefix))
        kinds = {kind.value: kind for kind in DecisionKind if kind not in _OF_A_VERSION}
        if choice not in kinds:
            msg = f"holds the unknown choice {choice[:40]!r}"
            raise InvalidInputError(msg)
        return cls(kind=kinds[choice])


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
