"""A label config that a campaign's file brings: free in its looks, fixed in what it asks."""

import pytest

from farmy_assets.annotation.campaign import Campaign, LabelClass
from farmy_assets.annotation.inboxes import SKIP_REASONS, Phase
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.label_configs import label_config, made_config
from farmy_assets.label_studio.own_configs import ensure_own_config
from farmy_assets_tests.annotation.examples import campaign

OWN = """<View style="display: flex; gap: 1em">
  <Header value="Draw every plant" size="4"/>
  <View style="flex: 0 0 12em">
    <RectangleLabels name="box" toName="image" strokeWidth="5" opacity="0.1">
      <Label value="weed" background="red" hotkey="w"/>
      <Label value="crop" background="green" hotkey="c" selected="true"/>
    </RectangleLabels>
  </View>
  <Image name="image" value="$image" zoom="true" rotateControl="false" defaultZoom="fit"/>
  <Choices name="cannot_label" toName="image" choice="single">
    {reasons}
  </Choices>
</View>""".replace("{reasons}", "\n".join(f'<Choice value="{reason}"/>' for reason in SKIP_REASONS))


def rules(xml: str, **changes: object) -> Campaign:
    return campaign().model_copy(update={"label_config": xml, **changes})


def problems(xml: str, **changes: object) -> str:
    with pytest.raises(InvalidInputError) as caught:
        ensure_own_config(rules(xml, **changes))
    return str(caught.value)


def test_an_own_config_is_the_annotators_and_nobody_elses() -> None:
    own = rules(OWN)
    ensure_own_config(own)
    assert label_config(own, Phase.ANNOTATION) == OWN
    for phase in (Phase.TRIAGE, Phase.ADJUDICATION):
        assert label_config(own, phase) == label_config(campaign(), phase)


@pytest.mark.parametrize("kinds", [(kind,) for kind in REGION_KINDS] + [tuple(REGION_KINDS)])
def test_what_is_made_from_the_file_can_be_given_in_the_file(kinds: tuple[str, ...]) -> None:
    made = made_config(campaign().model_copy(update={"regions": kinds}), Phase.ANNOTATION)
    ensure_own_config(rules(made, regions=kinds))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<View style", "<Views style", "not readable XML"),
        ('<Header value="Draw every plant" size="4"/>', "<Script/>", "<Script> is not allowed"),
        ('<Header value="Draw every plant" size="4"/>', '<HyperText name="h" value="$html"/>',
         "<HyperText> is not allowed here"),
        ('value="Draw every plant"', 'value="$secret"', "tasks have no such field"),
        ('size="4"', 'size="4" onclick="x()"', "<Header> must not have onclick="),
        ("gap: 1em", "background: url(http://x.test/a)", "may place and colour, not hide or fetch"),
        ("gap: 1em", "display:none", "may place and colour, not hide or fetch"),
        ('name="box"', 'name="boxes"', "<RectangleLabels name='box'> is missing"),
        ('name="box"', 'name="boxes"', "asks something that the campaign's file does not"),
        ("$image", "$img", "'image': value is '$img', and has to be '$image'"),
        ('rotateControl="false"', 'rotateControl="true"', "rotateControl is 'true'"),
        ('toName="image"', 'toName="picture"', "toName is 'picture', and has to be 'image'"),
        ('<Label value="weed" background="red" hotkey="w"/>', "", "'box' does not offer 'weed'"),
        ('value="weed"', 'value="grass"', "'box' offers 'grass', which the campaign's file"),
        ('value="weed"', 'value="crop"', "'box' offers 'crop' twice"),
        ("</View>\n  <Image", '</View>\n  <Image name="image" value="$image"/><Image',
         "the name 'image' is given twice"),
        ("RectangleLabels", "PolygonLabels", "<PolygonLabels> is not allowed here"),
    ],
)  # fmt: skip
def test_a_config_that_asks_something_else_is_refused_with_every_problem(
    old: str, new: str, said: str
) -> None:
    assert old in OWN
    found = problems(OWN.replace(old, new))
    assert said in found
    assert "farmy campaign config FILE" in found


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE v [<!ENTITY a "aaaa">]><View>&a;</View>',
        '<!DOCTYPE v [<!ENTITY a SYSTEM "file:///etc/passwd">]><View>&a;</View>',
        "<View>" * 3_000,
    ],
)
def test_hostile_xml_is_refused_by_its_form(hostile: str) -> None:
    assert "not readable XML" in problems(hostile)


def test_labels_that_are_not_offered_may_be_hidden_and_those_that_are_may_not() -> None:
    classes = (
        LabelClass(id=1, name="crop"),
        LabelClass(id=2, name="weed", retired=True, former_names=("herb",)),
    )
    made = made_config(campaign().model_copy(update={"classes": classes}), Phase.ANNOTATION)
    assert "display: none" in made
    ensure_own_config(rules(made, classes=classes))
    both = tuple(item.model_copy(update={"retired": False}) for item in classes)
    assert "not hide or fetch" in problems(made, classes=both)


def test_former_names_of_classes_may_be_offered_further_but_a_new_name_has_to_be() -> None:
    classes = (
        LabelClass(id=1, name="crop"),
        LabelClass(id=2, name="grass", former_names=("weed",)),
    )
    assert "'box' does not offer 'grass'" in problems(OWN, classes=classes)
    both = OWN.replace('<Label value="weed"', '<Label value="grass"/><Label value="weed"')
    ensure_own_config(rules(both, classes=classes))
