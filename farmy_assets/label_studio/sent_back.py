"""Sending back in Label Studio: the reason and the places, as they are given and as they are shown.

Places are ellipses: no kind of region is one, so that their tool takes nothing from the classes'.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from farmy_assets.annotation.decisions import Decision, DecisionKind, Place
from farmy_assets.annotation.reviews import MAX_REASON_CHARACTERS
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.controls import DECISION, PLACE, REASON
from farmy_assets.label_studio.region_values import is_turned, number_in

PLACE_LABEL = "look here"
PLACE_COLOUR = "#ffd92f"
MAX_PLACES = 20
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PERCENT = 100
_PLACE_TYPE = "ellipselabels"

OFFERED = tuple(Decision(kind=DecisionKind.SEND_BACK, version=letter).choice for letter in _LETTERS)
"""The choices that send an answer back, for whatever version there can be."""

_WHERE = (
    "Draw around the places that it is about, if that helps; hold Ctrl to begin one on top of a "
    "region that is shown."
)

# Away until one of these choices is made; what is asked for then has to be given.
ASKED_FOR = f"""  <View visibleWhen="choice-selected" whenTagName="{DECISION}"
        whenChoiceValue="{",".join(OFFERED)}">
    <Header value="What is to be corrected?" size="6"/>
    <TextArea name="{REASON}" toName="image" rows="2" maxSubmissions="1" editable="true"
              showSubmitButton="false" required="true"
              requiredMessage="Say what is to be corrected."/>
    <Header value="{_WHERE}" size="6"/>
    <EllipseLabels name="{PLACE}" toName="image" strokeWidth="4" opacity="0.05">
      <Label value="{PLACE_LABEL}" background="{PLACE_COLOUR}" hotkey="l"/>
    </EllipseLabels>
  </View>"""

SHOWN = f"""  <View style="display: none">
    <EllipseLabels name="{PLACE}" toName="image" strokeWidth="4" opacity="0.05">
      <Label value="{PLACE_LABEL}" background="{PLACE_COLOUR}"/>
    </EllipseLabels>
  </View>"""
"""Not shown: nobody draws with it, its regions are shown all the same."""


def choices_to_send_back(letters: Iterable[str], *, named: bool = True) -> list[dict[str, str]]:
    """The choices that send an answer back.

    Args:
        letters: Of the versions that can be sent back; those without a choice are left out.
        named: Whether the choices say which version; there is no need for it where there is one.
    """
    decisions = (Decision(kind=DecisionKind.SEND_BACK, version=letter) for letter in letters)
    return [
        {
            "value": decision.choice,
            "html": f"Send {f'version {decision.version}' if named else 'it'} back, with a reason",
            # Without keys of their own they would take those of the first classes.
            "hotkey": f"shift+{decision.version.lower()}",
        }
        for decision in decisions
        if decision.choice in OFFERED
    ]


def with_reason(decision: Decision, results: Iterable[object]) -> Decision:
    """A decision to send an answer back, with the reason and the places that were given.

    Raises:
        InvalidInputError: They cannot be understood; the text ends "the decision ...".
    """
    found = [entry for entry in results if isinstance(entry, Mapping)]
    reason = "\n".join(_texts(entry for entry in found if entry.get("from_name") == REASON))
    if len(reason) > MAX_REASON_CHARACTERS:
        msg = f"has a reason of more than {MAX_REASON_CHARACTERS} characters"
        raise InvalidInputError(msg)
    places = [_place(entry) for entry in found if entry.get("from_name") == PLACE]
    if len(places) > MAX_PLACES:
        msg = f"marks more than {MAX_PLACES} places"
        raise InvalidInputError(msg)
    return decision.model_copy(update={"reason": reason.strip(), "places": tuple(places)})


def shown_places(places: Sequence[Place], *, width_px: int, height_px: int) -> list[dict[str, Any]]:
    """Places as results that are shown and cannot be changed."""
    return [
        {
            "id": f"place{number}",
            "from_name": PLACE,
            "to_name": "image",
            "type": _PLACE_TYPE,
            "original_width": width_px,
            "original_height": height_px,
            "image_rotation": 0,
            "readonly": True,
            "value": {
                "x": _PERCENT * place.x_fraction,
                "y": _PERCENT * place.y_fraction,
                "radiusX": _PERCENT * place.radius_x_fraction,
                "radiusY": _PERCENT * place.radius_y_fraction,
                "rotation": 0,
                _PLACE_TYPE: [PLACE_LABEL],
            },
        }
        for number, place in enumerate(places, start=1)
    ]


def _texts(entries: Iterable[Mapping[Any, Any]]) -> Iterator[str]:
    for entry in entries:
        value = entry.get("value")
        written = value.get("text") if isinstance(value, Mapping) else None
        texts = [written] if isinstance(written, str) else written
        yield from (
            (str(text) for text in texts if str(text).strip())
            if (isinstance(texts, list | tuple))
            else ()
        )


def _place(entry: Mapping[Any, Any]) -> Place:
    value = entry.get("value")
    if not isinstance(value, Mapping):
        msg = "marks a place that has no value"
        raise InvalidInputError(msg)
    if is_turned(entry.get("image_rotation")):
        msg = "marks a place in a turned image"
        raise InvalidInputError(msg)
    try:
        x, y, radius_x, radius_y = (
            number_in(value, name) / _PERCENT for name in ("x", "y", "radiusX", "radiusY")
        )
    except InvalidInputError as error:
        msg = f"marks a place that {error}"
        raise InvalidInputError(msg) from error
    return Place(
        x_fraction=x, y_fraction=y, radius_x_fraction=abs(radius_x), radius_y_fraction=abs(radius_y)
    )
