"""How reliable a campaign's annotators are with classes: what weighs their votes on one object.

Found over all objects that several people were asked about, and stored; a judgement uses what is
stored. "Nothing drawn" is a class of its own here, written as an empty text.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Literal

from farmy_assets.annotation.aggregation.ballots import Ballot, Shares, shares
from farmy_assets.annotation.aggregation.dawid_skene import dawid_skene
from farmy_assets.annotation.aggregation.wawa import skills
from farmy_assets.catalog.records import Record

ClassRule = Literal["majority", "skill_weighted", "dawid_skene"]

NOTHING_DRAWN = ""
ROUNDS = 100
TOLERANCE = 1e-6
_LEAST_PROBABLE = 1e-3  # of what was never seen: few votes must not exclude anything for good


class AnnotatorSkills(Record):
    """What the votes of a campaign tell of those who gave them.

    Attributes:
        campaign: The campaign.
        votes: How many votes the campaign had when it was found.
        skills: Person to the share of votes that agree with the majority (Wawa).
        labels: The classes, sorted; `NOTHING_DRAWN` is one.
        prevalence: How common each of them is, 0 to 1 (Dawid and Skene).
        confusion: Person to the probability of each class given (columns) by the true one (rows).
    """

    campaign: str
    votes: int = 0
    skills: dict[str, float]
    labels: tuple[str, ...]
    prevalence: Shares
    confusion: dict[str, tuple[tuple[float, ...], ...]]


def learn_skills(
    campaign: str, ballots: Sequence[Ballot], times: Mapping[str, int]
) -> AnnotatorSkills | None:
    """What votes tell of their authors; None without any. Each round reads every vote once.

    Args:
        campaign: The campaign.
        ballots: The votes on objects that several people were asked about.
        times: How often an object with the same votes is there.
    """
    if not ballots:
        return None
    learnt = dawid_skene(ballots, times=times, rounds=ROUNDS, tolerance=TOLERANCE)
    return AnnotatorSkills(
        campaign=campaign,
        skills=skills(ballots, times=times),
        labels=learnt.labels,
        prevalence=learnt.prevalence,
        confusion={
            person: tuple(tuple(row) for row in matrix.tolist())
            for person, matrix in learnt.confusion.items()
        },
    )


def class_shares(
    votes: Mapping[str, str], rule: ClassRule, known: AnnotatorSkills | None
) -> Shares:
    """How far votes speak for each class of one object; the shares sum to 1.

    Args:
        votes: Person to the class that he or she gave it; who drew nothing is not among them.
        rule: How they are counted.
        known: What is known of the people; without it every vote counts as one.
    """
    if rule == "majority" or known is None:
        weights = None
    elif rule == "skill_weighted":
        usual = sum(known.skills.values()) / max(len(known.skills), 1)
        weights = {person: known.skills.get(person, usual) for person in votes}
    else:
        return _probabilities(votes, known)
    ballots = [Ballot("", person, label) for person, label in sorted(votes.items())]
    return shares(ballots, weights=weights)[""]


def _probabilities(votes: Mapping[str, str], known: AnnotatorSkills) -> Shares:
    """How probable each class is that somebody gave or that is known, by Dawid and Skene."""
    place = {label: number for number, label in enumerate(known.labels)}
    found: dict[str, float] = defaultdict(float)
    labels = [label for label in known.labels if label != NOTHING_DRAWN]
    for label in dict.fromkeys((*labels, *sorted(votes.values()))):
        likelihood = log(max(known.prevalence.get(label, 0.0), _LEAST_PROBABLE))
        for person, given in votes.items():
            matrix = known.confusion.get(person)
            if matrix is None:
                continue
            is_known = label in place and given in place
            chance = matrix[place[label]][place[given]] if is_known else float(label == given)
            likelihood += log(max(chance, _LEAST_PROBABLE))
        found[label] = likelihood
    highest = max(found.values())
    weighed = {label: exp(value - highest) for label, value in found.items()}
    total = sum(weighed.values())
    return {label: weighed[label] / total for label in sorted(weighed)}
