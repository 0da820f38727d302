"""Label configs of anybody: classes, questions, and what is refused."""

import pytest

from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.read_configs import Question, Tool, read_config

CONFIG = """<View>
  <Header value="Draw"/>
  <Image name="picture" value="$photo"/>
  <RectangleLabels name="label" toName="picture">
    <Label value="weed"/><Label value="Crop plant" alias="crop"/>
  </RectangleLabels>
  <Labels name="tag" toName="picture"><Label value="leaf"/><Label value="weed"/></Labels>
  <Choices name="quality" toName="picture"><Choice value="good"/><Choice value="bad"/></Choices>
  <Number name="stage" toName="picture" perRegion="true"/>
</View>"""


def test_tools_questions_and_the_image_are_found() -> None:
    found = read_config(CONFIG)
    assert (found.control, found.image, found.is_list) == ("picture", "photo", False)
    assert found.tools["label"] == Tool(
        name="label", tag="RectangleLabels", labels=("weed", "crop", "Crop plant")
    )
    assert found.labels == {"weed", "crop", "Crop plant", "leaf"}
    assert not found.has_more_labels
    assert found.questions == {
        "quality": Question(name="quality", kind="choice", options=("good", "bad")),
        "stage": Question(name="stage", kind="number", of_each_region=True),
    }


def test_classes_that_come_with_the_tasks_are_allowed() -> None:
    tool = '<PolygonLabels name="p" toName="i" value="$classes"/>'
    assert read_config(f'<View><Image name="i"/>{tool}</View>').has_more_labels


def test_a_list_of_images_is_one() -> None:
    found = read_config('<View><Image name="i" valueList="$pages"/></View>')
    assert (found.image, found.is_list) == ("pages", True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<View>", "not readable XML"),
        ("<View><Text name='t' value='$t'/></View>", "shows no image"),
        ('<!DOCTYPE v [<!ENTITY a "aaaa">]><View>&a;</View>', "not readable XML"),
        ("x" * 2_000_000, "longer than"),
    ],
)
def test_what_is_no_config_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read_config(text)
