"""How far the people of a Label Studio export agree, in figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from pydantic import Field

from farmy_assets.annotation.aggregation.ballots import Ballot
from farmy_assets.annotation.aggregation.dawid_skene import dawid_skene
from farmy_assets.annotation.aggregation.wawa import skills
from farmy_assets.annotation.agreement.alpha import Alpha, masi, nominal
from farmy_assets.annotation.agreement.drawn_units import (
    NOTHING,
    DrawnUnit,
    ImageMeanAlpha,
    region_alpha,
    without,
)
from farmy_assets.annotation.agreement.intervals import Estimate, estimate
from farmy_assets.annotation.agreement.kappa import CohenKappa
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.catalog.records import Record
from farmy_assets.workflow.export_comparison import ComparedImage

CONVENTIONS = (
    "Alpha is Krippendorff's, of units: an object that anybody drew is one unit, and nothing drawn "
    "is a value. image_mean is the mean of the alphas of the images; an image on which all values "
    "are the same counts as 1. Alpha of choices uses MASI distances where several can be chosen.",
    "Kappa is Cohen's, over the objects of the images that both people answered. f1 counts an "
    "object as agreed when both drew it in one class; two people who drew nothing agree.",
    "with_majority is a person's share of the objects where he or she says what most say; accuracy "
    "is what Dawid and Skene's method finds. Both count on images that others answered as well.",
    "Intervals are of 95 %, by the bootstrap: over images for alpha, over objects for kappa, which "
    "takes those of one image for independent of each other. What is undefined is null.",
)

_SEED = 20_260_501
_PAIRS_WITH_INTERVAL = 50


class PersonCounts(Record):
    """What one person gave, and how reliable it is on images that others answered as well.

    Attributes:
        with_majority: Share of the objects where he or she says what most say.
        accuracy: How probable the true class is in his or her answers, by Dawid and Skene.
    """

    answers: int = 0
    skipped: int = 0
    regions: int = 0
    unreadable: int = 0
    with_majority: float | None = None
    accuracy: float | None = None


class PairAgreement(Record):
    """How far two people agree on the images that both answered."""

    people: tuple[str, str]
    images: int
    f1: float | None
    kappa: Estimate


class RegionAgreement(Record):
    """How far people agree on regions; `without` has the alpha as if one had not been asked."""

    alpha: Estimate
    image_mean: Estimate
    by_class: dict[str, Estimate]
    without: dict[str, float | None]
    pairs: tuple[PairAgreement, ...]


class ExportAgreement(Record):
    """The agreement of an export, as it is written."""

    images: int
    images_with_two_answers: int
    images_with_conflicts: int
    conflicts: dict[str, int]
    people: dict[str, PersonCounts]
    regions: RegionAgreement
    choices: dict[str, Estimate]
    notes: dict[str, int] = Field(default_factory=dict)
    match_iou: float
    tight_iou: float
    conventions: tuple[str, ...] = CONVENTIONS


class AgreementCounter:
    """Takes compared images one by one; keeps of each what the figures need."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._images = self._disputed = 0
        self._conflicts: Counter[str] = Counter()
        self._people: dict[str, Counter[str]] = defaultdict(Counter)
        self._units: list[tuple[DrawnUnit, ...]] = []
        self._choices: dict[str, list[tuple[frozenset[str], ...]]] = defaultdict(list)

    def add(self, image: ComparedImage) -> None:
        """Count one image."""
        self._images += 1
        self._disputed += bool(image.conflicts)
        self._conflicts.update(conflict.kind for conflict in image.conflicts)
        for person, answer in image.answers.items():
            self._people[person].update(
                answers=1, regions=len(answer.regions), unreadable=len(answer.problems)
            )
        for person in image.skipped_by:
            self._people[person].update(skipped=1)
        if image.units:
            self._units.append(image.units)
        questions = {name for answer in image.answers.values() for name in answer.choices}
        for question in sorted(questions):
            given = (frozenset(a.choices.get(question, ())) for a in image.answers.values())
            self._choices[question].append(tuple(given))

    def add_part(self, part: "AgreementCounter") -> None:
        """Count all images that another counter has."""
        self._images += part._images
        self._disputed += part._disputed
        self._conflicts.update(part._conflicts)
        for person, counts in part._people.items():
            self._people[person].update(counts)
        self._units += part._units
        for question, given in part._choices.items():
            self._choices[question] += given

    def agreement(self, policy: AgreementPolicy, notes: Counter[str]) -> ExportAgreement:
        """The figures of all images; reads what was kept once for each figure."""
        labels = {v for units in self._units for unit in units for v in unit.values() if v}
        people = sorted({person for units in self._units for unit in units for person in unit})
        shared = [units for units in self._units if len(units[0]) > 1]
        return ExportAgreement(
            images=self._images,
            images_with_two_answers=len(shared),
            images_with_conflicts=self._disputed,
            conflicts={kind: self._conflicts[kind] for kind in sorted(self._conflicts)},
            people=_people(self._people, shared),
            regions=RegionAgreement(
                alpha=estimate(region_alpha(shared), seed=_SEED),
                image_mean=estimate(ImageMeanAlpha(shared), seed=_SEED),
                by_class={
                    label: estimate(region_alpha(_one_class(shared, label)), seed=_SEED)
                    for label in sorted(labels)
                },
                without={p: region_alpha(without(shared, p)).value() for p in people},
                pairs=_pairs(shared),
            ),
            choices={
                question: estimate(_choice_alpha(given), seed=_SEED)
                for question, given in sorted(self._choices.items())
            },
            notes={text: notes[text] for text in sorted(notes)},
            match_iou=policy.match_iou,
            tight_iou=policy.tight_iou,
        )


def _people(
    counts: Mapping[str, Counter[str]], images: Iterable[Sequence[DrawnUnit]]
) -> dict[str, PersonCounts]:
    """Counts and reliability of each person; objects with the same votes are looked at once."""
    patterns = Counter(tuple(unit.items()) for units in images for unit in units)
    times = {f"{number:08}": count for number, count in enumerate(patterns.values())}
    ballots = [
        Ballot(item, person, value or "")
        for item, pattern in zip(times, patterns, strict=True)
        for person, value in pattern
    ]
    agreeing = skills(ballots, times=times)
    learnt = dawid_skene(ballots, times=times) if ballots else None
    return {
        name: PersonCounts(
            **counts[name],
            with_majority=agreeing.get(name),
            accuracy=learnt.accuracy_of(name) if learnt and name in learnt.confusion else None,
        )
        for name in sorted(counts)
    }


def _one_class(images: Iterable[Sequence[DrawnUnit]], label: str) -> list[list[DrawnUnit]]:
    """The units with one class against everything else."""
    return [
        [{person: label if value == label else NOTHING for person, value in unit.items()}
         for unit in units]
        for units in images
    ]  # fmt: skip


def _choice_alpha(images: Iterable[tuple[frozenset[str], ...]]) -> Alpha:
    given = list(images)
    is_single = all(len(value) < 2 for values in given for value in values)  # noqa: PLR2004
    return Alpha(([values] for values in given), nominal if is_single else masi)


def _pairs(images: Sequence[Sequence[DrawnUnit]]) -> tuple[PairAgreement, ...]:
    """Each two people who answered an image in common; reads every image once."""
    units: dict[tuple[str, str], list[tuple[str | None, str | None]]] = defaultdict(list)
    together: Counter[tuple[str, str]] = Counter()
    for of_image in images:
        for pair in combinations(sorted(of_image[0]), 2):
            together[pair] += 1
            both = [(unit[pair[0]], unit[pair[1]]) for unit in of_image]
            drawn = [values for values in both if values != (NOTHING, NOTHING)]
            units[pair] += drawn or [(NOTHING, NOTHING)]
    rounds: dict[str, Any] = {} if len(units) <= _PAIRS_WITH_INTERVAL else {"rounds": 0}
    return tuple(
        PairAgreement(
            people=pair,
            images=together[pair],
            f1=_f1(units[pair]),
            kappa=estimate(CohenKappa(units[pair]), seed=_SEED, **rounds),
        )
        for pair in sorted(units)
    )


def _f1(units: Iterable[tuple[str | None, str | None]]) -> float | None:
    """Twice the objects in common over the objects of both; 1 when both drew nothing at all."""
    given = list(units)
    drawn = sum((a is not NOTHING) + (b is not NOTHING) for a, b in given)
    same = sum(a == b and a is not NOTHING for a, b in given)
    return 2 * same / drawn if drawn else 1.0
