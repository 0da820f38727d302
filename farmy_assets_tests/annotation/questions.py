"""A campaign that asks more than regions, and answers to it, for the tests."""

from collections.abc import Mapping
from typing import Any

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.question_answers import AnswerValue, answers_of
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets_tests.annotation.examples import box, campaign

CHOICES: list[dict[str, Any]] = [
    {"name": "quality", "values": ["good", "bad"], "required": True},
    {"name": "pests", "values": ["aphid", "beetle", "thrips"], "several": True},
]
ATTRIBUTES: list[dict[str, Any]] = [
    {"name": "stage", "values": ["young", "old"], "classes": ["weed"], "required": True},
    {"name": "damage", "values": ["holes", "spots", "rust"], "several": True},
    {"name": "leaves", "kind": "number", "min": 0, "max": 40},
    {"name": "remark", "kind": "text"},
]


def asking(**changes: object) -> Campaign:
    """The campaign of the examples, with questions of every kind."""
    asked = {"choices": CHOICES, "attributes": ATTRIBUTES}
    return Campaign.model_validate(campaign().model_dump() | asked | changes)


def with_answers(region: Region, **values: AnswerValue) -> Any:  # noqa: ANN401 - of the region's kind
    """The region with these attributes."""
    return region.model_copy(update={"attributes": answers_of(values)})


def weed(x: float = 0, y: float = 0, **values: AnswerValue) -> Box:
    """A box with these attributes."""
    found: Box = with_answers(box(x, y), **values)
    return found


def about_region(of: Mapping[str, Any], name: str, kind: str, given: object) -> dict[str, Any]:
    """A result about a region, as Label Studio's interface writes it: with the region's place."""
    types = {"choices": "choices", "number": "number", "text": "textarea"}
    place = {key: value for key, value in of["value"].items() if not key.endswith("labels")}
    return {**of, "from_name": name, "type": types[kind], "value": place | {kind: given}}


def about_image(name: str, *chosen: object) -> dict[str, Any]:
    """A result about the image as a whole."""
    return {
        "id": f"id of {name}",
        "from_name": name,
        "to_name": "image",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(chosen)},
    }
