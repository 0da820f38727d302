"""Inboxes: the one Label Studio project that holds one person's work of one phase."""

from collections.abc import Iterable
from enum import StrEnum
from xml.sax.saxutils import quoteattr

from farmy_assets.annotation.campaign import Campaign, PersonName
from farmy_assets.catalog.metadata import CampaignName
from farmy_assets.catalog.records import Record

EVERY_INBOX = "farmy:"
"""What the keys of all inboxes begin with."""

MAX_TITLE_LENGTH = 50
"""Label Studio takes project titles of 3 to 50 characters."""


ADJUDICATION_INSTRUCTIONS = (
    "The annotators disagree about each of these images. The sentences above the image say where, "
    "and the tabs show every version. Draw what is true, then submit: submitting at once would "
    "accept the version that happens to be shown first. Skip an image that cannot be labelled."
)

TRIAGE_INSTRUCTIONS = (
    "A check has flagged each of these photographs; the sentences above it say why. Answer yes if "
    "an annotator can tell the plants apart and draw around them, no if nobody could. A yes sends "
    "the photograph to the annotators, a no takes it out. You may change an answer later: the last "
    "one counts. Skip only what you want to decide later: it holds the data set back until then."
)
USABLE = "usable"
"""The name of the control that a triage answer is given with."""


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
    if phase is Phase.ANNOTATION:
        return campaign.instructions
    if phase is Phase.TRIAGE:
        return TRIAGE_INSTRUCTIONS
    return f"{ADJUDICATION_INSTRUCTIONS}\n\n{campaign.instructions}".strip()


def label_config(campaign: Campaign, phase: Phase) -> str:
    """The Label Studio interface of a phase, as XML.

    Turning is switched off twice, for the image and for boxes: only upright boxes are understood.
    """
    if phase is Phase.TRIAGE:
        return _TRIAGE_CONFIG
    lines = ["<View>"]
    if phase is Phase.ADJUDICATION:
        lines += [
            '  <Header value="Where the versions differ"/>',
            '  <Text name="conflicts" value="$conflicts" valueType="text"/>',
        ]
    lines += [
        '  <Image name="image" value="$image"',
        '         zoom="true" zoomControl="true" rotateControl="false"/>',
        '  <RectangleLabels name="box" toName="image" canRotate="false">',
        *(
            f"    <Label value={quoteattr(item.name)} background={quoteattr(item.colour)}/>"
            for item in campaign.classes
        ),
        "  </RectangleLabels>",
        "</View>",
    ]
    return "\n".join(lines)


_TRIAGE_CONFIG = f"""<View>
  <Header value="Can an annotator work with this photograph?"/>
  <Choices name="{USABLE}" toName="image" choice="single" showInline="true"
           required="true" requiredMessage="Answer yes or no, or skip the photograph.">
    <Choice value="yes" hotkey="y"/>
    <Choice value="no" hotkey="n"/>
  </Choices>
  <Header value="Why it was flagged" size="5"/>
  <Text name="reasons" value="$reasons" valueType="text"/>
  <Image name="image" value="$image" zoom="true" zoomControl="true" rotateControl="false"/>
</View>"""
