"""How far the people of a Label Studio export agree, in figures."""

from collections import Counter, defaultdict

from pydantic import Field

from farmy_assets.annotation.agreement.alpha import Alpha, jaccard, masi, nominal
from farmy_assets.annotation.agreement.drawn_units import DrawnImage
from farmy_assets.annotation.agreement.figures import (
    SEED,
    RegionAgreement,
    Reliability,
    answered_by_several,
    region_agreement,
    reliability,
)
from farmy_assets.annotation.agreement.intervals import Estimate, estimate
from farmy_assets.annotation.agreement.items import Items
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.catalog.records import Record
from farmy_assets.workflow.export_comparison import ComparedImage

CONVENTIONS = (
    "Alpha is Krippendorff's, of units: an object that anybody drew is one unit, and nothing drawn "
    "is a value. image_mean is the mean of the alphas of the images; an image on which all values "
    "are the same counts as 1. Alpha of choices uses MASI distances where several can be chosen; "
    "beside it are those with every other set equally far (nominal), and with Jaccard's distance.",
    "Kappa is Cohen's, over the objects of the images that both people answered; fleiss is "
    "Fleiss's, over the objects of the images that fleiss_people answered. f1 counts an object as "
    "agreed when both drew it in one class; two people who drew nothing agree.",
    "with_majority is a person's share of the objects where he or she says what most say; accuracy "
    "is what Dawid and Skene's method finds. Both count on images that others answered as well.",
    "Intervals are of 95 %, by the bootstrap: over images for alpha, over objects for kappa, which "
    "takes those of one image for independent of each other. What is undefined is null.",
)


class PersonCounts(Reliability):
    """What one person gave, and how reliable it is on images that others answered as well."""

    answers: int = 0
    skipped: int = 0
    regions: int = 0
    unreadable: int = 0


class ChoiceAgreement(Estimate):
    """Alpha of one question; the other two are by other distances between sets of choices."""

    nominal: float | None = None
    jaccard: float | None = None


class ExportAgreement(Record):
    """The agreement of an export, as it is written."""

    images: int
    images_with_two_answers: int
    images_with_conflicts: int
    conflicts: dict[str, int]
    people: dict[str, PersonCounts]
    regions: RegionAgreement
    choices: dict[str, ChoiceAgreement]
    notes: dict[str, int] = Field(default_factory=dict)
    match_iou: float
    tight_iou: float
    conventions: tuple[str, ...] = CONVENTIONS


ChosenSets = tuple[frozenset[str], ...]


class AgreementCounter:
    """Takes compared images one by one; keeps how often each combination of answers was given."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._images = self._disputed = 0
        self._conflicts: Counter[str] = Counter()
        self._people: dict[str, Counter[str]] = defaultdict(Counter)
        self._drawn: Counter[DrawnImage] = Counter()
        self._choices: dict[str, Counter[ChosenSets]] = defaultdict(Counter)

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
        self._drawn[image.drawn] += 1
        questions = {name for answer in image.answers.values() for name in answer.choices}
        for question in sorted(questions):
            given = (frozenset(a.choices.get(question, ())) for a in image.answers.values())
            self._choices[question][tuple(given)] += 1

    def add_part(self, part: "AgreementCounter") -> None:
        """Count all images that another counter has."""
        self._images += part._images
        self._disputed += part._disputed
        self._conflicts.update(part._conflicts)
        for person, counts in part._people.items():
            self._people[person].update(counts)
        self._drawn.update(part._drawn)
        for question, given in part._choices.items():
            self._choices[question].update(given)

    def agreement(self, policy: AgreementPolicy, notes: Counter[str]) -> ExportAgreement:
        """The figures of all images; reads what was kept once for each figure."""
        shared = answered_by_several(self._drawn)
        reliable = reliability(shared)
        return ExportAgreement(
            images=self._images,
            images_with_two_answers=shared.total(),
            images_with_conflicts=self._disputed,
            conflicts={kind: self._conflicts[kind] for kind in sorted(self._conflicts)},
            people={
                name: PersonCounts(
                    **reliable.get(name, Reliability()).model_dump(), **self._people[name]
                )
                for name in sorted(self._people)
            },
            regions=region_agreement(shared),
            choices={
                question: _choice_agreement(given)
                for question, given in sorted(self._choices.items())
            },
            notes={text: notes[text] for text in sorted(notes)},
            match_iou=policy.match_iou,
            tight_iou=policy.tight_iou,
        )


def _choice_agreement(given: Counter[ChosenSets]) -> ChoiceAgreement:
    is_single = all(len(value) < 2 for values in given for value in values)  # noqa: PLR2004
    items = Items.listed(([values] for values in given), given.values())
    exact = Alpha(items, nominal)
    found = estimate(exact if is_single else Alpha(items, masi), seed=SEED)
    return ChoiceAgreement(
        **found.model_dump(), nominal=exact.value(), jaccard=Alpha(items, jaccard).value()
    )
