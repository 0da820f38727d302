"""Where people answer differently: about one object, or about the image as a whole.

An answer that was not given differs from one that was.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from farmy_assets.annotation.question_answers import AnswerValue, Pairs, say_the_same, value_in
from farmy_assets.annotation.region import Region


class Difference(NamedTuple):
    """A question that people answered differently, and what each of them said; None: nothing."""

    question: str
    people: tuple[str, ...]
    answers: tuple[AnswerValue | None, ...]


def differing_choices(given: Mapping[str, Pairs]) -> Iterator[Difference]:
    """The questions about an image that are answered differently, in the order of their names.

    Args:
        given: Everybody's answers.
    """
    for question in sorted({name for answers in given.values() for name, _ in answers}):
        values = tuple(value_in(answers, question) for answers in given.values())
        if not say_the_same(values):
            yield Difference(question, tuple(given), values)


def differing_attributes(
    group: Mapping[str, Region], tolerances: Mapping[str, float]
) -> Iterator[Difference]:
    """The questions about one object that are answered differently, in the order of their names.

    Some attributes are asked of some classes only: of people who gave another class than all who
    answered, no answer is expected.

    Args:
        group: The region of each person who drew the object.
        tolerances: By how much numbers may differ, by the name of the question.
    """
    if not any(region.attributes for region in group.values()):
        return
    for question in sorted({name for region in group.values() for name, _ in region.attributes}):
        values = {person: value_in(r.attributes, question) for person, r in group.items()}
        labels = {group[person].label for person, value in values.items() if value is not None}
        asked = tuple(person for person, region in group.items() if region.label in labels)
        answers = tuple(values[person] for person in asked)
        if not say_the_same(answers, tolerance=tolerances.get(question, 0.0)):
            yield Difference(question, asked, answers)
