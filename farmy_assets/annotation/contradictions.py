"""What no single field of a campaign can know: names given twice, people in two roles and more."""

from collections.abc import Iterator, Mapping
from typing import Any

from farmy_assets.annotation.questions import NUMBER, RESERVED_NAMES

OVERLAP_SHARE = 0.3
"""The share of images that two people are asked about, where the campaign says nothing."""

_PEOPLE_OF_AN_OVERLAP = 2
USUAL_IOUS = (0.5, 0.75)
"""match_iou and tight_iou of a campaign that says nothing of them."""


def contradictions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and text of what no single field can know; for raw files and for valid campaigns."""
    yield from _repetitions(document, "classes", ("id", "name"))
    yield from _class_contradictions(_rows(document, "classes"))
    yield from _repetitions(document, "annotators", ("name", "email"))
    yield from _repetitions(document, "triagers", ("name", "email"))
    yield from _drawn_and_asked(document)
    yield from _question_names(document)
    yield from _attribute_classes(document)
    yield from _tolerances(document)
    yield from _thresholds(document)
    yield from _repetitions(document, "reviewers", ("name", "email"))
    yield from _other_people(document)
    people = _rows(document, "annotators")
    adjudicator = document.get("adjudicator")
    if isinstance(adjudicator, Mapping):
        for field in ("name", "email"):
            if _same_word(adjudicator.get(field)) in {_same_word(row.get(field)) for row in people}:
                yield f"adjudicator.{field}", "the adjudicator must not be one of the annotators"
    yield from _about_the_work_of_people(document)
    yield from _about_languages_and_opinions(document)
    yield from _about_gold(document)
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
    return [_same_word(each) for each in _listed(row.get(field))]


def _class_contradictions(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Ids that are given twice by merging, names that another class had, splits into nothing."""
    places = {_same_word(row.get("id")): number for number, row in enumerate(rows)}
    names = {_same_word(row.get("name")): number for number, row in enumerate(rows)}
    merged: dict[str, int] = {}
    former: dict[str, int] = {}
    is_offered = [
        not _is_true(row.get("retired")) and not _listed(row.get("split_into")) for row in rows
    ]
    if rows and not any(is_offered):
        yield "classes", "all are retired or split: annotators need one to choose"
    for number, row in enumerate(rows):
        for key in map(_same_word, _listed(row.get("merges"))):
            if key in places:
                yield (
                    f"classes.{number}.merges",
                    f"class {key} is merged into this one, and cannot be in the file as "
                    f"classes.{places[key]}: take it out there, or give that class a new id",
                )
            if merged.setdefault(key, number) != number:
                yield f"classes.{number}.merges", f"classes.{merged[key]} merges {key} as well"
        for name in map(_same_word, _listed(row.get("former_names"))):
            other = names.get(name, former.setdefault(name, number))
            if other != number:
                yield (
                    f"classes.{other}.name",
                    f"{name!r} was a name of classes.{number} ({row.get('name')}), and votes may "
                    "hold it: choose another one",
                )
        for key in map(_same_word, _listed(row.get("split_into"))):
            if key not in places or places[key] == number or not is_offered[places[key]]:
                yield (
                    f"classes.{number}.split_into",
                    f"{key} is not another class of the file that is offered: add it",
                )


def _drawn_and_asked(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A campaign has something drawn, of some class, or something asked of each image."""
    draws = document.get("regions", ("box",)) not in ([], ())
    if not draws and not document.get("choices"):
        yield "regions", "nothing is drawn, so something has to be asked: write `choices:`"
    if draws and document.get("classes", ()) in ([], ()):
        yield "classes", "what is drawn needs at least one class"
    if not draws and document.get("attributes"):
        yield "attributes", "they are of regions, and none are drawn"


def _question_names(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each question is a control of its own in Label Studio, beside those of the regions."""
    kinds = document.get("regions", ("box",))
    taken = {name: "is a name of the platform's own" for name in RESERVED_NAMES}
    taken |= {str(kind): "is the name of a kind of region" for kind in _listed(kinds)}
    for group in ("choices", "attributes"):
        for index, row in enumerate(_rows(document, group)):
            name = row.get("name")
            if isinstance(name, str) and name in taken:
                yield f"{group}.{index}.name", taken[name]
            elif isinstance(name, str):
                taken[name] = f"repeats {group}.{index}.name"


def _attribute_classes(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rows = _rows(document, "attributes")
    known = [str(row.get("name")) for row in _rows(document, "classes")]
    for index, row in enumerate(rows):
        for name in _listed(row.get("classes", ())):
            if str(name) not in known:
                yield f"attributes.{index}.classes", f"there is no class {str(name)[:60]!r}"
    if rows:
        for index, name in enumerate(known):
            if "," in name:
                yield (
                    f"classes.{index}.name",
                    "must not hold a comma where attributes are asked: Label Studio tells the "
                    "classes of an attribute apart by commas",
                )


def _tolerances(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    agreement = document.get("agreement")
    named = agreement.get("number_tolerance") if isinstance(agreement, Mapping) else None
    numbers = [r.get("name") for r in _rows(document, "attributes") if r.get("kind") == NUMBER]
    for name in named if isinstance(named, Mapping) else ():
        if name not in numbers:
            yield f"agreement.number_tolerance.{name}", "there is no number attribute of this name"


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


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


def _other_people(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A reviewer may draw or adjudicate as well, but is then the same person in both places."""
    adjudicator = document.get("adjudicator")
    known = [*_rows(document, "annotators"), *_rows({"": [adjudicator]}, "")]
    for index, row in enumerate(_rows(document, "reviewers")):
        mine = _same_word(row.get("name")), _same_word(row.get("email"))
        for other in known:
            its = _same_word(other.get("name")), _same_word(other.get("email"))
            alike = any(a and a == b for a, b in zip(mine, its, strict=True))
            if mine != its and alike:
                who = other.get("name")
                yield f"reviewers.{index}", f"has the name or the email of {who}, not both"


def _about_gold(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    gold = document.get("gold")
    if isinstance(gold, Mapping) and gold.get("pause") and _number(gold.get("share", 0)) == 0:
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
