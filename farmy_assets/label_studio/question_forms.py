"""How questions look in Label Studio: the tag of each kind, and its answers in both directions.

Source: labelstud.io/tags (choices, number, textarea), "Sample Results JSON". An answer about a
region has the region's id, and in its value the region's place besides.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from farmy_assets.annotation.question_answers import AnswerValue, Pairs
from farmy_assets.annotation.questions import (
    CHOICE,
    LONGEST_TEXT,
    NUMBER,
    TEXT,
    Question,
    RegionAttribute,
    kind_of,
)
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.region_values import finite

RATING = "rating"
"""A kind of question that our campaigns do not have, and other people's projects do."""


class QuestionForm(NamedTuple):
    """What a kind of question is in Label Studio.

    Attributes:
        tag: The control's tag.
        result_type: The type of its results.
        key: Where the answer stands in the value of a result.
    """

    tag: str
    result_type: str
    key: str


FORMS = {
    CHOICE: QuestionForm("Choices", "choices", "choices"),
    NUMBER: QuestionForm("Number", "number", "number"),
    TEXT: QuestionForm("TextArea", "textarea", "text"),
    RATING: QuestionForm("Rating", "rating", "rating"),
}


def said_in(entry: Mapping[Any, Any], kind: str) -> tuple[str, ...] | float:
    """What an entry of a result list answers, whatever may be answered.

    Args:
        entry: The entry, as Label Studio returned it.
        kind: The kind of its question, as in `FORMS`.

    Returns:
        The chosen values or written texts, each once and in their order, or the number.

    Raises:
        InvalidInputError: It cannot be understood; the text says why, and follows the question's
            name.
    """
    value = entry.get("value")
    given = value.get(FORMS[kind].key) if isinstance(value, Mapping) else None
    if kind in (NUMBER, RATING):
        number = finite(given)
        if number is None:
            msg = f"has no usable number: {str(given)[:40]!r}"
            raise InvalidInputError(msg)
        return number
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple):
        msg = f"has no readable {kind}"
        raise InvalidInputError(msg)
    return tuple(dict.fromkeys(str(each).strip() for each in texts))


def answer_in(entry: Mapping[Any, Any], question: Question) -> AnswerValue | None:
    """What an entry of a result list answers to a question of ours; None for an empty answer.

    Label Studio checks nothing that is sent to it, so everything is checked here.

    Raises:
        InvalidInputError: It cannot be understood, or is none that is offered; the text says why,
            and follows the question's name.
    """
    said = said_in(entry, kind_of(question))
    if isinstance(said, float):
        return _within(said, question)
    if kind_of(question) == CHOICE:
        return _offered(said, question)
    return _only_text(said)


def results_of(
    answers: Pairs,
    kinds: Mapping[str, str],
    *,
    of: Mapping[str, Any] | None = None,
    to_name: str = "image",
) -> list[dict[str, Any]]:
    """Answers as entries of a result list; the reverse of `answer_in`.

    Args:
        answers: Name of the question to its answer; those of unknown kind are left out.
        kinds: Name of the question to its kind, as in `FORMS`.
        of: The entry of the region that they are about; None for answers about the image.
        to_name: The name of the control that shows the image.
    """
    found = []
    for name, value in answers:
        form = FORMS.get(kinds.get(name, ""))
        if form is None:
            continue
        listed = list(value) if isinstance(value, tuple) else [value]
        held = listed if form.key in ("choices", "text") else value
        shape = of["value"] if of else {}
        entry = {
            "id": of["id"] if of else f"{name}-answer",
            "from_name": name,
            "to_name": to_name,
            "type": form.result_type,
        }
        sizes = ("original_width", "original_height", "image_rotation")
        entry |= {key: of[key] for key in sizes} if of else {}
        found.append({**entry, "value": {**_place(shape), form.key: held}})
    return found


def _place(shape: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a region without its class."""
    return {key: value for key, value in shape.items() if not key.endswith("labels")}


def _offered(chosen: tuple[str, ...], question: Question) -> AnswerValue | None:
    for each in chosen:
        if each not in question.values:
            msg = f"has the answer {each[:40]!r}, which is not offered"
            raise InvalidInputError(msg)
    if len(chosen) > 1 and not question.several:
        msg = f"has {len(chosen)} answers instead of one"
        raise InvalidInputError(msg)
    if not chosen:
        return None
    return tuple(sorted(chosen)) if question.several else chosen[0]


def _within(number: float, question: Question) -> float:
    low, high = (
        (question.min, question.max) if isinstance(question, RegionAttribute) else 2 * (None,)
    )
    if low is not None and number < low:
        msg = f"has the number {number:g}, which is under {low:g}"
        raise InvalidInputError(msg)
    if high is not None and number > high:
        msg = f"has the number {number:g}, which is over {high:g}"
        raise InvalidInputError(msg)
    return number


def _only_text(texts: tuple[str, ...]) -> str | None:
    if len(texts) > 1:
        msg = f"has {len(texts)} texts instead of one"
        raise InvalidInputError(msg)
    text = "".join(texts)
    if len(text) > LONGEST_TEXT:
        msg = f"has a text of more than {LONGEST_TEXT:,} characters"
        raise InvalidInputError(msg)
    return text or None
