"""The differences that an adjudicator's page lists, in words: by version, and without names."""

from collections.abc import Mapping, Sequence

from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.inboxes import DECIDING
from farmy_assets.annotation.question_answers import Pairs, in_words
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Vote


def difference_line(
    conflict: Conflict, calls: Mapping[str, str], names: Mapping[tuple[str, Region], str]
) -> str:
    """One line of the list; it calls regions by their names, A before B.

    A conflict has its people in the order of their names, which the page must not tell.

    Args:
        conflict: The difference.
        calls: What the page calls each voter's version, in its order.
        names: What it calls their regions.
    """
    order = list(calls)
    sides = sorted(
        zip(conflict.people, conflict.regions, strict=True), key=lambda side: order.index(side[0])
    )
    drawn = [(names.get((who, r), calls[who]), r) for who, r in sides if r]
    others = " and ".join(calls[who] for who, region in sides if not region)
    if conflict.kind is ConflictKind.SKIPPED:
        why = f" ({'; '.join(conflict.problems)})" if conflict.problems else ""
        return f"{others} is empty: the image was skipped{why}"
    if conflict.kind is ConflictKind.INVALID:
        return f"{others} cannot be used: {'; '.join(conflict.problems)}"
    if conflict.question:
        return _answered(conflict, calls, names)
    return _drawn_otherwise(conflict, drawn, others)


def _drawn_otherwise(conflict: Conflict, drawn: Sequence[tuple[str, Region]], others: str) -> str:
    """What was drawn differently; `drawn` has the name of each region and the region itself."""
    regions = " / ".join(name for name, _ in drawn)
    labels = list(dict.fromkeys(region.label for _, region in drawn))
    if conflict.kind is ConflictKind.OTHER_CLASS:
        said = dict.fromkeys(f"{region.label}{_said(region.attributes)}" for _, region in drawn)
        return f"{regions}: {' or '.join(said)}?"
    if conflict.kind is ConflictKind.LOOSE:
        measured = conflict.likeness
        how = f" ({drawn[0][1].measure} {measured:.2f})" if measured is not None else ""
        return f"{regions}: {labels[0]}, drawn differently{how}; which {drawn[0][1].kind} fits?"
    if not others:
        return f"{regions}: {labels[0]}, drawn twice?"
    first = f"{labels[0]}{_said(drawn[0][1].attributes)}"
    return f"{regions}: {first}, or nothing there? Nothing in {others}"


def _answered(
    conflict: Conflict, calls: Mapping[str, str], names: Mapping[tuple[str, Region], str]
) -> str:
    """What was answered differently, about the regions or about the image as a whole."""
    order = list(calls)
    sides = sorted(
        zip(conflict.people, conflict.regions, conflict.answers, strict=True),
        key=lambda side: order.index(side[0]),
    )
    regions = [names.get((who, r), calls[who]) for who, r, _ in sides if r]
    if regions:
        values = " / ".join(in_words(value) for _, _, value in sides)
        return f"{' / '.join(regions)}: {conflict.question} {values}?"
    said = ", ".join(f"{in_words(value)} in {calls[who]}" for who, _, value in sides)
    return f"{conflict.question}: {said}?"


def _said(attributes: Pairs) -> str:
    """What was answered about a region, in brackets behind its class; empty for nothing."""
    told = ", ".join(f"{name} {in_words(value)}" for name, value in attributes)
    return f" ({told})" if told else ""


def called(letter: str, vote: Vote) -> str:
    """What the page calls a version."""
    mine = ", your earlier answer," if vote.phase in DECIDING else ""
    return f"version {letter}{mine}"
