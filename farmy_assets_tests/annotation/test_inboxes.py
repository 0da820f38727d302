from xml.etree import ElementTree as ET

import pytest

from farmy_assets.annotation.campaign import Campaign, LabelClass
from farmy_assets.annotation.decisions import DRAWN
from farmy_assets.annotation.inboxes import (
    Inbox,
    Phase,
    inboxes_of,
    instructions,
    triage_inboxes_of,
)
from farmy_assets.label_studio.controls import DECISION, VERSIONS
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets_tests.annotation.examples import campaign, person

KNOWN_TAGS = {
    "View", "Header", "Text", "Image", "RectangleLabels", "Label", "Choices", "Choice", "Style",
    "HyperText", "PolygonLabels", "EllipseLabels", "TextArea",
}  # fmt: skip
DRAWING = (Phase.ANNOTATION, Phase.ADJUDICATION)


def test_an_inbox_has_a_key_for_machines_and_a_title_for_people() -> None:
    inbox = Inbox(campaign="weeds-2026", phase=Phase.ANNOTATION, person="anna")
    assert inbox.key == "farmy:weeds-2026/annotation/anna"
    assert inbox.title == "weeds-2026 · annotation · anna"


def test_titles_of_the_longest_names_still_fit_and_differ() -> None:
    titles = {Inbox(campaign="c" * 24, phase=phase, person="p" * 16).title for phase in Phase}
    assert len(titles) == len(Phase)
    assert all(3 <= len(title) <= 50 for title in titles)


def test_a_campaign_has_an_inbox_for_each_annotator_and_one_for_the_adjudicator() -> None:
    assert [inbox.key for inbox in inboxes_of(campaign())] == [
        "farmy:weeds-2026/annotation/anna",
        "farmy:weeds-2026/annotation/ben",
        "farmy:weeds-2026/adjudication/cara",
    ]


@pytest.mark.parametrize("phase", DRAWING)
def test_the_interface_offers_every_class_with_its_colour(phase: Phase) -> None:
    root = ET.fromstring(label_config(campaign(), phase))
    image, control = root.find("Image"), root.find(".//RectangleLabels")
    assert image is not None
    assert control is not None
    assert (image.get("name"), image.get("value")) == ("image", "$image")
    assert (control.get("name"), control.get("toName")) == ("box", "image")
    assert [(label.get("value"), label.get("background")) for label in control] == [
        (item.name, item.colour) for item in campaign().classes
    ]


@pytest.mark.parametrize("phase", Phase)
def test_the_interface_uses_only_tags_that_label_studio_knows(phase: Phase) -> None:
    assert {tag.tag for tag in ET.fromstring(label_config(campaign(), phase)).iter()} <= KNOWN_TAGS


def test_only_the_adjudicator_sees_the_differences_and_chooses_above_the_image() -> None:
    tags = list(ET.fromstring(label_config(campaign(), Phase.ADJUDICATION)).iter())
    values = [tag.get("value") for tag in tags]
    for variable in ("$differences", "$decisions"):
        assert values.index(variable) < values.index("$image")
        assert variable not in label_config(campaign(), Phase.ANNOTATION)


def test_an_adjudicator_has_to_choose_before_anything_can_be_submitted() -> None:
    root = ET.fromstring(label_config(campaign(), Phase.ADJUDICATION))
    control = root.find(".//Choices")
    assert control is not None
    assert (control.get("name"), control.get("choice")) == (DECISION, "single")
    assert control.get("required") == "true"
    assert not any(tag.get("selected") for tag in root.iter())
    drawing = next(view for view in root.iter("View") if view.get("visibleWhen"))
    assert drawing.find("RectangleLabels") is not None
    assert drawing.get("whenTagName") == DECISION
    assert drawing.get("whenChoiceValue") == ",".join(kind.value for kind in DRAWN)
    assert (drawing.get("whenChoiceValue") or "").split(",") == list(DRAWN)


def test_the_versions_are_no_tool_and_leave_the_first_keys_to_the_classes() -> None:
    root = ET.fromstring(label_config(campaign(), Phase.ADJUDICATION))
    tags = [tag.tag for tag in root.iter()]
    assert tags.index("RectangleLabels") < tags.index("PolygonLabels")
    hidden = next(view for view in root.iter("View") if "none" in (view.get("style") or ""))
    (control,) = hidden
    assert (control.get("name"), control.get("value")) == (VERSIONS, "$regions")


@pytest.mark.parametrize("phase", DRAWING)
def test_a_single_class_is_in_the_hand_from_the_start(phase: Phase) -> None:
    one = Campaign(**dict(campaign()) | {"classes": (LabelClass(id=1, name="weed"),)})
    for rules, chosen in ((one, ["true"]), (campaign(), [None, None])):
        labels = ET.fromstring(label_config(rules, phase)).findall(".//Label")
        assert [label.get("selected") for label in labels] == chosen


def test_labels_that_are_not_offered_are_known_last_and_hidden() -> None:
    classes = (
        LabelClass(id=1, name="thistle", retired=True),
        LabelClass(id=2, name="grass", former_names=("weed",), colour="#d62728"),
    )
    rules = Campaign(**dict(campaign()) | {"classes": classes})
    (control,) = ET.fromstring(label_config(rules, Phase.ANNOTATION)).iter("RectangleLabels")
    offered, hidden = control
    assert (offered.get("value"), offered.get("selected")) == ("grass", "true")
    assert "none" in (hidden.get("style") or "")
    assert [(label.get("value"), label.get("background")) for label in hidden][1] == (
        "weed", "#d62728",
    )  # fmt: skip
    assert [label.get("value") for label in hidden] == ["thistle", "weed"]


@pytest.mark.parametrize("phase", Phase)
def test_a_page_and_its_instructions_say_what_a_skip_does(phase: Phase) -> None:
    notes = [
        tag.get("value") or ""
        for tag in ET.fromstring(label_config(campaign(), phase)).iter("Header")
    ]
    (note,) = (note for note in notes if note.startswith(("Skip", "If you cannot tell")))
    assert note in instructions(campaign(), phase)


def test_class_names_with_markup_stay_class_names() -> None:
    name = "a \"b\" & 'c' <d>"
    found = Campaign(**dict(campaign()) | {"classes": (LabelClass(id=1, name=name),)})
    label = ET.fromstring(label_config(found, Phase.ANNOTATION)).find("RectangleLabels/Label")
    assert label is not None
    assert label.get("value") == name


def test_the_adjudicator_is_told_what_the_page_is_like() -> None:
    rules = campaign().model_copy(update={"instructions": "Draw tight boxes."})
    told = instructions(rules, Phase.ADJUDICATION)
    assert "Nothing is chosen for you" in told
    assert "tab" not in told.replace("table", "")
    assert told.endswith("Draw tight boxes.")
    assert instructions(rules, Phase.ANNOTATION).startswith("Draw tight boxes.")


def test_flagged_photographs_go_to_the_adjudicator_unless_others_are_named() -> None:
    assert [i.key for i in triage_inboxes_of(campaign())] == ["farmy:weeds-2026/triage/cara"]
    named = Campaign(**dict(campaign()) | {"triagers": (person("eva"), person("ben"))})
    assert [i.person for i in triage_inboxes_of(named)] == ["eva", "ben"]


def test_a_triage_page_asks_for_one_of_two_words_and_nothing_to_draw() -> None:
    root = ET.fromstring(label_config(campaign(), Phase.TRIAGE))
    control = root.find("Choices")
    assert control is not None
    assert (control.get("choice"), control.get("required")) == ("single", "true")
    assert [(c.get("value"), c.get("hotkey")) for c in control] == [("yes", "y"), ("no", "n")]
    assert root.find("RectangleLabels") is None
    values = [tag.get("value") for tag in root]
    assert values.index("$reasons") < values.index("$image")
    assert "the last one counts" in instructions(campaign(), Phase.TRIAGE)
