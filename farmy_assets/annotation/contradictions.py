"""What no single field of a campaign can know: names given twice, people in two roles."""

from collections.abc import Iterator, Mapping
from typing import Any

OVERLAP_SHARE = 0.3
"""The share of images that two people are asked about, where the campaign says nothing."""


_PEOPLE_OF_AN_OVERLAP = 2


def contradictions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and text of what no single field can know; for raw files and for valid campaigns."""
    yield from _repetitions(document, "classes", ("id", "name"))
    yield from _repetitions(document, "annotators", ("name", "email"))
    yield from _repetitions(document, "triagers", ("name", "email"))
    people = _rows(document, "annotators")
    adjudicator = document.get("adjudicator")
    if isinstance(adjudicator, Mapping):
        for field in ("name", "email"):
            if _same_word(adjudicator.get(field)) in {_same_word(row.get(field)) for row in people}:
                yield f"adjudicator.{field}", "the adjudicator must not be one of the annotators"
    yield from _about_the_work_of_people(document)
    yield from _about_languages_and_opinions(document)
    overlap = _number(document.get("overlap_share", OVERLAP_SHARE))
    if overlap is None:
        return
    if overlap > 0 and len(people) == 1:
        yield "overlap_share", "an overlap needs two annotators; write 0 for a single one"
    asked = _number(document.get("overlap", _PEOPLE_OF_AN_OVERLAP))
    if asked is not None and overlap > 0 and asked > max(len(people), _PEOPLE_OF_AN_OVERLAP):
        yield "overlap", f"asks {asked:g} people about an image, and there are {len(people)}"


def _about_the_work_of_people(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What does not fit together in limits, skills and pauses."""
    triagers = _rows(document, "triagers")
    adjudicator = document.get("adjudicator")
    others = [("adjudicator", adjudicator)] if isinstance(adjudicator, Mapping) else []
    if others and _is_true(others[0][1].get("paused")):
        yield "adjudicator.paused", "name somebody else: nobody decides while the adjudicator rests"
    if triagers and all(_is_true(row.get("paused")) for row in triagers):
        yield "triagers", "all of them are paused; leave one, or name nobody for the adjudicator"
    others += [(f"triagers.{index}", row) for index, row in enumerate(triagers)]
    for place, row in others:
        for field in ("tasks_a_day", "skills"):
            if row.get(field):
                yield f"{place}.{field}", "is for annotators alone; leave it out"


def _about_languages_and_opinions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Who cannot read the instructions, and whether there is somebody for a third opinion."""
    annotators = _rows(document, "annotators")
    language = _same_word(document.get("language"))
    for index, row in enumerate(annotators):
        known = _words(row, "languages")
        if language and known and not any(_is_same_language(language, each) for each in known):
            yield (
                f"annotators.{index}.languages",
                f"{language}, the language of the instructions, is not among them",
            )
    if _is_true(document.get("third_opinion")):
        if len(annotators) <= _PEOPLE_OF_AN_OVERLAP:
            yield "third_opinion", "needs three annotators"
        elif (_number(document.get("overlap")) or 0) > _PEOPLE_OF_AN_OVERLAP:
            yield "third_opinion", "is asked for after two; with an overlap of more it never comes"


def _is_same_language(wanted: str, known: str) -> bool:
    """Whether somebody who reads `known` reads `wanted`: the first part of the tag decides."""
    return wanted.partition("-")[0] == known.partition("-")[0]


def _is_true(value: object) -> bool:
    """As it stands in a file, where everything is text, or in a campaign."""
    return value is True or _same_word(value) in {"true", "yes", "on", "y", "t", "1"}


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return None


def _words(row: Mapping[str, Any], field: str) -> list[str]:
    value = row.get(field)
    return [_same_word(each) for each in value] if isinstance(value, list | tuple) else []


def _repetitions(
    document: Mapping[str, Any], group: str, fields: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for field in fields:
        first_places: dict[str, int] = {}
        for index, row in enumerate(_rows(document, group)):
            word = _same_word(row.get(field))
            if word and word in first_places:
                yield f"{group}.{index}.{field}", f"repeats {group}.{first_places[word]}.{field}"
            first_places.setdefault(word, index)


def _rows(document: Mapping[str, Any], group: str) -> list[Mapping[str, Any]]:
    rows = document.get(group)
    if not isinstance(rows, list | tuple):
        return []
    return [row if isinstance(row, Mapping) else {} for row in rows]


def _same_word(value: object) -> str:
    return str(value).strip().casefold() if isinstance(value, str | int) else ""
