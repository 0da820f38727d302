"""What exported answers say, in the forms that different configs and versions give them."""

from typing import Any

import pytest

from farmy_assets.label_studio.export_answers import read_answer
from farmy_assets.label_studio.read_configs import read_config

CONFIG = read_config("""<View><Image name="image" value="$image"/>
  <Labels name="label" toName="image"><Label value="weed"/></Labels>
  <Rectangle name="shape" toName="image"/>
  <RectangleLabels name="box" toName="image"><Label value="weed"/></RectangleLabels>
  <Number name="stage" toName="image" perRegion="true"/>
  <TextArea name="remark" toName="image"/>
</View>""")
SIZE: dict[str, Any] = {"original_width": 400, "original_height": 200}
PLACE: dict[str, Any] = {"x": 10, "y": 20, "width": 30, "height": 40}


def entry(kind: str, region_id: str = "a", name: str = "box", **value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"id": region_id, "type": kind, "from_name": name, "value": value, **SIZE}


def box(region_id: str = "a", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return entry("rectanglelabels", region_id, rectanglelabels=["weed"], **PLACE) | changes


def test_shape_and_class_of_separate_controls_are_one_region_with_its_attributes() -> None:
    results = [
        entry("rectangle", name="shape", **PLACE),
        entry("labels", name="label", labels=["weed"], **PLACE),
        entry("number", name="stage", number=3, **PLACE),
    ]
    for order in (results, results[::-1]):
        found = read_answer(order, CONFIG)[0]
        (drawn,) = found.regions
        assert drawn.region.label == "weed"
        assert drawn.region.bounds_px == pytest.approx((40, 40, 160, 120))
        assert drawn.region.attributes == (("stage", 3.0),)
        assert found.problems == ()


def test_a_region_without_a_size_has_that_of_the_others_of_its_image() -> None:
    nameless = {key: value for key, value in box("b").items() if key not in SIZE}
    found = read_answer([box(), nameless], CONFIG)[0]
    first, second = found.regions
    assert first.region == second.region
    alone = read_answer([nameless], CONFIG)[0]
    assert alone.regions == ()
    assert "does not say how large its image is" in alone.problems[0]


def test_where_one_box_is_turned_all_are_read_so_that_they_can_be_compared() -> None:
    turned = box("b")
    turned["value"] = {**turned["value"], "rotation": 5}
    found = read_answer([box(), turned], CONFIG)[0]
    assert {drawn.region.kind for drawn in found.regions} == {"rotated_box"}
    assert {d.region.kind for d in read_answer([box()], CONFIG)[0].regions} == {"box"}


def test_classes_that_come_with_a_task_are_read() -> None:
    open_config = read_config(
        '<View><Image name="i"/><RectangleLabels name="b" toName="i" value="$c"/></View>'
    )
    (drawn,) = read_answer([box()], open_config)[0].regions
    assert drawn.region.label == "weed"


def test_images_of_a_list_have_their_own_answers_and_texts_are_answers_too() -> None:
    remark = entry("textarea", "t", name="remark", text=["too dark"])
    found = read_answer([box(), box("b", item_index=1), remark], CONFIG)
    assert [len(found[place].regions) for place in (0, 1)] == [1, 1]
    assert found[0].choices == {"remark": ("too dark",)}


@pytest.mark.parametrize(
    "foreign",
    [None, "x", 5, [], {}, {"id": "a"}, {"id": "a", "type": 7, "value": 3}, {"type": "labels"},
     {"id": "a", "type": "rectanglelabels"}, {"id": "a", "type": "rectanglelabels", "value": []},
     {"id": {}, "type": "relation", "from_id": "a", "to_id": "b"}],
)  # fmt: skip
def test_what_is_not_understood_is_a_problem_and_the_rest_goes_on(foreign: object) -> None:
    found = read_answer([foreign, box("good")], CONFIG)[0]
    assert [drawn.region_id for drawn in found.regions] == ["good"]
    assert len(found.problems) == 1
