"""What the page of an image in conflict shows: the versions, where they differ, and the choices.

The page is Label Studio's; what is different from image to image comes to it in the task's data:
`differences` (HTML), `decisions` (the choices) and `regions` (the names and colours of the
versions' regions). The regions themselves are one prediction, which every view of a task shows.
Nothing here names a person, and nothing of it is believed when an answer comes back.
"""

import hashlib
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.fusing import middle
from farmy_assets.annotation.inboxes import DECIDING
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.versions import agreed_groups, can_be_chosen, versions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio.controls import VERSIONS

COLOURS = ("#1f77b4", "#ff7f0e", "#e377c2", "#17becf", "#bcbd22", "#9467bd")
"""One for each version, from the start again after the last; apart from the usual class colours."""

AGREED_COLOUR = "#8a8a8a"
HOTKEYS = {
    DecisionKind.DIFFERENCES: "d",
    DecisionKind.WHOLE_IMAGE: "w",
    DecisionKind.NOTHING: "n",
    DecisionKind.LEAVE_OUT: "x",
}
_VERSION_HOTKEYS = "abc"
_ONCE = "1"
_CORNERS = ("left: 0; top: 0", "right: 0; top: 0", "left: 0; bottom: 0", "right: 0; bottom: 0")
_MAP_EM = 20.0
_MAP_FLATNESS = 0.75  # an upright picture is no higher than a lying one of 4 by 3


class ShownRegion(NamedTuple):
    """A region of a version as the page shows it; `name` is what the list has, such as A3."""

    name: str
    region: Region
    colour: str


class AdjudicationPage(NamedTuple):
    """The task data of one page, and the results of its one prediction."""

    data: dict[str, Any]
    results: tuple[dict[str, Any], ...]


def adjudication_page(
    key: str,
    *,
    judged: Sequence[Vote],
    conflicts: Sequence[Conflict],
    policy: AgreementPolicy,
    image_uri: str,
    size_px: tuple[int, int],
    notes: Sequence[str] = (),
) -> AdjudicationPage:
    """The page that asks for a decision on these votes.

    Args:
        key: The key of the task.
        judged: The votes that the decision is about.
        conflicts: Where they differ.
        policy: When two regions are the same object.
        image_uri: Address of the picture.
        size_px: Width and height of the picture.
        notes: What else is to be said, before the differences.
    """
    versions = versions_of(judged)
    agreed = agreed_groups(judged, policy)
    regions, names = _regions(versions, agreed)
    shown = [*regions, *_agreed_regions(agreed)]
    results = tuple(_result(key, region, size_px) for region in shown)
    called = {vote.voter: _called(letter, vote) for letter, vote in versions.items()}
    order = list(called)
    answers = [c for c in conflicts if c.kind in {ConflictKind.SKIPPED, ConflictKind.INVALID}]
    answers.sort(key=lambda conflict: order.index(conflict.people[0]))
    regions_in_conflict = [conflict for conflict in conflicts if conflict not in answers]
    lines = [*notes, *(_difference(c, called, names) for c in (*answers, *regions_in_conflict))]
    data: dict[str, Any] = {
        "differences": _html(lines, shown, image_uri=image_uri, size_px=size_px),
        "decisions": _decisions(versions, agreed=bool(agreed)),
        # Each name is used up by its own region, so that nobody can draw with it.
        "regions": [
            {"value": _text(region), "background": region.colour, "maxUsages": _ONCE}
            for region in shown
        ],
    }
    return AdjudicationPage(data, results)


def colour_of(number: int) -> str:
    """The colour of the version with this number, from 0 on."""
    return COLOURS[number % len(COLOURS)]


def _regions(
    versions: Mapping[str, Vote], agreed: Sequence[Mapping[str, Region]]
) -> tuple[list[ShownRegion], dict[tuple[str, Region], str]]:
    """The regions that are not agreed on, and what each voter's regions are called."""
    everybody = {pair for group in agreed for pair in group.items()}
    shown: list[ShownRegion] = []
    names: dict[tuple[str, Region], str] = {}
    for number, (letter, vote) in enumerate(versions.items()):
        drawn = sorted(vote.regions, key=lambda region: region.place)
        differing = [region for region in drawn if (vote.voter, region) not in everybody]
        for position, region in enumerate(differing, start=1):
            name = f"{letter}{position}"
            names.setdefault((vote.voter, region), name)
            shown.append(ShownRegion(name, region, colour_of(number)))
    return shown, names


def _agreed_regions(agreed: Sequence[Mapping[str, Region]]) -> list[ShownRegion]:
    regions = sorted((middle(dict(group)) for group in agreed), key=lambda r: r.place)
    return [
        ShownRegion(f"agreed {number}", region, AGREED_COLOUR)
        for number, region in enumerate(regions, start=1)
    ]


def _text(shown: ShownRegion) -> str:
    return f"{shown.name}: {shown.region.label}"


def _result(key: str, shown: ShownRegion, size_px: tuple[int, int]) -> dict[str, Any]:
    """A region as Label Studio shows it: read-only, and a polygon.

    A second control of the region's own kind would take the drawing tool from the classes' own.
    """
    width_px, height_px = size_px
    points = [[100 * x / width_px, 100 * y / height_px] for x, y in shown.region.outline_px]
    return {
        "id": _region_id(key, shown.name),
        "from_name": VERSIONS,
        "to_name": "image",
        "type": "polygonlabels",
        "original_width": width_px,
        "original_height": height_px,
        "image_rotation": 0,
        "readonly": True,
        "value": {
            "points": points,
            "closed": True,
            "polygonlabels": [_text(shown)],
        },
    }


def _difference(
    conflict: Conflict, called: Mapping[str, str], names: Mapping[tuple[str, Region], str]
) -> str:
    """One line of the list; it calls regions by their names, A before B.

    A conflict has its people in the order of their names, which the page must not tell.
    """
    order = list(called)
    sides = sorted(
        zip(conflict.people, conflict.regions, strict=True), key=lambda side: order.index(side[0])
    )
    drawn = [(names.get((who, r), called[who]), r) for who, r in sides if r]
    others = " and ".join(called[who] for who, region in sides if not region)
    if conflict.kind is ConflictKind.SKIPPED:
        return f"{others} is empty: the image was skipped"
    if conflict.kind is ConflictKind.INVALID:
        return f"{others} cannot be used: {'; '.join(conflict.problems)}"
    regions = " / ".join(name for name, _ in drawn)
    labels = list(dict.fromkeys(region.label for _, region in drawn))
    if conflict.kind is ConflictKind.OTHER_CLASS:
        return f"{regions}: {' or '.join(labels)}?"
    if conflict.kind is ConflictKind.LOOSE:
        measured = conflict.likeness
        how = f" ({drawn[0][1].measure} {measured:.2f})" if measured is not None else ""
        return f"{regions}: {labels[0]}, drawn differently{how}; which {drawn[0][1].kind} fits?"
    if not others:
        return f"{regions}: {labels[0]}, drawn twice?"
    return f"{regions}: {labels[0]}, or nothing there? Nothing in {others}"


def _called(letter: str, vote: Vote) -> str:
    mine = ", your earlier answer," if vote.phase in DECIDING else ""
    return f"version {letter}{mine}"


def _decisions(versions: Mapping[str, Vote], *, agreed: bool) -> list[dict[str, str]]:
    """The choices; that nothing is chosen beforehand is the point of the page."""
    choices: list[dict[str, str]] = []
    for number, (letter, vote) in enumerate(versions.items()):
        if can_be_chosen(vote):
            decision = Decision(kind=DecisionKind.VERSION, version=letter)
            words = f"V{_called(letter, vote)[1:].rstrip(',')} is right"
            if not vote.regions:
                words += ": there is nothing to draw"
            square = f'<b style="color: {colour_of(number)}">■</b>'
            choice = {"value": decision.choice, "html": f"{square} {html.escape(words)}"}
            if letter.lower() in _VERSION_HOTKEYS:
                choice["hotkey"] = letter.lower()
            choices.append(choice)
    for kind, words in _words(agreed=agreed).items():
        choices.append({"value": kind.value, "html": words, "hotkey": HOTKEYS[kind]})
    return choices


def _words(*, agreed: bool) -> dict[DecisionKind, str]:
    stays = {DecisionKind.DIFFERENCES: "I draw what differs; the grey regions stay"}
    return (stays if agreed else {}) | {
        DecisionKind.WHOLE_IMAGE: "I draw the whole image; nothing stays",
        DecisionKind.NOTHING: "There is nothing to draw here",
        DecisionKind.LEAVE_OUT: "It cannot be labelled: leave it out",
    }


def _html(
    lines: Iterable[str], shown: Sequence[ShownRegion], *, image_uri: str, size_px: tuple[int, int]
) -> str:
    """The list of differences, and beside it a small picture in which its names stand."""
    colours = {region.name: region.colour for region in shown}
    items = "".join(f"<li>{_in_colours(line, colours)}</li>" for line in lines)
    marks = "".join(_mark(r, size_px) for r in shown if r.colour != AGREED_COLOUR)
    width_px, height_px = size_px
    width_em = min(_MAP_EM, _MAP_EM * width_px / height_px * _MAP_FLATNESS)
    picture = (
        f'<div style="position: relative; flex: 0 0 {width_em:.1f}em; width: {width_em:.1f}em">'
        f'<img src="{html.escape(image_uri)}" alt="" style="display: block; width: 100%"/>'
        f"{marks}</div>"
    )
    return (
        '<div style="display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start">'
        '<ol style="flex: 1 1 14em; margin: 0; padding-left: 1.5em; list-style: decimal">'
        f"{items}</ol>{picture}</div>"
    )


def _in_colours(line: str, colours: Mapping[str, str]) -> str:
    """A line as HTML, the names before its colon in the colours of their versions."""
    regions, colon, rest = line.partition(":")
    named = [
        f'<b style="color: {colours[name]}">{name}</b>' if name in colours else html.escape(name)
        for name in regions.split(" / ")
    ]
    return f"{' / '.join(named)}{colon}{html.escape(rest)}"


def _mark(shown: ShownRegion, size_px: tuple[int, int]) -> str:
    """A region's frame and name, at its place in the small picture."""
    width_px, height_px = size_px
    x_min, y_min, x_max, y_max = shown.region.bounds_px
    left, top = 100 * x_min / width_px, 100 * y_min / height_px
    width, height = 100 * (x_max - x_min) / width_px, 100 * (y_max - y_min) / height_px
    place = f"position: absolute; left: {left:.2f}%; top: {top:.2f}%"
    # The names of alike regions do not hide each other: each version has a corner of its own.
    corner = _CORNERS[COLOURS.index(shown.colour) % len(_CORNERS)]
    return (
        f'<div style="{place}; width: {width:.2f}%; height: {height:.2f}%; '
        f'border: 2px solid {shown.colour}"><span style="position: absolute; {corner}; '
        f"background: {shown.colour}; color: #fff; font-size: 11px; line-height: 1.2; "
        f'padding: 0 2px">{shown.name}</span></div>'
    )


def _region_id(task_key: str, name: str) -> str:
    """Label Studio adds no region ids to what it imports, so they are ours, the same each time."""
    return hashlib.sha256(f"{task_key}\x00{name}".encode()).hexdigest()[:10]
