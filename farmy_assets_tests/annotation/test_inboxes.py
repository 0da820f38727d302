from xml.etree import ElementTree as ET

import pytest

from farmy_assets.annotation.campaign import Campaign, LabelClass
from farmy_assets.annotation.inboxes import (
    Inbox,
    Phase,
    inboxes_of,
    instructions,
    label_config,
    triage_inboxes_of,
)
from farmy_assets_tests.annotation.examples import campaign, person

KNOWN_TAGS = {
    "View", "Header", "Text", "Image", "RectangleLabels", "Label", "Choices", "Choice",
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
    image, control = root.find("Image"), root.find("RectangleLabels")
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


def test_only_the_adjudicator_sees_the_conflicts_above_the_image() -> None:
    values = [
        tag.get("value") for tag in ET.fromstring(label_config(campaign(), Phase.ADJUDICATION))
    ]
    assert values.index("$conflicts") < values.index("$image")
    assert "$conflicts" not in label_config(campaign(), Phase.ANNOTATION)


def test_class_names_with_markup_stay_class_names() -> None:
    name = "a \"b\" & 'c' <d>"
    found = Campaign(**dict(campaign()) | {"classes": (LabelClass(id=1, name=name),)})
    label = ET.fromstring(label_config(found, Phase.ANNOTATION)).find("RectangleLabels/Label")
    assert label is not None
    assert label.get("value") == name


def test_the_adjudicator_is_told_not_to_accept_the_first_version_unseen() -> None:
    rules = campaign().model_copy(update={"instructions": "Draw tight boxes."})
    told = instructions(rules, Phase.ADJUDICATION)
    assert "submitting at once would accept" in told
    assert told.endswith("Draw tight boxes.")
    assert instructions(rules, Phase.ANNOTATION) == "Draw tight boxes."


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
