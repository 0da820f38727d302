"""What no single field of a campaign can know: names given twice, people in two roles."""

from collections.abc import Iterator, Mapping
from typing import Any

OVERLAP_SHARE = 0.3
"""The share of images that two people are asked about, where the campaign says nothing."""


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
    yield from _about_gold(document)
    try:
        overlap = float(document.get("overlap_share", OVERLAP_SHARE))
    except (TypeError, ValueError):
        return
    if overlap > 0 and len(people) == 1:
        yield "overlap_share", "an overlap needs two annotators; write 0 for a single one"


def _about_gold(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    gold = document.get("gold")
    if isinstance(gold, Mapping) and gold.get("pause"):
        try:
            share = float(gold.get("share", 0))
        except (TypeError, ValueError):
            return
        if not share:
            yield (
                "gold.pause",
                "pauses nobody while no task is gold; write gold.share, such as 0.05",
            )


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
