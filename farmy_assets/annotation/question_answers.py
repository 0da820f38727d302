"""What is answered to a campaign's questions, of an image or of a region: values by name.

One value of those offered is a text, several are a tuple of texts, a number is a float. A text of
people's own is a text as well. The values of one image or region are kept sorted by name, so that
equal answers are equal, and have equal bytes, in whatever order they were given.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

AnswerValue = str | float | tuple[str, ...]
Pairs = tuple[tuple[str, AnswerValue], ...]

_EXACT_BELOW = 2**53  # whole numbers that a float holds exactly

NOTHING_SAID = "no answer"
"""How an answer that was not given is called among those that were."""


def answers_of(values: Mapping[str, AnswerValue]) -> Pairs:
    """The values in their one order: sorted by name, several values sorted as well."""
    return tuple((name, _one_form(values[name])) for name in sorted(values))


def value_in(answers: Pairs, name: str) -> AnswerValue | None:
    """What was answered to the question of this name; None when nothing was."""
    return next((value for given, value in answers if given == name), None)


def in_words(value: AnswerValue | None) -> str:
    """A value as people read it in a sentence."""
    if value is None or isinstance(value, float):
        return in_plain_words(value) or NOTHING_SAID
    return f'"{in_plain_words(value)}"'


def in_plain_words(value: AnswerValue | None) -> str:
    """A value as people read it in a table; empty for no answer."""
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else value or ""


def say_the_same(values: Iterable[AnswerValue | None], *, tolerance: float = 0.0) -> bool:
    """Whether all of these values are one answer; None stands for no answer.

    Args:
        values: One of each person.
        tolerance: By how much numbers may differ that are one answer all the same.
    """
    given = list(values)
    numbers = [value for value in given if isinstance(value, float)]
    if numbers and len(numbers) == len(given):
        return max(numbers) - min(numbers) <= tolerance
    return len(set(given)) <= 1


def merged(given: Sequence[Pairs]) -> Pairs:
    """One answer to each question in place of several people's, in any order.

    Of numbers it is the median, of several values each that more than half of those who answered
    gave, and else what more of them gave than any other answer. A question stays open that fewer
    than half answered, or to which no answer is ahead of the others.

    Args:
        given: The answers of each person.
    """
    names = {name for answers in given for name, _ in answers}
    found: dict[str, AnswerValue] = {}
    for name in sorted(names):
        values = [v for answers in given if (v := value_in(answers, name)) is not None]
        value = _merged(values) if 2 * len(values) >= len(given) else None
        if value is not None:
            found[name] = value
    return answers_of(found)


def _merged(values: Sequence[AnswerValue]) -> AnswerValue | None:
    numbers = [value for value in values if isinstance(value, float)]
    if len(numbers) == len(values):
        return float(median(numbers))
    several = [value for value in values if isinstance(value, tuple)]
    if len(several) == len(values):
        count = Counter(each for value in several for each in value)
        return tuple(sorted(each for each, n in count.items() if 2 * n > len(values))) or None
    (first, most), *others = Counter(values).most_common(2)
    return None if others and others[0][1] == most else first


def order_of(answers: Pairs) -> str:
    """A text that orders answers, and differs whenever they do; empty for none."""
    return in_json_text(answers) if answers else ""


def _one_form(value: object) -> AnswerValue:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return tuple(sorted(set(value)))
    msg = "an answer is a text, a finite number or a list of texts"
    raise ValueError(msg)


def _read(value: object) -> Pairs:
    if isinstance(value, tuple):
        value = dict(value)
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        msg = "answers are an object of values by the name of the question"
        raise ValueError(msg)
    return answers_of(value)


def _written(answers: Pairs) -> dict[str, Any]:
    """As in JSON: several values as a list, whole numbers without a fraction."""
    return {name: _plain(value) for name, value in answers}


def _plain(value: AnswerValue) -> str | float | list[str]:
    if isinstance(value, tuple):
        return list(value)
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_BELOW
    return int(value) if is_whole else value


def in_json(answers: Pairs) -> dict[str, Any]:
    """The answers as an object of JSON: name to value."""
    return _written(answers)


def in_json_text(answers: Pairs) -> str:
    """The same as a text: `{}` where nothing was answered."""
    return json.dumps(_written(answers), ensure_ascii=False)


def is_empty(answers: Sequence[object]) -> bool:
    """Whether nothing was answered: then a record does not mention it."""
    return not answers


Answers = Annotated[Pairs, PlainValidator(_read), PlainSerializer(_written)]
"""Answers in a record: written as an object, name to value."""
