"""How questions look in Label Studio: the tag of each kind, and its answers in both directions.

Source: labelstud.io/tags (choices, number, textarea), "Sample Results JSON". An answer about a
region has the region's id, and in its value the region's place besides.
"""

from collections.abc import Iterable, Mapping
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


def answer_in(entry: Mapping[Any, Any], question: Question) -> AnswerValue | None:
    """What an entry of a result list answers to a question; None for an empty answer.

    Label Studio checks nothing that is sent to it, so everything is checked here.

    Raises:
        InvalidInputError: It cannot be understood, or is none that is offered; the text says why,
            and follows the question's name.
    """
    kind = kind_of(question)
    value = entry.get("value")
    given = value.get(FORMS[kind].key) if isinstance(value, Mapping) else None
    if kind == CHOICE:
        return _chosen(given, question)
    if isinstance(question, RegionAttribute) and kind == NUMBER:
        return _number(given, question)
    return _text(given)


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


def _chosen(given: object, question: Question) -> AnswerValue | None:
    if not isinstance(given, list | tuple):
        msg = "has no readable choice"
        raise InvalidInputError(msg)
    chosen = tuple(dict.fromkeys(str(each) for each in given))
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


def _number(given: object, question: RegionAttribute) -> float:
    number = finite(given)
    if number is None:
        msg = f"has no usable number: {str(given)[:40]!r}"
        raise InvalidInputError(msg)
    if question.min is not None and number < question.min:
        msg = f"has the number {number:g}, which is under {question.min:g}"
        raise InvalidInputError(msg)
    if question.max is not None and number > question.max:
        msg = f"has the number {number:g}, which is over {question.max:g}"
        raise InvalidInputError(msg)
    return number


def _text(given: object) -> str | None:
    lines = [given] if isinstance(given, str) else given
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        msg = "has no readable text"
        raise InvalidInputError(msg)
    if len(lines) > 1:
        msg = f"has {len(lines)} texts instead of one"
        raise InvalidInputError(msg)
    text = trimmed(lines)
    if len(text) > LONGEST_TEXT:
        msg = f"has a text of more than {LONGEST_TEXT:,} characters"
        raise InvalidInputError(msg)
    return text or None


def trimmed(lines: Iterable[str]) -> str:
    """Texts as one, without the spaces around them: they make no other answer."""
    return "\n".join(line.strip() for line in lines).strip()
