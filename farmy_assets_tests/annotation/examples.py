"""Campaigns, votes and boxes for the tests of this room, and strategies that draw them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign, LabelClass, Person
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.sharing_counters import Earlier, counted
from farmy_assets.annotation.votes import Outcome, Vote

WIDTH_PX = 800
HEIGHT_PX = 600
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IMAGE = "image-1"


def person(name: str, *, capacity: float = 1.0) -> Person:
    return Person(name=name, email=f"{name}@example.com", capacity=capacity)


def campaign(
    *, annotators: Sequence[Person] | None = None, overlap_share: float = 0.3, version: int = 1
) -> Campaign:
    return Campaign(
        name="weeds-2026",
        version=version,
        crop="maize",
        classes=(LabelClass(id=1, name="crop"), LabelClass(id=2, name="weed")),
        annotators=tuple(annotators or (person("anna"), person("ben"))),
        adjudicator=person("cara"),
        overlap_share=overlap_share,
    )


def minutes(count: float) -> datetime:
    """A time some minutes after noon."""
    return NOON + timedelta(minutes=count)


def box(x: float, y: float, size: float = 100, *, label: str = "weed") -> Box:
    """A square box from its upper left corner."""
    return Box(label=label, x_min=x, y_min=y, x_max=x + size, y_max=y + size)


def inbox(name: str = "anna", phase: Phase = Phase.ANNOTATION) -> Inbox:
    return Inbox(campaign="weeds-2026", phase=phase, person=name)


def vote(name: str, *boxes: Box, **changes: object) -> Vote:
    """A clean vote of a person of the campaign in the own inbox."""
    fields: dict[str, object] = {
        "vote_id": f"vote of {name} on {[b.place for b in boxes]}",
        "campaign": "weeds-2026",
        "campaign_version": 1,
        "phase": Phase.ANNOTATION,
        "task_key": IMAGE,
        "image_id": IMAGE,
        "inbox_person": name,
        "person": name,
        "email": f"{name}@example.com",
        "submitted_at": NOON,
        "lead_time_s": 10.0,
        "outcome": Outcome.SUBMITTED,
        "boxes": boxes,
        "problems": (),
    }
    return Vote.model_validate(fields | changes)


def given_before(assignments: Sequence[Assignment] = ()) -> Earlier:
    """What sharing out is told of assignments, were all of them of the batch at hand."""
    return Earlier(counted([assignments]), frozenset(a.image_id for a in assignments))


def assignment(name: str, image_id: str = IMAGE) -> Assignment:
    return Assignment(
        campaign="weeds-2026",
        phase=Phase.ANNOTATION,
        image_id=image_id,
        person=name,
        task_key=image_id,
        batch_id="000001-20260601T120000Z",
    )


def region(**changes: object) -> dict[str, Any]:
    """A rectangle as Label Studio's interface writes it; changes go into its value."""
    value = {"x": 10, "y": 10, "width": 20, "height": 20, "rotation": 0}
    return {
        "id": "r1",
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 1,
        "original_height": 1,
        "image_rotation": 0,
        "origin": "manual",
        "value": value | {"rectanglelabels": ["weed"]} | changes,
    }


def labelled(control: str, result_type: str, **value: object) -> dict[str, Any]:
    """A result of any control as Label Studio's interface writes it."""
    return region() | {
        "from_name": control,
        "type": result_type,
        "value": {result_type: ["weed"]} | value,
    }


def annotation(name: str, *results: object, at: float = 0, **changes: object) -> RawAnnotation:
    """What one person left in Label Studio, some minutes after noon."""
    fields: dict[str, object] = {
        "annotation_id": 1,
        "email": f"{name}@example.com",
        "created_at": NOON,
        "updated_at": minutes(at),
        "skipped": False,
        "lead_time_s": 12.5,
        "ground_truth": False,
        "result": results,
    }
    return RawAnnotation.model_validate(fields | changes)


def task(*annotations: RawAnnotation, at: float = 0) -> AnsweredTask:
    """A task of the annotation phase, last changed some minutes after noon."""
    return AnsweredTask(
        task_id=1,
        task_key=IMAGE,
        image_id=IMAGE,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        updated_at=minutes(at),
        annotations=annotations,
    )


@st.composite
def boxes(draw: st.DrawFn, *, labels: Sequence[str] = ("crop", "weed")) -> Box:
    """Boxes inside the example image, of one pixel and more."""
    x_min = draw(st.floats(0, WIDTH_PX - 1))
    y_min = draw(st.floats(0, HEIGHT_PX - 1))
    return Box(
        label=draw(st.sampled_from(labels)),
        x_min=x_min,
        y_min=y_min,
        x_max=draw(st.floats(x_min + 1, WIDTH_PX)),
        y_max=draw(st.floats(y_min + 1, HEIGHT_PX)),
    )


@st.composite
def crowded_boxes(draw: st.DrawFn) -> Box:
    """Boxes on a coarse grid, so that they often overlap, repeat each other or nearly do."""
    x, y = draw(st.integers(0, 6)) * 5, draw(st.integers(0, 6)) * 5
    size = draw(st.sampled_from((3, 10, 40)))
    return box(x, y, size, label=draw(st.sampled_from(("crop", "weed"))))
