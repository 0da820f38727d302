"""How right conflicts and consensus are: true regions, people with known errors, and another tool.

The same answers are given to ours and to Datumaro's `IntersectMerge`, on which CVAT's consensus is
built. Conflicts are compared with the errors that were planted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import Conflict, ConflictKind, find_conflicts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.matching import group_regions
from farmy_assets.annotation.quorum import agreed_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.benchmarks.simulated_people import (
    Habits,
    SimulatedImage,
    simulated_image,
)
from farmy_assets_tests.benchmarks.synthetic_campaign import BEGAN

POLICY = AgreementPolicy()
SEED = 20_261_128
COUNTED_FROM = 0.5
"""The IoU from which on a region counts as the true one; for keypoints, the closeness."""


class Score(NamedTuple):
    """How well regions show what is there.

    Attributes:
        f1: Regions of the true class with an IoU of at least `COUNTED_FROM`, 0 to 1.
        mean_iou: Of these regions, with the true ones.
    """

    f1: float
    mean_iou: float


class Found(NamedTuple):
    """How well conflicts show where people erred, as shares.

    Attributes:
        recall: Of the objects on which people differ, by class or by drawing them.
        precision: Of the conflicts of these kinds.
        other_class: Of the objects that two people drew at one place in different classes.
    """

    recall: float
    precision: float
    other_class: float


class Row(NamedTuple):
    """What was measured of one kind of region with so many people."""

    kind: str
    people: int
    best_person: Score
    consensus: Score
    conflicts: Found


def simulated(kind: str, people: int, images: int) -> list[SimulatedImage]:
    """Images with the answers of so many people; always the same."""
    chance = np.random.default_rng([SEED, people, *kind.encode()])
    habits = {f"person {n}": Habits() for n in range(people)}
    return [simulated_image(kind, habits, chance) for _ in range(images)]


def measured(kind: str, images: Sequence[SimulatedImage]) -> Row:
    """How right consensus and conflicts are on these images."""
    people = list(images[0].answers)
    each = [
        score((i.truth, [drawn.region for drawn in i.answers[person]]) for i in images)
        for person in people
    ]
    return Row(
        kind,
        len(people),
        Score(max(s.f1 for s in each), max(s.mean_iou for s in each)),
        score((image.truth, consensus_of(image)) for image in images),
        _found(images),
    )


def consensus_of(image: SimulatedImage) -> list[Region]:
    """What `farmy conflicts` writes as the consensus of these answers."""
    drawn = {person: [d.region for d in answer] for person, answer in image.answers.items()}
    groups = group_regions(drawn, policy=POLICY)
    return [agreed.region for agreed in agreed_regions(groups, people=len(drawn))]


def score(images: Iterator[tuple[Sequence[Region], Sequence[Region]]]) -> Score:
    """How well regions show the true ones, over all images; pairs are the best ones first."""
    true = given = 0
    likenesses: list[float] = []
    for truth, regions in images:
        true += len(truth)
        given += len(regions)
        pairs = sorted(
            (
                (one.likeness(other), i, j)
                for i, one in enumerate(truth)
                for j, other in enumerate(regions)
                if one.label == other.label and one.kind == other.kind
            ),
            reverse=True,
        )
        taken: tuple[set[int], set[int]] = set(), set()
        for likeness, i, j in pairs:
            if likeness >= COUNTED_FROM and i not in taken[0] and j not in taken[1]:
                taken[0].add(i)
                taken[1].add(j)
                likenesses.append(likeness)
    found = len(likenesses)
    return Score(2 * found / max(true + given, 1), float(np.mean(likenesses)) if found else 0.0)


def _found(images: Sequence[SimulatedImage]) -> Found:
    planted = right = told = 0
    same_place = same_place_found = 0
    for image in images:
        objects = {
            id(drawn.region): drawn.object for answer in image.answers.values() for drawn in answer
        }
        wanted = set(_planted(image))
        differing = set(_other_classes(image))
        conflicts = find_conflicts(votes_on(image), POLICY)
        about = [(_kind(c), _object(c, objects)) for c in conflicts if _kind(c)]
        planted += len(wanted)
        right += len(wanted.intersection(about))
        told += len(about)
        same_place += len(differing)
        same_place_found += len(differing.intersection(about))
    return Found(
        right / max(planted, 1), right / max(told, 1), same_place_found / max(same_place, 1)
    )


Difference = tuple[str, object]
"""`class` or `drawn`, and the object: its number, or for an invented one its region's id."""


def _planted(image: SimulatedImage) -> Iterator[Difference]:
    """Where people differ by what was planted: not all drew it, or not all in one class."""
    drawn: dict[object, list[str]] = defaultdict(list)
    for answer in image.answers.values():
        for each in answer:
            name: object = id(each.region) if each.object is None else each.object
            drawn[name].append(each.region.label)
    for meant, labels in drawn.items():
        if len(labels) < len(image.answers):
            yield "drawn", meant
        if len(set(labels)) > 1:
            yield "class", meant


def _other_classes(image: SimulatedImage) -> Iterator[Difference]:
    """Objects that two people drew at the same place, in different classes."""
    drawn: dict[int, list[Region]] = defaultdict(list)
    for answer in image.answers.values():
        for each in answer:
            if each.object is not None:
                drawn[each.object].append(each.region)
    for name, regions in drawn.items():
        if any(
            one.label != other.label and one.likeness(other) >= POLICY.match_iou
            for place, one in enumerate(regions)
            for other in regions[:place]
        ):
            yield "class", name


def _kind(conflict: Conflict) -> str:
    """Which of the planted differences a conflict is about; empty if none: drawn loosely."""
    if conflict.kind is ConflictKind.OTHER_CLASS:
        return "class"
    return "drawn" if conflict.kind in (ConflictKind.MISSED, ConflictKind.EXTRA) else ""


def _object(conflict: Conflict, objects: Mapping[int, int | None]) -> object:
    """The object that most of a conflict's regions are of."""
    names = [
        id(region) if objects[id(region)] is None else objects[id(region)]
        for region in conflict.regions
        if region is not None
    ]
    return max(names, key=names.count)


def votes_on(image: SimulatedImage) -> list[Vote]:
    """The answers as votes of a campaign named `truth` on the image `image`."""
    return [
        Vote(
            vote_id=person, campaign="truth", campaign_version=1, phase=Phase.ANNOTATION,
            task_key="image", image_id="image", inbox_person=person, person=person, email=person,
            submitted_at=BEGAN, lead_time_s=None, outcome=Outcome.SUBMITTED,
            regions=tuple(drawn.region for drawn in answer),
        )
        for person, answer in image.answers.items()
    ]  # fmt: skip
