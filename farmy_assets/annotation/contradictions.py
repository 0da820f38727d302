"""What no single field of a campaign can know: names given twice, people in two roles."""

from collections.abc import Iterator, Mapping
from typing import Any

OVERLAP_SHARE = 0.3
"""The share of images that two people are asked about, where the campaign says nothing."""


USUAL_IOUS = (0.5, 0.75)
"""match_iou and tight_iou of a campaign that says nothing of them."""


def contradictions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and text of what no single field can know; for raw files and for valid campaigns."""
    yield from _repetitions(document, "classes", ("id", "name"))
    yield from _repetitions(document, "annotators", ("name", "email"))
    yield from _repetitions(document, "triagers", ("name", "email"))
    yield from _thresholds(document)
    people = _rows(document, "annotators")
    adjudicator = document.get("adjudicator")
    if isinstance(adjudicator, Mapping):
        for field in ("name", "email"):
            if _same_word(adjudicator.get(field)) in {_same_word(row.get(field)) for row in people}:
                yield f"adjudicator.{field}", "the adjudicator must not be one of the annotators"
    try:
        overlap = float(document.get("overlap_share", OVERLAP_SHARE))
    except (TypeError, ValueError):
        return
    if overlap > 0 and len(people) == 1:
        yield "overlap_share", "an overlap needs two annotators; write 0 for a single one"


def _thresholds(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Classes whose regions would be drawn alike before they are one object."""
    agreement = document.get("agreement")
    of_all = agreement if isinstance(agreement, Mapping) else {}
    for index, row in enumerate(_rows(document, "classes")):
        own = [row.get(name) for name in ("match_iou", "tight_iou")]
        if own == [None, None]:
            continue
        given = [
            of_all.get(name, usual) if value is None else value
            for name, usual, value in zip(("match_iou", "tight_iou"), USUAL_IOUS, own, strict=True)
        ]
        try:
            match_iou, tight_iou = (float(value) for value in given)
        except (TypeError, ValueError):
            continue
        if tight_iou < match_iou:
            text = f"tight_iou {tight_iou:g} must not be under match_iou {match_iou:g}"
            yield f"classes.{index}.tight_iou", text


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
