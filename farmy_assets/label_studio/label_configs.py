"""The label config of each phase: Label Studio's interface, as XML.

Source of the tags: labelstud.io/tags.
"""

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import ANSWERED, DRAWN, DecisionKind
from farmy_assets.annotation.inboxes import (
    SKIP_ADJUDICATION,
    SKIP_ANNOTATION,
    SKIP_CORRECTION,
    SKIP_REASONS,
    SKIP_TRIAGE,
    Phase,
)
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.label_studio.controls import CANNOT_LABEL, DECISION, USABLE, VERSIONS
from farmy_assets.label_studio.question_controls import beside_attributes, choice_controls
from farmy_assets.label_studio.regions import FORMS
from farmy_assets.label_studio.review_page import CORRECTION_HEAD, REVIEW_HEAD
from farmy_assets.label_studio.sent_back import ASKED_FOR, SHOWN

KEEP_CLASS = (
    "The class is chosen for the first region. Press 1 before each further one; or open the "
    'settings below the image once, and switch on "Keep label selected after creating a region".'
)


_ON_TOP = "Hold Ctrl to begin a region on top of one that is shown."


def label_config(campaign: Campaign, phase: Phase) -> str:
    """The Label Studio interface of a phase, as XML: the campaign's own for its annotators."""
    if phase is Phase.ANNOTATION and campaign.label_config:
        return campaign.label_config
    return made_config(campaign, phase)


def made_config(campaign: Campaign, phase: Phase) -> str:
    """The interface that is made from a campaign's rules.

    Turning is switched off for the image: only upright images are understood.
    """
    if phase is Phase.TRIAGE:
        return _TRIAGE_CONFIG
    # Stays with no rounds left: Label Studio refuses to lose a control that was used.
    sending_back = [ASKED_FOR] if campaign.review else []
    if phase is Phase.ANNOTATION:
        lines = [
            *_classes(campaign),
            *_unless_skipped(choice_controls(campaign)),
            *beside_attributes(campaign, _IMAGE),
            *_cannot_label(),
        ]
    elif phase is Phase.CORRECTION:
        lines = [
            CORRECTION_HEAD,
            *_classes(campaign),
            _note(_ON_TOP),
            *choice_controls(campaign),
            *beside_attributes(campaign, _IMAGE),
            _note(SKIP_CORRECTION),
            SHOWN,
        ]
    elif phase is Phase.REVIEW:
        lines = [
            REVIEW_HEAD,
            *_classes(campaign),
            _note(_ON_TOP),
            *choice_controls(campaign),
            *sending_back,
            *beside_attributes(campaign, _IMAGE),
            _note(SKIP_ADJUDICATION),
        ]
    else:
        lines = [
            _DECISION_CONFIG,
            # Away until drawing is chosen: what is drawn counts for no other decision.
            *(_shown_for(DRAWN, [*_classes(campaign), _note(_ON_TOP)]) if campaign.regions else []),
            *(_shown_for(ANSWERED, choice_controls(campaign)) if campaign.choices else []),
            *sending_back,
            *beside_attributes(campaign, _IMAGE),
            _note(SKIP_ADJUDICATION),
            _VERSIONS_CONFIG,
        ]
    return "\n".join(["<View>", *lines, "</View>"])


def _shown_for(kinds: Iterable[DecisionKind], lines: Iterable[str]) -> list[str]:
    """Controls that an adjudicator sees after one of these decisions."""
    return [
        f'  <View visibleWhen="choice-selected" whenTagName="{DECISION}"',
        f'        whenChoiceValue="{",".join(kinds)}">',
        *lines,
        "  </View>",
    ]


def _classes(campaign: Campaign) -> list[str]:
    """The tools of the kinds of regions; where there is one choice, it is made from the start.

    Of several kinds each has its name above its classes, which are the same for all of them. Label
    Studio gives the first keys to the classes of the first kind, the next keys to the second.
    """
    offered = campaign.offered_classes
    is_only_one = len(offered) * len(campaign.regions) == 1
    chosen = ' selected="true"' if is_only_one else ""
    lines = []
    for kind in campaign.regions:
        form = FORMS[kind]
        if len(campaign.regions) > 1:
            lines.append(_note(REGION_KINDS[kind].plural.capitalize()))
        lines.append(f'  <{form.CONTROL} name="{kind}" toName="image" {form.SETTINGS}>')
        lines += [
            f"    <Label value={quoteattr(item.name)} background={quoteattr(item.colour)}{chosen}/>"
            for item in offered
        ]
        lines += _known_only(campaign)
        lines.append(f"  </{form.CONTROL}>")
    return [*lines, *([_note(KEEP_CLASS)] if chosen else [])]


def _known_only(campaign: Campaign) -> list[str]:
    """Labels that are not offered, last and hidden.

    Without them Label Studio shows a region that has one in no colour and without a name.
    """
    names = [
        (name, item.colour)
        for item in campaign.classes
        for name in (*((item.name,) if not item.is_offered else ()), *item.former_names)
    ]
    if not names:
        return []
    labels = [
        f"      <Label value={quoteattr(name)} background={quoteattr(colour)}/>"
        for name, colour in names
    ]
    return ['    <View style="display: none">', *labels, "    </View>"]


def _unless_skipped(controls: list[str]) -> list[str]:
    """Questions about the image: Label Studio asks for required answers of what it shows alone."""
    if not controls:
        return []
    away = f'  <View visibleWhen="choice-unselected" whenTagName="{CANNOT_LABEL}">'
    return [away, *controls, "  </View>"]


def _cannot_label() -> list[str]:
    """In place of Label Studio's Skip, which takes no reason.

    Below the image, and after the classes, so that the first keys are those of the classes.
    """
    return [
        _note(SKIP_ANNOTATION),
        f'  <Choices name="{CANNOT_LABEL}" toName="image" choice="single" showInline="true">',
        *(f"    <Choice value={quoteattr(reason)}/>" for reason in SKIP_REASONS),
        "  </Choices>",
    ]


_SMALL = "font-size: 14px; font-weight: normal"


def _note(text: str) -> str:
    return f'  <Header value={quoteattr(text)} size="6" style="{_SMALL}"/>'


_IMAGE = """  <Image name="image" value="$image"
         zoom="true" zoomControl="true" rotateControl="false"/>"""

_DECISION_CONFIG = f"""  <Style>
    .lsf-choice__item, .lsf-choice__checkbox {{ margin: 0; padding: 0; min-height: 0; }}
    .lsf-choice__checkbox {{ line-height: 1.3; margin-bottom: 0.4em; }}
    .lsf-choice__checkbox span {{ line-height: 1.3; }}
  </Style>
  <View style="display: flex; flex-wrap: wrap; gap: 1.5em">
    <View style="flex: 1 1 24em">
      <Header value="Where the versions differ" size="5"/>
      <HyperText name="differences" value="$differences" inline="true"/>
    </View>
    <View style="flex: 0 1 22em">
      <Header value="What is true?" size="5"/>
      <Choices name="{DECISION}" toName="image" choice="single" value="$decisions" required="true"
               requiredMessage="Choose first what is true, or skip the image."/>
    </View>
  </View>"""

# Not shown: nobody draws with it, its regions are shown all the same. Last, so that the first keys
# are those of the classes, as on the annotators' page.
_VERSIONS_CONFIG = f"""  <View style="display: none">
    <PolygonLabels name="{VERSIONS}" toName="image" value="$regions"
                   strokeWidth="3" opacity="0.05" pointSize="small"/>
  </View>"""

_TRIAGE_CONFIG = f"""<View>
  <Header value="Can an annotator work with this photograph?"/>
  <Choices name="{USABLE}" toName="image" choice="single" showInline="true"
           required="true" requiredMessage="Answer yes or no, or skip the photograph.">
    <Choice value="yes" hotkey="y"/>
    <Choice value="no" hotkey="n"/>
  </Choices>
  <Header value="Why it was flagged" size="5"/>
  <Text name="reasons" value="$reasons" valueType="text"/>
{_IMAGE}
{_note(SKIP_TRIAGE)}
</View>"""
