"""Inboxes: the one Label Studio project that holds one person's work of one phase."""

from collections.abc import Iterable
from enum import StrEnum
from xml.sax.saxutils import quoteattr

from farmy_assets.annotation.boxes import DRAWN_BOX
from farmy_assets.annotation.campaign import Campaign, PersonName
from farmy_assets.catalog.metadata import CampaignName
from farmy_assets.catalog.records import Record

EVERY_INBOX = "farmy:"
"""What the keys of all inboxes begin with."""

MAX_TITLE_LENGTH = 50
"""Label Studio takes project titles of 3 to 50 characters."""


SKIP_ANNOTATION = (
    "Skip: you cannot tell what there is to draw; the image goes on to the adjudicator. "
    "An image with nothing to draw is submitted as it is, not skipped."
)
SKIP_ADJUDICATION = (
    "Skip, or the last choice: the image cannot be labelled; it is left out of the data set."
)
SKIP_TRIAGE = (
    "Skip: you want to decide later; until you do, the photograph is held back. To come back to "
    "it, open its row in the table."
)

KEEP_CLASS = (
    "The class is chosen for the first box. Press 1 before each further box; or open the settings "
    'below the image once, and switch on "Keep label selected after creating a region".'
)

ADJUDICATION_INSTRUCTIONS = (
    "The annotators disagree about each of these images. All versions are drawn on the image at "
    "once: each in its own colour where they differ, in grey what all of them agree on. The list "
    "names every difference; its names, such as A3, stand in the small picture beside it and in "
    "the list of regions on the right, where a click selects the region in the image.\n\n"
    "Nothing is chosen for you, and nothing can be submitted before you choose. Say that a "
    'version is right, or choose to draw: the classes then appear above the image. After "I draw '
    'what differs" the grey regions stay, after "I draw the whole image" only what you draw '
    f"counts. {SKIP_ADJUDICATION} You may change a decision later: the last one counts."
)

TRIAGE_INSTRUCTIONS = (
    "A check has flagged each of these photographs; the sentences above it say why. Answer yes if "
    "an annotator can tell the plants apart and draw around them, no if nobody could. A yes sends "
    "the photograph to the annotators, a no takes it out. You may change an answer later: the last "
    f"one counts. {SKIP_TRIAGE}"
)
USABLE = "usable"
"""The name of the control that a triage answer is given with."""

DECISION = "decision"
"""The name of the control that an adjudicator decides with."""

DRAW_DIFFERENCES = "draw what differs"
DRAW_ALL = "draw everything"
"""The two decisions after which an adjudicator draws."""

VERSIONS = "versions"
"""The name of the control that carries the versions which an adjudicator is shown."""


_KEY_PARTS = ("campaign", "phase", "person")


class Phase(StrEnum):
    """What is asked of a person."""

    TRIAGE = "triage"
    ANNOTATION = "annotation"
    ADJUDICATION = "adjudication"


DRAWING = (Phase.ANNOTATION, Phase.ADJUDICATION)
"""The phases in which people draw boxes, so that their answers are votes."""


class Inbox(Record):
    """One person's work of one phase in one campaign."""

    campaign: CampaignName
    phase: Phase
    person: PersonName

    @property
    def key(self) -> str:
        """The inbox's identity; kept in the project's description, so that it is found again."""
        return f"{EVERY_INBOX}{self.campaign}/{self.phase}/{self.person}"

    @property
    def title(self) -> str:
        """The project's title for people; the longest names cost the phase some of its letters."""
        room = MAX_TITLE_LENGTH - len(f"{self.campaign} ·  · {self.person}")
        return f"{self.campaign} · {self.phase.value[:room]} · {self.person}"


def phase_of(inbox_key: str) -> Phase | None:
    """The phase in an inbox's key; None when the key is not of our making."""
    parts = inbox_key.removeprefix(EVERY_INBOX).split("/")
    return Phase(parts[1]) if len(parts) == len(_KEY_PARTS) and parts[1] in set(Phase) else None


def triage_inboxes_of(campaign: Campaign) -> tuple[Inbox, ...]:
    """The inboxes for flagged photographs: one for each person who looks at them."""
    return tuple(
        Inbox(campaign=campaign.name, phase=Phase.TRIAGE, person=person.name)
        for person in campaign.people_for_triage
    )


def inboxes_of(campaign: Campaign) -> tuple[Inbox, ...]:
    """The inboxes that boxes are drawn in: one for each annotator, one for the adjudicator."""
    return (
        *(
            Inbox(campaign=campaign.name, phase=Phase.ANNOTATION, person=person.name)
            for person in campaign.annotators
        ),
        Inbox(campaign=campaign.name, phase=Phase.ADJUDICATION, person=campaign.adjudicator.name),
    )


def owner_of(inbox: Inbox, campaign: Campaign) -> str | None:
    """The address of the person whose inbox it is; None when the campaign has lost that person."""
    people = {
        Phase.TRIAGE: campaign.people_for_triage,
        Phase.ANNOTATION: campaign.annotators,
        Phase.ADJUDICATION: (campaign.adjudicator,),
    }[inbox.phase]
    return next((person.email for person in people if person.name == inbox.person), None)


def addresses_of(inbox: Inbox, versions: Iterable[Campaign]) -> frozenset[str]:
    """Every address that the inbox's person had in any version of the campaign.

    An answer given before an address changed, or before a person left, stays that person's.
    """
    return frozenset(filter(None, (owner_of(inbox, campaign) for campaign in versions)))


def instructions(campaign: Campaign, phase: Phase) -> str:
    """What a person reads before the first task of a phase; plain text."""
    if phase is Phase.TRIAGE:
        return TRIAGE_INSTRUCTIONS
    if phase is Phase.ANNOTATION:
        return f"{campaign.instructions}\n\n{SKIP_ANNOTATION}".strip()
    return f"{ADJUDICATION_INSTRUCTIONS}\n\n{campaign.instructions}".strip()


def label_config(campaign: Campaign, phase: Phase) -> str:
    """The Label Studio interface of a phase, as XML.

    Turning is switched off twice, for the image and for boxes: only upright boxes are understood.
    """
    if phase is Phase.TRIAGE:
        return _TRIAGE_CONFIG
    if phase is Phase.ANNOTATION:
        lines = [*_classes(campaign), _IMAGE, _note(SKIP_ANNOTATION)]
    else:
        lines = [
            _DECISION_CONFIG,
            # Away until drawing is chosen: what is drawn counts for no other decision.
            f'  <View visibleWhen="choice-selected" whenTagName="{DECISION}"',
            f'        whenChoiceValue="{DRAW_DIFFERENCES},{DRAW_ALL}">',
            *_classes(campaign),
            _note("Hold Ctrl to begin a box on top of a region that is shown."),
            "  </View>",
            _IMAGE,
            _note(SKIP_ADJUDICATION),
            _VERSIONS_CONFIG,
        ]
    return "\n".join(["<View>", *lines, "</View>"])


def _classes(campaign: Campaign) -> list[str]:
    """The tool that boxes are drawn with; a single class is in the hand from the start."""
    chosen = ' selected="true"' if len(campaign.classes) == 1 else ""
    return [
        f'  <RectangleLabels name="{DRAWN_BOX}" toName="image" canRotate="false">',
        *(
            f"    <Label value={quoteattr(item.name)} background={quoteattr(item.colour)}{chosen}/>"
            for item in campaign.classes
        ),
        "  </RectangleLabels>",
        *([_note(KEEP_CLASS)] if chosen else []),
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
