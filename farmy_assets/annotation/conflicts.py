"""Conflicts: where the votes on one image do not say the same.

Boxes are matched one to one so that the total IoU is largest, whatever their labels: the same
place with another class is one conflict of classes, not one missed and one extra box. (Of boxes
that lie practically alike, the pair with equal labels is preferred.) A pair counts as the same
object when its IoU reaches `match_iou`, and as drawn alike from `tight_iou` on.

The floor for small objects: when no edge of two overlapping boxes differs by more than
`EDGE_TOLERANCE_PX`, they are the same object and drawn alike, whatever their IoU. A hand is not
steadier than that, and a box of 10 pixels that moves by 2 has an IoU of 0.47; for a box of more
than about 30 pixels the rule changes nothing, because its IoU is over 0.75 anyway.

With three and more voters the matched pairs are joined, best pair first, into groups that hold at
most one box of each voter. A box that somebody did not draw is `missed` when at least half of the
voters drew it and `extra` when fewer did; it is also `extra` when it lies over an object that more
voters drew and its author drew already (a double box).
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations

import numpy as np

from farmy_assets.annotation.boxes import Box, iou
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import listed

__all__ = ["Conflict", "ConflictKind", "find_conflicts", "group_boxes", "iou", "match_boxes"]

EDGE_TOLERANCE_PX = 2.0
SAME_LABEL_BONUS = 0.05
ROUNDING = 1e-9

BoxGroup = dict[str, Box]
"""One object: the box of each voter who drew it."""


class ConflictKind(StrEnum):
    """How votes on one image differ."""

    OTHER_CLASS = "other_class"
    MISSED = "missed"
    EXTRA = "extra"
    LOOSE_BOX = "loose_box"
    SKIPPED = "skipped"
    INVALID = "invalid"


class Conflict(Record):
    """One difference; `boxes` holds one entry for each of `people`, None where nothing was drawn.

    `iou` is the lowest among the boxes drawn, for other_class and loose_box. `problems` is for
    invalid votes, whose boxes are not compared.
    """

    image_id: str
    kind: ConflictKind
    people: tuple[str, ...]
    boxes: tuple[Box | None, ...]
    iou: float | None = None
    problems: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The conflict in words, with the people's names."""
        return self.describe({})

    def describe(self, names: Mapping[str, str]) -> str:
        """The conflict in words, with people's names replaced by those in `names` (blind work)."""
        sides = [(names.get(p, p), box) for p, box in zip(self.people, self.boxes, strict=True)]
        drew = [(name, box) for name, box in sides if box is not None]
        others = listed([name for name, box in sides if box is None])
        if self.kind is ConflictKind.SKIPPED:
            return f"{others} skipped this image"
        if self.kind is ConflictKind.INVALID:
            return f"{others} sent something that cannot be read: {'; '.join(self.problems)}"
        who = listed([name for name, _ in drew])
        what = f"{_class(drew[0][1])} {_at(drew[0][1])}"
        if self.kind is ConflictKind.OTHER_CLASS:
            first, *rest = drew
            return ", ".join(
                [f"{first[0]} saw {what}", *(f"{name} saw {_class(box)}" for name, box in rest)]
            )
        if self.kind is ConflictKind.LOOSE_BOX:
            return f"{who} drew {what} differently (IoU {self.iou or 0:.2f})"
        if self.kind is ConflictKind.EXTRA and not others:
            return f"{who} drew {what} twice"
        return f"{who} saw {what}, {others} did not"


def match_boxes(
    first: Sequence[Box], second: Sequence[Box], *, policy: AgreementPolicy
) -> tuple[tuple[int, int], ...]:
    """One-to-one pairs (index in first, index in second) of boxes that mean the same object.

    Pairs that are not acceptable are taken out before the assignment, not after it: a large total
    of useless pairs would otherwise tear a good pair apart.
    """
    if not first or not second:
        return ()
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to import

    gain = np.array([[_gain(a, b, policy) for b in second] for a in first])
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return tuple((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if gain[i, j] > 0)


def group_boxes(
    boxes: Mapping[str, Sequence[Box]], *, policy: AgreementPolicy
) -> tuple[BoxGroup, ...]:
    """The objects that voters drew, from top to bottom; each box is in exactly one of them.

    The answer does not depend on the order of the voters or of their boxes.
    """
    drawn = {voter: sorted(boxes[voter], key=lambda box: box.place) for voter in sorted(boxes)}
    links = [
        (-_gain(drawn[a][i], drawn[b][j], policy), (a, i), (b, j))
        for a, b in combinations(drawn, 2)
        for i, j in match_boxes(drawn[a], drawn[b], policy=policy)
    ]
    home = {(voter, i): {voter: i} for voter in drawn for i in range(len(drawn[voter]))}
    for _, one, other in sorted(links):
        left, right = home[one], home[other]
        if left is right or left.keys() & right.keys():
            continue
        left.update(right)
        for member in right.items():
            home[member] = left
    groups = {tuple(sorted(group.items())): group for group in home.values()}
    found = [{voter: drawn[voter][i] for voter, i in sorted(g)} for g in groups]
    return tuple(sorted(found, key=lambda group: [box.place for box in group.values()]))


def find_conflicts(votes: Iterable[Vote], policy: AgreementPolicy) -> tuple[Conflict, ...]:
    """Every difference between the votes of different people on one image.

    Skipped votes and votes with problems are conflicts by themselves, and are not compared with
    the others; so a single vote can be in conflict too.

    Raises:
        ValueError: A voter appears twice, or the votes are of several images.
    """
    given = list(votes)
    by_voter = {vote.voter: vote for vote in given}
    images = {vote.image_id for vote in given}
    if len(by_voter) != len(given) or len(images) > 1:
        msg = "conflicts are looked for in votes of different people on one image"
        raise ValueError(msg)
    if not given:
        return ()
    image_id = images.pop()
    found: list[Conflict] = []
    for voter in sorted(by_voter):
        vote = by_voter[voter]
        if not vote.is_clean:
            skipped = vote.outcome is not Outcome.SUBMITTED
            found.append(
                Conflict(
                    image_id=image_id,
                    kind=ConflictKind.SKIPPED if skipped else ConflictKind.INVALID,
                    people=(voter,),
                    boxes=(None,),
                    problems=vote.problems,
                )
            )
    boxes = {voter: by_voter[voter].boxes for voter in sorted(by_voter) if by_voter[voter].is_clean}
    groups = group_boxes(boxes, policy=policy)
    for group in groups:
        found += _group_conflicts(image_id, group, groups, voters=tuple(boxes), policy=policy)
    return tuple(found)


def _drawn_alike(first: Box, second: Box, *, policy: AgreementPolicy) -> bool:
    """Whether two boxes need no second look: IoU from tight_iou on, or within the tolerance."""
    return iou(first, second) >= policy.tight_iou - ROUNDING or _within_tolerance(first, second)


def _group_conflicts(
    image_id: str,
    group: BoxGroup,
    groups: Sequence[BoxGroup],
    *,
    voters: tuple[str, ...],
    policy: AgreementPolicy,
) -> list[Conflict]:
    pairs = list(combinations(group.values(), 2))
    lowest = min((iou(a, b) for a, b in pairs), default=None)
    kinds: list[tuple[ConflictKind, float | None]] = []
    if len(set(box.label for box in group.values())) > 1:
        kinds.append((ConflictKind.OTHER_CLASS, lowest))
    elif not all(_drawn_alike(a, b, policy=policy) for a, b in pairs):
        kinds.append((ConflictKind.LOOSE_BOX, lowest))
    people = voters
    if len(group) < len(voters):
        double = _is_double(group, groups, policy)
        few = 2 * len(group) < len(voters)
        kinds.append((ConflictKind.EXTRA if double or few else ConflictKind.MISSED, None))
        people = tuple(group) if double else voters
    return [
        Conflict(
            image_id=image_id,
            kind=kind,
            people=people,
            boxes=tuple(group.get(voter) for voter in people),
            iou=value,
        )
        for kind, value in kinds
    ]


def _is_double(group: BoxGroup, groups: Sequence[BoxGroup], policy: AgreementPolicy) -> bool:
    """Whether the group's authors all drew the same object once more, together with others."""
    return any(
        len(other) > len(group)
        and group.keys() <= other.keys()
        and any(_gain(a, b, policy) > 0 for a in group.values() for b in other.values())
        for other in groups
    )


def _gain(first: Box, second: Box, policy: AgreementPolicy) -> float:
    """What pairing two boxes is worth; 0 when they cannot be the same object."""
    overlap = iou(first, second)
    if _within_tolerance(first, second):
        overlap = max(overlap, policy.match_iou)
    if overlap < policy.match_iou - ROUNDING:
        return 0.0
    return overlap + (SAME_LABEL_BONUS if first.label == second.label else 0.0)


def _within_tolerance(first: Box, second: Box) -> bool:
    edges = (
        first.x_min - second.x_min,
        first.y_min - second.y_min,
        first.x_max - second.x_max,
        first.y_max - second.y_max,
    )
    return iou(first, second) > 0 and max(map(abs, edges)) <= EDGE_TOLERANCE_PX + ROUNDING


def _class(box: Box) -> str:
    """The class's name, marked as one: which article a name takes is not to be guessed."""
    return f'"{box.label}"'


def _at(box: Box) -> str:
    x, y = box.centre_px
    return f"at ({x:.0f}, {y:.0f})"
