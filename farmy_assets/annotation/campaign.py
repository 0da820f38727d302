"""A campaign: which classes are drawn, by whom, and when two people agree.

The form of its file is in `campaign_file.py`. A class id never changes its meaning: data set
versions refer to it.
"""

from enum import StrEnum
from itertools import cycle
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from farmy_assets.annotation.contradictions import OVERLAP_SHARE, contradictions
from farmy_assets.annotation.predictions.model_names import ModelName
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


class LabelClass(Record):
    """One class that annotators choose from; an empty colour is filled in by its campaign."""

    id: Annotated[int, Field(ge=1, le=1_000_000)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    colour: Annotated[str, StringConstraints(pattern=r"^(?:#[0-9a-fA-F]{6})?$")] = ""

    @field_validator("name")
    @classmethod
    def _can_be_shown(cls, name: str) -> str:
        if not name.isprintable() or name.startswith("$"):
            msg = "must not hold control characters, nor start with $ (a variable to Label Studio)"
            raise ValueError(msg)
        return name


class Person(Record):
    """Somebody who draws or decides; capacity is the share of work, relative to the others."""

    name: PersonName
    email: Email
    capacity: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 1.0


class AgreementPolicy(Record):
    """From which likeness on two regions are one object, and from which on they are drawn alike."""

    match_iou: Annotated[float, Field(gt=0, le=1)] = 0.5
    tight_iou: Annotated[float, Field(gt=0, le=1)] = 0.75

    @model_validator(mode="after")
    def _tight_is_the_stricter(self) -> "AgreementPolicy":
        if self.tight_iou < self.match_iou:
            msg = f"tight_iou {self.tight_iou} must not be under match_iou {self.match_iou}"
            raise ValueError(msg)
        return self


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
    classes: Annotated[tuple[LabelClass, ...], Field(min_length=1, max_length=200)]
    instructions: Annotated[str, StringConstraints(max_length=20_000)] = ""
    image_query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=18_000)] = ""
    """SQL with a column `image_id`: which of the kept images are asked about; empty for all."""
    regions: Annotated[tuple[ModuleName, ...], Field(min_length=1)] = ("box",)
    """Which kinds of regions are drawn; which there are, `annotation.regions` knows."""
    annotators: Annotated[tuple[Person, ...], Field(min_length=1, max_length=200)]
    adjudicator: Person
    triagers: Annotated[tuple[Person, ...], Field(max_length=200)] = ()
    overlap_share: Share = OVERLAP_SHARE
    agreement: AgreementPolicy = AgreementPolicy()
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
    def shown_model(self) -> ShownModel | None:
        """The model whose predictions the annotators' tasks show; None when they show none."""
        return self.predictions if self.predictions and self.predictions.show else None

    @property
    def people_for_triage(self) -> tuple[Person, ...]:
        """Who looks at flagged photographs: the adjudicator, if the campaign names nobody."""
        return self.triagers or (self.adjudicator,)

    def person_with_email(self, email: str) -> Person | None:
        """The annotator or adjudicator with that address, in any case of letters; else None."""
        wanted = email.strip().lower()
        people = (*self.annotators, self.adjudicator)
        return next((person for person in people if person.email == wanted), None)


def same_rules(first: Campaign, second: Campaign) -> bool:
    """Whether two campaigns differ in nothing but their version."""
    return first.model_dump(exclude={"version"}) == second.model_dump(exclude={"version"})
