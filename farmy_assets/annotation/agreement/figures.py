"""The figures of agreement on regions, from how often each combination of answers was given.

Combinations can be counted in parts and summed, so that the figures of a campaign follow from those
of its pages. What is undefined is None.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from farmy_assets.annotation.aggregation.ballots import Ballot
from farmy_assets.annotation.aggregation.dawid_skene import dawid_skene
from farmy_assets.annotation.aggregation.wawa import skills
from farmy_assets.annotation.agreement.alpha import Alpha
from farmy_assets.annotation.agreement.drawn_units import (
    NOTHING,
    DrawnImage,
    ImageMeanAlpha,
    Value,
    items_of,
    without,
)
from farmy_assets.annotation.agreement.intervals import ROUNDS, Estimate, estimate
from farmy_assets.annotation.agreement.items import Items, Unit
from farmy_assets.annotation.agreement.kappa import CohenKappa, FleissKappa
from farmy_assets.catalog.records import Record

SEED = 20_260_501
"""Of the drawing for intervals: the same answers have the same figures."""

_PAIRS_WITH_INTERVAL = 50
_CLASSES_WITH_INTERVAL = 50
_MIN_PEOPLE = 2
_LEARNING_ROUNDS = 100
_LEARNT_ENOUGH = 1e-6  # of the log-likelihood, as a share of it


class PairAgreement(Record):
    """How far two people agree on the images that both answered.

    Attributes:
        people: Both, sorted.
        images: How many images both answered.
        f1: Twice the objects that both drew in one class over the objects of both, 0 to 1.
        kappa: Cohen's, over the objects of these images.
    """

    people: tuple[str, str]
    images: int
    f1: float | None
    kappa: Estimate


class RegionAgreement(Record):
    """How far people agree on regions.

    Attributes:
        alpha: Krippendorff's, over all objects.
        image_mean: The mean of the images' own alphas.
        fleiss: Fleiss's kappa, over the objects of the images with `fleiss_people` answers.
        fleiss_people: The number of answers that most images with several have.
        by_class: Alpha of each class against everything else.
        without: Alpha as if one person had not been asked.
        pairs: Each two people who answered an image in common.
    """

    alpha: Estimate
    image_mean: Estimate
    fleiss: Estimate = Estimate(value=None, items=0)
    fleiss_people: int = 0
    by_class: dict[str, Estimate]
    without: dict[str, float | None]
    pairs: tuple[PairAgreement, ...]


class Reliability(Record):
    """How reliable a person is, by the objects of images that others answered as well.

    Attributes:
        with_majority: The share of them where he or she says what most say (Wawa).
        accuracy: How probable the true class is in his or her answers (Dawid and Skene).
    """

    with_majority: float | None = None
    accuracy: float | None = None


def answered_by_several(images: Mapping[DrawnImage, int]) -> Counter[DrawnImage]:
    """The images that two or more people answered."""
    return Counter({i: n for i, n in images.items() if len(i.people) >= _MIN_PEOPLE})


def region_agreement(images: Mapping[DrawnImage, int], *, rounds: int = ROUNDS) -> RegionAgreement:
    """The figures of images that two or more people answered.

    Reads each distinct image a few times and each distinct unit once a class.

    Args:
        images: How often each combination of answers was given.
        rounds: How often items are drawn for an interval.
    """
    items = items_of(images)
    labels = sorted({value for unit in items.units for value in unit if isinstance(value, str)})
    people = sorted({person for image in images for person in image.people})
    overall = Alpha(items)
    asked, fleiss = _fleiss(images)
    for_classes = rounds if len(labels) <= _CLASSES_WITH_INTERVAL else 0
    return RegionAgreement(
        alpha=estimate(overall, seed=SEED, rounds=rounds),
        image_mean=estimate(ImageMeanAlpha(overall), seed=SEED, rounds=rounds),
        fleiss=estimate(fleiss, seed=SEED, rounds=rounds),
        fleiss_people=asked,
        by_class={
            label: estimate(_of_class(items, label), seed=SEED, rounds=for_classes)
            for label in labels
        },
        without={person: _alpha_without(images, person) for person in people},
        pairs=_pairs(images, rounds),
    )


def alphas_of(images: Mapping[DrawnImage, int]) -> tuple[Estimate, Estimate]:
    """Alpha over all objects, and the mean of the images' own alphas; nothing else."""
    overall = Alpha(items_of(images))
    return estimate(overall, seed=SEED), estimate(ImageMeanAlpha(overall), seed=SEED)


def ballots_of(images: Mapping[DrawnImage, int]) -> tuple[list[Ballot], dict[str, int]]:
    """The votes on the objects, and how often each object with its votes is there.

    The class of a vote for nothing is an empty text.
    """
    units: Counter[tuple[tuple[str, ...], tuple[Value, ...]]] = Counter()
    for image, count in images.items():
        for unit in image.units:
            units[image.people, unit] += count
    times = {f"{number:08}": count for number, count in enumerate(units.values())}
    ballots = [
        Ballot(item, person, value or "")
        for item, (people, unit) in zip(times, units, strict=True)
        for person, value in zip(people, unit, strict=True)
    ]
    return ballots, times


def reliability(images: Mapping[DrawnImage, int]) -> dict[str, Reliability]:
    """How reliable each person is, by images that two or more people answered."""
    ballots, times = ballots_of(images)
    if not ballots:
        return {}
    agreeing = skills(ballots, times=times)
    learnt = dawid_skene(ballots, times=times, rounds=_LEARNING_ROUNDS, tolerance=_LEARNT_ENOUGH)
    return {
        person: Reliability(with_majority=share, accuracy=learnt.accuracy_of(person))
        for person, share in agreeing.items()
    }


def _of_class(items: Items, label: str) -> Alpha:
    """The alpha of one class against everything else."""

    def one_class(unit: Unit) -> Unit:
        return tuple(label if value == label else NOTHING for value in unit)

    return Alpha(items.with_units(one_class))


def _alpha_without(images: Mapping[DrawnImage, int], person: str) -> float | None:
    """Alpha as if one person had not been asked; images of one other person say nothing."""
    left: Counter[DrawnImage] = Counter()
    for image, count in images.items():
        left[without(image, person)] += count
    return Alpha(items_of(left)).value()


def _fleiss(images: Mapping[DrawnImage, int]) -> tuple[int, FleissKappa]:
    """The kappa of the objects of images with the number of answers that is most frequent."""
    numbers: Counter[int] = Counter()
    for image, count in images.items():
        numbers[len(image.people)] += count
    asked = max(numbers, key=lambda n: (numbers[n], n), default=0)
    units: Counter[tuple[Value, ...]] = Counter()
    for image, count in images.items():
        if len(image.people) == asked:
            for unit in image.units:
                units[unit] += count
    return asked, FleissKappa(units)


def _pairs(images: Mapping[DrawnImage, int], rounds: int) -> tuple[PairAgreement, ...]:
    units: dict[tuple[str, str], Counter[tuple[Value, Value]]] = defaultdict(Counter)
    together: Counter[tuple[str, str]] = Counter()
    for image, count in images.items():
        for (i, one), (j, other) in combinations(enumerate(image.people), 2):
            together[one, other] += count
            both = ((unit[i], unit[j]) for unit in image.units)
            drawn = [values for values in both if values != (NOTHING, NOTHING)]
            for values in drawn or [(NOTHING, NOTHING)]:
                units[one, other][values] += count
    of_each = rounds if len(units) <= _PAIRS_WITH_INTERVAL else 0
    return tuple(
        PairAgreement(
            people=pair,
            images=together[pair],
            f1=_f1(units[pair].items()),
            kappa=estimate(CohenKappa(units[pair]), seed=SEED, rounds=of_each),
        )
        for pair in sorted(units)
    )


def _f1(units: Iterable[tuple[tuple[Value, Value], int]]) -> float:
    """Twice the objects in common over the objects of both; 1 when both drew nothing at all."""
    drawn = same = 0
    for (one, other), count in units:
        drawn += count * ((one is not NOTHING) + (other is not NOTHING))
        same += count * (one == other and one is not NOTHING)
    return 2 * same / drawn if drawn else 1.0
