"""What the page of an image in conflict shows: the versions, where they differ, and the choices.

The page is Label Studio's; what is different from image to image comes to it in the task's data:
`differences` (HTML), `decisions` (the choices) and `regions` (the names and colours of the
versions' regions). The regions themselves are one prediction, which every view of a task shows.
Nothing here names a person, and nothing of it is believed when an answer comes back.
"""

import hashlib
import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.fusing import middle
from farmy_assets.annotation.questions import CHOICE
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.versions import (
    agreed_choices,
    agreed_groups,
    can_be_chosen,
    versions_of,
)
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio.controls import VERSIONS
from farmy_assets.label_studio.difference_lines import called, difference_line
from farmy_assets.label_studio.difference_list import (
    AGREED_COLOUR,
    COLOURS,
    ShownRegion,
    difference_list,
)
from farmy_assets.label_studio.question_forms import results_of

HOTKEYS = {
    DecisionKind.DIFFERENCES: "d",
    DecisionKind.WHOLE_IMAGE: "w",
    DecisionKind.NOTHING: "n",
    DecisionKind.LEAVE_OUT: "x",
}
_VERSION_HOTKEYS = "abc"
_ONCE = "1"


class AdjudicationPage(NamedTuple):
    """The task data of one page, and the results of its one prediction."""

    data: dict[str, Any]
    results: tuple[dict[str, Any], ...]


def adjudication_page(  # noqa: PLR0913 - all that one page is made of
    key: str,
    *,
    judged: Sequence[Vote],
    conflicts: Sequence[Conflict],
    policy: AgreementPolicy,
    image_uri: str,
    size_px: tuple[int, int],
    draws: bool = True,
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
        draws: Whether the campaign has regions drawn; without them the image is only asked about.
        notes: What else is to be said, before the differences.
    """
    versions = versions_of(judged)
    agreed = agreed_groups(judged, policy)
    regions, names = _regions(versions, agreed)
    shown = [*regions, *_agreed_regions(agreed)]
    results = [_result(key, region, size_px) for region in shown]
    # Answered beforehand for who chooses to draw; the others' pages do not send them.
    choices = agreed_choices(judged)
    results += results_of(choices, {name: CHOICE for name, _ in choices})
    calls = {vote.voter: called(letter, vote) for letter, vote in versions.items()}
    order = list(calls)
    answers = [c for c in conflicts if c.kind in {ConflictKind.SKIPPED, ConflictKind.INVALID}]
    answers.sort(key=lambda conflict: order.index(conflict.people[0]))
    regions_in_conflict = [conflict for conflict in conflicts if conflict not in answers]
    differences = (*answers, *regions_in_conflict)
    lines = [*notes, *(difference_line(c, calls, names) for c in differences)]
    data: dict[str, Any] = {
        "differences": difference_list(lines, shown, image_uri=image_uri, size_px=size_px),
        "decisions": _decisions(versions, agreed=bool(agreed), draws=draws),
        # Each name is used up by its own region, so that nobody can draw with it.
        "regions": [
            {"value": _text(region), "background": region.colour, "maxUsages": _ONCE}
            for region in shown
        ],
    }
    return AdjudicationPage(data, tuple(results))


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


def _decisions(versions: Mapping[str, Vote], *, agreed: bool, draws: bool) -> list[dict[str, str]]:
    """The choices; that nothing is chosen beforehand is the point of the page."""
    choices: list[dict[str, str]] = []
    for number, (letter, vote) in enumerate(versions.items()):
        if can_be_chosen(vote):
            decision = Decision(kind=DecisionKind.VERSION, version=letter)
            words = f"V{called(letter, vote)[1:].rstrip(',')} is right"
            if not vote.regions and draws:
                words += ": there is nothing to draw"
            square = f'<b style="color: {colour_of(number)}">■</b>'
            choice = {"value": decision.choice, "html": f"{square} {html.escape(words)}"}
            if letter.lower() in _VERSION_HOTKEYS:
                choice["hotkey"] = letter.lower()
            choices.append(choice)
    for kind, words in (_words(agreed=agreed) if draws else _ASKED_WORDS).items():
        choices.append({"value": kind.value, "html": words, "hotkey": HOTKEYS[kind]})
    return choices


_LEAVE_OUT = "It cannot be labelled: leave it out"

_ASKED_WORDS = {
    DecisionKind.WHOLE_IMAGE: "I answer the questions myself",
    DecisionKind.LEAVE_OUT: _LEAVE_OUT,
}


def _words(*, agreed: bool) -> dict[DecisionKind, str]:
    stays = {DecisionKind.DIFFERENCES: "I draw what differs; the grey regions stay"}
    return (stays if agreed else {}) | {
        DecisionKind.WHOLE_IMAGE: "I draw the whole image; nothing stays",
        DecisionKind.NOTHING: "There is nothing to draw here",
        DecisionKind.LEAVE_OUT: _LEAVE_OUT,
    }


def _region_id(task_key: str, name: str) -> str:
    """Label Studio adds no region ids to what it imports, so they are ours, the same each time."""
    return hashlib.sha256(f"{task_key}\x00{name}".encode()).hexdigest()[:10]
