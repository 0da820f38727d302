"""A campaign: which classes are drawn, by whom, and when two people agree.

The form of its file is in `campaign_file.py`. A class id never changes its meaning: data set
versions refer to it.
"""

from enum import StrEnum
from itertools import cycle
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from farmy_assets.annotation.contradictions import OVERLAP_SHARE, USUAL_IOUS, contradictions
from farmy_assets.annotation.gold_rules import GoldRules
from farmy_assets.annotation.predictions.model_names import ModelName
from farmy_assets.annotation.question_answers import is_empty
from farmy_assets.annotation.questions import ImageChoice, QuestionName, RegionAttribute
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.catalog.metadata import CampaignName, ShortText
from farmy_assets.catalog.records import Record

SHARES_TOLERANCE = 1e-6
LEAST_SHOWN_SCORE = 0.25

PALETTE = (
    "#2ca02c", "#d62728", "#1f77b4", "#ff7f0e", "#9467bd", "#17becf",
    "#e377c2", "#bcbd22", "#8c564b", "#ffd92f", "#00e5ff", "#7f7f7f",
)  # fmt: skip
"""Colours that stay apart from each other and from leaves and soil, in the order of their use."""

PersonName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,14}[a-z0-9])?$")]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+$",
    ),
]
ModuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Skill = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")]
GroupKind = Literal["field", "near_duplicate"]


def _shown(name: str) -> str:
    if not name.isprintable() or name.startswith("$"):
        msg = "must not hold control characters, nor start with $ (a variable to Label Studio)"
        raise ValueError(msg)
    return name


ClassId = Annotated[int, Field(ge=1, le=1_000_000)]
ClassName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_shown),
]


class LabelClass(Record):
    """One class that annotators choose from; an empty colour is filled in by its campaign.

    What becomes of classes is in `class_history.py`.

    Attributes:
        id: Never changes its meaning.
        name: What people read, and what regions hold.
        colour: Of its regions, such as "#d62728".
        merges: Ids of classes that were merged into this one.
        split_into: Ids of the classes that take its place.
        retired: Whether it is not offered any more.
        former_names: Names that it had, and those of merged classes; filled in when it is stored.
        match_iou: In place of that of the campaign's agreement.
        tight_iou: In place of that of the campaign's agreement.
    """

    id: ClassId
    name: ClassName
    colour: Annotated[str, StringConstraints(pattern=r"^(?:#[0-9a-fA-F]{6})?$")] = ""
    merges: Annotated[tuple[ClassId, ...], Field(max_length=200)] = ()
    split_into: Annotated[tuple[ClassId, ...], Field(max_length=200)] = ()
    retired: bool = False
    former_names: Annotated[tuple[ClassName, ...], Field(max_length=1_000)] = ()
    match_iou: Annotated[float, Field(gt=0, le=1)] | None = None
    tight_iou: Annotated[float, Field(gt=0, le=1)] | None = None

    @property
    def is_offered(self) -> bool:
        """Whether annotators can choose it."""
        return not self.retired and not self.split_into


class Person(Record):
    """Somebody who draws or decides.

    Attributes:
        name: Within the campaign.
        email: Of the account in Label Studio.
        capacity: The share of work, relative to the others.
        tasks_a_day: How many tasks come into the inbox on one day at most; None is no limit.
        skills: Crops and classes. Somebody with skills is asked only about images whose crop, or a
            class predicted on them, is among these; without any, about every image.
        languages: Which languages the person reads, as language tags (`de`, `pt-BR`); empty where
            nobody asked.
        paused: Whether nothing new is given to the person, and what is open goes to others.
    """

    name: PersonName
    email: Email
    capacity: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 1.0
    tasks_a_day: Annotated[int, Field(ge=1, le=100_000)] | None = None
    skills: Annotated[tuple[Skill, ...], Field(max_length=200)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=50)] = ()
    paused: bool = False


class AgreementPolicy(Record):
    """From which likeness on two regions are one object, and from which on they are drawn alike.

    `number_tolerance` has, by the name of an attribute, by how much two numbers may differ that
    count as the same; without it they have to be equal.
    """

    match_iou: Annotated[float, Field(gt=0, le=1)] = USUAL_IOUS[0]
    tight_iou: Annotated[float, Field(gt=0, le=1)] = USUAL_IOUS[1]
    number_tolerance: dict[QuestionName, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = (
        Field(default_factory=dict, exclude_if=is_empty)
    )

    @model_validator(mode="after")
    def _tight_is_the_stricter(self) -> "AgreementPolicy":
        if self.tight_iou < self.match_iou:
            msg = f"tight_iou {self.tight_iou} must not be under match_iou {self.match_iou}"
            raise ValueError(msg)
        return self

    def match_for(self, *labels: str) -> float:
        """From which likeness on regions of these classes are one object."""
        del labels
        return self.match_iou

    def tight_for(self, *labels: str) -> float:
        """From which likeness on regions of these classes are drawn alike."""
        del labels
        return self.tight_iou


class ConsensusPolicy(Record):
    """What becomes of an image that three or more people answered.

    Attributes:
        quorum: How many of them have to say the same of an object, so that it is settled.
        shape: Whether a settled object has the fused shape, or the drawn one nearest to it.
        classes: Whether each vote for a class counts as one, as much as its author is usually
            right, or what it makes of the probabilities of the classes.
    """

    quorum: Annotated[int, Field(ge=2, le=50)] = 2
    shape: Literal["fused", "nearest"] = "fused"
    classes: Literal["majority", "skill_weighted", "dawid_skene"] = "majority"


class Splits(Record):
    """The shares of a data set version; they sum to 1."""

    train: Share = 0.8
    val: Share = 0.1
    test: Share = 0.1

    @model_validator(mode="after")
    def _sum_to_one(self) -> "Splits":
        total = self.train + self.val + self.test
        if abs(total - 1) > SHARES_TOLERANCE:
            msg = f"train, val and test must sum to 1, not {total:g}"
            raise ValueError(msg)
        return self


class ShownModel(Record):
    """The model whose predictions annotators find drawn in their tasks, to accept or to change.

    Regions of a lower score than `least_score` are not shown.
    """

    model: ModelName
    show: bool = True
    least_score: Share = LEAST_SHOWN_SCORE

    @property
    def version(self) -> str:
        """What Label Studio calls it: another least score is another version there."""
        usual = self.least_score == LEAST_SHOWN_SCORE
        return self.model if usual else f"{self.model}@{self.least_score:g}"


class TaskOrder(StrEnum):
    """Which images of a batch are given out first."""

    UNCERTAINTY = "uncertainty"
    """Those of which the model is least sure."""
    DIVERSITY = "diversity"
    """Those that look least like the ones before them."""
    DISAGREEMENT = "disagreement"
    """Those in which the model differs most from what people drew before."""


class Campaign(Record):
    """The rules of one annotation campaign; `version` is set by whoever stores it."""

    name: CampaignName
    version: Annotated[int, Field(ge=1)] = 1
    crop: ShortText
    classes: Annotated[tuple[LabelClass, ...], Field(max_length=200)] = ()
    instructions: Annotated[str, StringConstraints(max_length=20_000)] = ""
    label_config: Annotated[str, StringConstraints(strip_whitespace=True, max_length=30_000)] = ""
    """Label Studio's interface of the annotators, as XML; empty for the one that is made."""
    image_query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=18_000)] = ""
    """SQL with a column `image_id`: which of the kept images are asked about; empty for all."""
    regions: tuple[ModuleName, ...] = ("box",)
    """Which kinds of regions are drawn; which there are, `annotation.regions` knows."""
    choices: Annotated[tuple[ImageChoice, ...], Field(max_length=20)] = ()
    """What is asked of each image as a whole."""
    attributes: Annotated[tuple[RegionAttribute, ...], Field(max_length=20)] = ()
    """What is asked of each region."""
    annotators: Annotated[tuple[Person, ...], Field(min_length=1, max_length=1_000)]
    adjudicator: Person
    triagers: Annotated[tuple[Person, ...], Field(max_length=200)] = ()
    reviewers: Annotated[tuple[Person, ...], Field(max_length=200)] = ()
    review: ReviewPolicy | None = None
    """Sending back and review by sampling; None for neither."""
    overlap_share: Share = OVERLAP_SHARE
    overlap: Annotated[int, Field(ge=2, le=200)] = 2
    """How many people are asked about each image of the overlapping share."""
    lease_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """After how many days an unanswered task goes to somebody else; None is never."""
    keep_together: tuple[GroupKind, ...] = ()
    """Images that have this in common go to one person, as far as the work stays fair."""
    third_opinion: bool = False
    """Whether a third annotator is asked where two disagree, before the adjudicator is."""
    language: Language | None = None
    """The language of the instructions, which annotators with languages have to read."""
    gold: GoldRules = GoldRules()
    agreement: AgreementPolicy = AgreementPolicy()
    consensus: ConsensusPolicy | None = None
    """When three or more people settle an image without an adjudicator; None is never, unless
    third opinions are asked for: then two of three do."""
    splits: Splits = Splits()
    exports: Annotated[tuple[ModuleName, ...], Field(min_length=1)] = ("coco", "yolo")
    """In which formats a version has to be there; which there are, `datasets.formats` knows."""
    predictions: ShownModel | None = None
    """None shows nothing: what people draw is then blind."""
    order: TaskOrder | None = None
    """None gives images out in the order of their ids, which tells nothing."""

    @field_validator("classes")
    @classmethod
    def _have_colours(cls, classes: tuple[LabelClass, ...]) -> tuple[LabelClass, ...]:
        taken = {item.colour.lower() for item in classes}
        free = cycle([colour for colour in PALETTE if colour not in taken] or PALETTE)
        return tuple(
            item if item.colour else item.model_copy(update={"colour": next(free)})
            for item in classes
        )

    @model_validator(mode="after")
    def _is_sound(self) -> "Campaign":
        problems = [f"{place}: {text}" for place, text in contradictions(self.model_dump())]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that a region may carry, in the order of the file."""
        return tuple(item.name for item in self.classes)

    @property
    def offered_classes(self) -> tuple[LabelClass, ...]:
        """The classes that annotators can choose, in the order of the file."""
        return tuple(item for item in self.classes if item.is_offered)

    @property
    def known_labels(self) -> frozenset[str]:
        """The labels that votes may hold: names of classes, and names that classes had."""
        former = (name for item in self.classes for name in item.former_names)
        return frozenset((*self.class_names, *former))

    def present_name(self, label: str) -> str:
        """The present name of the class that a label means; the label itself if there is none."""
        found = (item.name for item in self.classes if label in item.former_names)
        return next(found, label)

    @property
    def question_names(self) -> tuple[str, ...]:
        """The names of all questions, those about images first."""
        return (
            *(choice.name for choice in self.choices),
            *(attribute.name for attribute in self.attributes),
        )

    @property
    def active_annotators(self) -> tuple[Person, ...]:
        """The annotators who are asked something new: those that are not paused."""
        return tuple(person for person in self.annotators if not person.paused)

    @property
    def shown_model(self) -> ShownModel | None:
        """The model whose predictions the annotators' tasks show; None when they show none."""
        return self.predictions if self.predictions and self.predictions.show else None

    @property
    def people_for_triage(self) -> tuple[Person, ...]:
        """Who looks at flagged photographs: the adjudicator, if the campaign names nobody."""
        return self.triagers or (self.adjudicator,)

    @property
    def rounds(self) -> int:
        """How many times an image may be sent back."""
        return self.review.rounds if self.review else 0

    @property
    def review_share(self) -> float:
        """The share of the images of one person that is reviewed."""
        return self.review.share if self.review else 0.0

    @property
    def people_for_review(self) -> tuple[Person, ...]:
        """Who reviews a share of the images; nobody where there is none."""
        return (self.reviewers or (self.adjudicator,)) if self.review_share else ()

    def person_with_email(self, email: str) -> Person | None:
        """The annotator, adjudicator or reviewer with that address, in any case of letters."""
        wanted = email.strip().lower()
        people = (*self.annotators, self.adjudicator, *self.reviewers)
        return next((person for person in people if person.email == wanted), None)


def same_rules(first: Campaign, second: Campaign) -> bool:
    """Whether two campaigns differ in nothing but their version."""
    return first.model_dump(exclude={"version"}) == second.model_dump(exclude={"version"})
