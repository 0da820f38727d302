"""A kind of region that only this test knows goes from a campaign file to a version."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import cos, hypot, pi, sin
from statistics import median
from typing import Any, ClassVar, Self

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.region import Bounds, Pixel, Point, Region
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.annotation.regions.box import Box
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.region_values import number_in
from farmy_assets.label_studio.regions import FORMS
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.workflow import campaigns
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import photograph, run_what_is_asked, submit

CAMPAIGN = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}, {id: 2, name: weed}]
regions: [box, circle]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
overlap_share: 1.0
"""


class Circle(Region):
    """A circle around one object, in pixels."""

    kind: ClassVar[str] = "circle"
    plural: ClassVar[str] = "circles"
    measure: ClassVar[str] = "likeness"

    x: Pixel
    y: Pixel
    radius: Pixel

    @property
    def bounds_px(self) -> Bounds:
        return (
            self.x - self.radius,
            self.y - self.radius,
            self.x + self.radius,
            self.y + self.radius,
        )

    @property
    def outline_px(self) -> tuple[Point, ...]:
        turns = (2 * pi * n / 16 for n in range(16))
        return tuple((self.x + self.radius * cos(t), self.y + self.radius * sin(t)) for t in turns)

    def likeness(self, other: Self) -> float:
        apart = hypot(self.x - other.x, self.y - other.y) / max(self.radius, other.radius)
        return max(0.0, 1 - apart - abs(1 - self.radius / other.radius))

    def is_within_tolerance(self, other: Self) -> bool:
        return hypot(self.x - other.x, self.y - other.y) <= 1

    @classmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        x, y, radius = (median(getattr(r, name) for r in regions) for name in ("x", "y", "radius"))
        return cls(label=label, x=x, y=y, radius=radius)

    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        if self.x > width_px or self.y > height_px:
            yield "has its middle outside of its image"


class CircleForm:
    """A circle as Label Studio's ellipse."""

    CONTROL = "EllipseLabels"
    SETTINGS = 'canRotate="false"'
    RESULT_TYPE = "ellipselabels"
    NAME = "labelled ellipse"

    def value_of(self, region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
        x, y = region.centre_px
        radius = region.bounds_px[2] - x
        return {
            "x": 100 * x / width_px,
            "y": 100 * y / height_px,
            "radiusX": 100 * radius / width_px,
            "radiusY": 100 * radius / height_px,
        }

    def region_of(
        self, value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int
    ) -> Circle:
        x, y, radius = (number_in(value, name) / 100 for name in ("x", "y", "radiusX"))
        return Circle(label=label, x=x * width_px, y=y * height_px, radius=radius * width_px)


BOX = Box(label="crop", x_min=220, y_min=75, x_max=320, y_max=225)
CIRCLE = Circle(label="weed", x=100, y=150, radius=40)
NEAR = Circle(label="weed", x=104, y=150, radius=40)
OTHER_CLASS = CIRCLE.model_copy(update={"label": "crop"})


@pytest.fixture
def circles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind, in both lists."""
    assert isinstance(REGION_KINDS, dict)
    assert isinstance(FORMS, dict)
    monkeypatch.setitem(REGION_KINDS, "circle", Circle)
    monkeypatch.setitem(FORMS, "circle", CircleForm())


def test_a_campaign_may_ask_for_it_only_while_it_is_in_the_list(
    lake: Lake, request: pytest.FixtureRequest
) -> None:
    wanted = parse_campaign(CAMPAIGN)
    with pytest.raises(InvalidInputError, match="no kind of region 'circle'; there are: box"):
        campaigns.apply(lake, wanted)
    request.getfixturevalue("circles")
    applied = campaigns.apply(lake, wanted)
    assert applied.regions == ("box", "circle")
    for phase in (Phase.ANNOTATION, Phase.ADJUDICATION):
        config = label_config(applied, phase)
        assert '<EllipseLabels name="circle" toName="image" canRotate="false">' in config
        assert '<RectangleLabels name="box" toName="image" canRotate="false">' in config
        assert config.count('<Label value="weed"') == 2


def test_what_people_draw_is_compared_decided_and_released(
    lake: Lake,
    instance: dg.DagsterInstance,
    resources: Mapping[str, object],
    studio: StudioInMemory,
    circles: None,
) -> None:
    campaigns.apply(lake, parse_campaign(CAMPAIGN))
    bring(lake, {"a.jpg": photograph(1), "b.jpg": photograph(2)})
    run_what_is_asked(new_images_sensor, instance, resources)
    one, two = sorted(lake.kept_images("weeds"))
    submit(studio, "anna", one, CIRCLE, BOX)
    submit(studio, "ben", one, BOX, NEAR)
    submit(studio, "anna", two, CIRCLE, BOX)
    submit(studio, "ben", two, OTHER_CLASS, BOX)
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]

    stored = {(v.image_id, v.voter): v for v in lake.votes.all("weeds")}
    assert stored[one, "anna"].regions == (CIRCLE, BOX)
    assert all(not vote.problems for vote in stored.values())
    state = lake.evaluations.current("weeds")
    assert state is not None
    judged = {j.image_id: j for j in state.judgements}
    middle = Circle(label="weed", x=102, y=150, radius=40)
    assert set(judged[one].regions) == {BOX, middle}
    (conflict,) = judged[two].conflicts
    assert conflict.kind is ConflictKind.OTHER_CLASS
    assert set(conflict.regions) == {CIRCLE, OTHER_CLASS}

    ((task_key, task),) = studio.tasks[studio.projects["farmy:weeds/adjudication/dora"]].items()
    outlines = {len(shown["value"]["points"]) for shown in task.predictions[0]["result"]}
    assert outlines == {4, 16}  # the agreed box, and the two circles
    submit(studio, "dora", task_key, CIRCLE, late=5, choice="draw what differs")
    for _ in range(4):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    version = lake.datasets.newest("weeds")
    assert version is not None
    assert {i.image_id: set(i.regions) for i in version.images} == {
        one: {BOX, middle}, two: {BOX, CIRCLE},
    }  # fmt: skip
    assert version.regions_by_kind == {"box": 2, "circle": 2}

    in_coco = b"".join(
        lake.datasets.exported_file(version, "coco", f"annotations/instances_{split}.json")
        for split in ("train", "val", "test")
    )
    assert in_coco.count(b'"bbox"') == 2
    card = lake.datasets.exported_file(version, "", "README.md").decode()
    assert "2 images, 2 boxes, 2 circles, 2 classes" in card
    assert "Not in it, because COCO has no form for it: 2 circles." in card

    layer = QueryLayer(lake)
    layer.bring_up_to_date(("regions", "conflicts"), crops={})
    sql = "SELECT kind, shape, x_min, x_max FROM regions WHERE kind = 'circle'"
    rows = layer.engine.query(sql).to_pylist()
    assert len(rows) == 5
    assert {(row["x_min"], row["x_max"]) for row in rows} == {(60, 140), (64, 144)}
    assert json.loads(rows[0]["shape"]).keys() == {"x", "y", "radius"}


def test_every_kind_has_a_form_in_label_studio() -> None:
    assert FORMS.keys() == REGION_KINDS.keys()
    assert all(name == kind.kind for name, kind in REGION_KINDS.items())
