"""A campaign: which classes are drawn, by whom, and when two people agree. It is a YAML file.

    name: weeds-2026
    crop: maize
    classes:
      - {id: 1, name: crop}
      - {id: 2, name: weed, colour: "#d62728"}
    annotators:
      - {name: anna, email: anna@example.com}
      - {name: ben, email: ben@example.com, capacity: 0.5}
    adjudicator: {name: cara, email: cara@example.com}

`image_query: SELECT image_id FROM images WHERE crop = 'maize'` has only these images drawn on.
`regions: [polygon, keypoint]` says what is drawn: box (nothing else, when it is not said),
rotated_box, polygon, mask or keypoint; each kind can be drawn of each class.
Everything else has a default: flagged photographs, for one, are looked at by the adjudicator
unless `triagers` names others. A class id never changes its meaning: data set versions refer to it.
"""

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Annotated, Any

import yaml
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from farmy_assets.catalog.metadata import CampaignName, ShortText
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

MAX_FILE_CHARACTERS = 64_000
SHARES_TOLERANCE = 1e-6

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
    overlap_share: Share = 0.3
    agreement: AgreementPolicy = AgreementPolicy()
    splits: Splits = Splits()
    exports: Annotated[tuple[ModuleName, ...], Field(min_length=1)] = ("coco", "yolo")
    """In which formats a version has to be there; which there are, `datasets.formats` knows."""

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
        problems = [f"{place}: {text}" for place, text in _contradictions(self.model_dump())]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that a region may carry, in the order of the file."""
        return tuple(item.name for item in self.classes)

    @property
    def people_for_triage(self) -> tuple[Person, ...]:
        """Who looks at flagged photographs: the adjudicator, if the campaign names nobody."""
        return self.triagers or (self.adjudicator,)

    def person_with_email(self, email: str) -> Person | None:
        """The annotator or adjudicator with that address, in any case of letters; else None."""
        wanted = email.strip().lower()
        people = (*self.annotators, self.adjudicator)
        return next((person for person in people if person.email == wanted), None)


class _PlainLoader(yaml.BaseLoader):
    """YAML as text, lists and mappings only.

    Every scalar stays a string (so that a class may be called "no"), tags have no effect, and
    aliases, which let a short file unfold into a huge value, are refused, as are repeated keys.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                problem = f"the key {str(key.value)[:40]!r} is written twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def parse_campaign(text: str) -> Campaign:
    """The campaign that a YAML file describes.

    Raises:
        InvalidInputError: The file is no campaign; the text names every problem and its place.
    """
    document = _read_yaml(text)
    problems = [f"{place}: {text}" for place, text in _contradictions(document)]
    try:
        campaign = Campaign.model_validate(document)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join(str(part) for part in detail["loc"])
            if place:
                problems.append(f"{place}: {detail['msg'].removeprefix('Value error, ')}")
            elif not problems:
                problems.append(detail["msg"].removeprefix("Value error, "))
        msg = "the campaign file is not valid:\n" + "\n".join(f"  {line}" for line in problems)
        raise InvalidInputError(msg) from error
    return campaign


def same_rules(first: Campaign, second: Campaign) -> bool:
    """Whether two campaigns differ in nothing but their version."""
    return first.model_dump(exclude={"version"}) == second.model_dump(exclude={"version"})


def _read_yaml(text: str) -> dict[str, Any]:
    if len(text) > MAX_FILE_CHARACTERS:
        msg = f"the campaign file is longer than {MAX_FILE_CHARACTERS} characters"
        raise InvalidInputError(msg)
    try:
        document = _PlainLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        msg = f"the campaign file is not readable YAML: {reason}"
        raise InvalidInputError(msg) from error
    if not isinstance(document, dict):
        msg = "the campaign file must hold fields such as `name:` and `classes:`"
        raise InvalidInputError(msg)
    return document


def _contradictions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and text of what no single field can know; for raw files and for valid campaigns."""
    yield from _repetitions(document, "classes", ("id", "name"))
    yield from _repetitions(document, "annotators", ("name", "email"))
    yield from _repetitions(document, "triagers", ("name", "email"))
    people = _rows(document, "annotators")
    adjudicator = document.get("adjudicator")
    if isinstance(adjudicator, Mapping):
        for field in ("name", "email"):
            if _same_word(adjudicator.get(field)) in {_same_word(row.get(field)) for row in people}:
                yield f"adjudicator.{field}", "the adjudicator must not be one of the annotators"
    try:
        overlap = float(
            document.get("overlap_share", Campaign.model_fields["overlap_share"].default)
        )
    except (TypeError, ValueError):
        return
    if overlap > 0 and len(people) == 1:
        yield "overlap_share", "an overlap needs two annotators; write 0 for a single one"


def _repetitions(
    document: Mapping[str, Any], group: str, fields: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for field in fields:
        first_places: dict[str, int] = {}
        for index, row in enumerate(_rows(document, group)):
            word = _same_word(row.get(field))
            if word and word in first_places:
                yield f"{group}.{index}.{field}", f"repeats {group}.{first_places[word]}.{field}"
            first_places.setdefault(word, index)


def _rows(document: Mapping[str, Any], group: str) -> list[Mapping[str, Any]]:
    rows = document.get(group)
    if not isinstance(rows, list | tuple):
        return []
    return [row if isinstance(row, Mapping) else {} for row in rows]


def _same_word(value: object) -> str:
    return str(value).strip().casefold() if isinstance(value, str | int) else ""
