"""Inboxes: the one Label Studio project that holds one person's work of one phase."""

from collections.abc import Iterable
from enum import StrEnum

from farmy_assets.annotation.campaign import Campaign, Person, PersonName
from farmy_assets.catalog.metadata import CampaignName
from farmy_assets.catalog.records import Record

EVERY_INBOX = "farmy:"
"""What the keys of all inboxes begin with."""

CONNECTION_KEY = "label-studio-connection"
"""The one object of the cleansed bucket that Label Studio may list: it connects to a bucket only
when it sees that something is there."""

MAX_TITLE_LENGTH = 50
"""Label Studio takes project titles of 3 to 50 characters."""


SKIP_ANNOTATION = (
    "If you cannot tell what there is to draw, draw nothing, choose why and submit: the image goes "
    "to somebody else. An image with nothing to draw is submitted as it is, without a reason."
)
SKIP_REASONS = (
    "too blurred or too dark",
    "plants hide each other",
    "I do not know these plants",
    "not a picture for this campaign",
    "another reason",
)
"""Why an annotator cannot label an image, as the page offers it."""
SKIP_CORRECTION = (
    "Skip: you cannot tell what there is to draw; the image goes on to whoever decides. An image "
    "with nothing to draw is submitted as it is, not skipped."
)
SKIP_ADJUDICATION = (
    "Skip, or the last choice: the image cannot be labelled; it is left out of the data set."
)
SKIP_TRIAGE = (
    "Skip: you want to decide later; until you do, the photograph is held back. To come back to "
    "it, open its row in the table."
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

REVIEW_INSTRUCTIONS = (
    "Each of these images was drawn by one person alone, and is one of a sample. What was drawn is "
    "on the image. Say that it is right as it is; or choose to correct it, and change, remove and "
    "add regions: what is drawn then counts; or send it back, with a reason and, if it helps, the "
    "places drawn around. Nothing is chosen for you. You do not learn who drew it, and he or she "
    f"does not learn who you are. {SKIP_ADJUDICATION} You may change a decision later: the last "
    "one counts."
)

CORRECTION_INSTRUCTIONS = (
    "You have answered each of these images before, and it came back to you. The reason stands "
    "above the image; where places are marked, they have a yellow line around them. What you drew "
    "is there: change, remove or add regions, and submit. Your new answer takes the place of the "
    f"former one. {SKIP_CORRECTION}"
)

TRIAGE_INSTRUCTIONS = (
    "A check has flagged each of these photographs; the sentences above it say why. Answer yes if "
    "an annotator can tell the plants apart and draw around them, no if nobody could. A yes sends "
    "the photograph to the annotators, a no takes it out. You may change an answer later: the last "
    f"one counts. {SKIP_TRIAGE}"
)
_KEY_PARTS = ("campaign", "phase", "person")


class Phase(StrEnum):
    """What is asked of a person."""

    TRIAGE = "triage"
    ANNOTATION = "annotation"
    ADJUDICATION = "adjudication"
    CORRECTION = "correction"
    """What was sent back to an annotator."""
    REVIEW = "review"
    """A sample of what one person alone drew."""


ANSWERING = (Phase.ANNOTATION, Phase.CORRECTION)
"""The phases in which annotators answer."""

DECIDING = (Phase.ADJUDICATION, Phase.REVIEW)
"""The phases in which somebody decides on the answers of others."""

DRAWING = (*ANSWERING, *DECIDING)
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
    """The inboxes that boxes are drawn in: one for each annotator, one for the adjudicator.

    Besides them those of corrections and reviews, where the campaign has any.
    """
    phases = [Phase.ANNOTATION, *([Phase.CORRECTION] if campaign.rounds else [])]
    return (
        *(
            Inbox(campaign=campaign.name, phase=phase, person=person.name)
            for phase in phases
            for person in campaign.annotators
        ),
        Inbox(campaign=campaign.name, phase=Phase.ADJUDICATION, person=campaign.adjudicator.name),
        *(
            Inbox(campaign=campaign.name, phase=Phase.REVIEW, person=person.name)
            for person in reviewing(campaign)
        ),
    )


def reviewing(campaign: Campaign) -> tuple[Person, ...]:
    """Who may have an inbox of reviews: the reviewers, and the adjudicator in their place."""
    people = campaign.people_for_review
    others = (campaign.adjudicator,) if people else ()
    return (*people, *(p for p in others if p.name not in {each.name for each in people}))


def owner_of(inbox: Inbox, campaign: Campaign) -> str | None:
    """The address of the person whose inbox it is; None when the campaign has lost that person."""
    people = {
        Phase.TRIAGE: campaign.people_for_triage,
        Phase.ANNOTATION: campaign.annotators,
        Phase.ADJUDICATION: (campaign.adjudicator,),
        Phase.CORRECTION: campaign.annotators,
        Phase.REVIEW: reviewing(campaign),
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
    if phase is Phase.CORRECTION:
        return f"{CORRECTION_INSTRUCTIONS}\n\n{campaign.instructions}".strip()
    if phase is Phase.REVIEW:
        return f"{REVIEW_INSTRUCTIONS}\n\n{campaign.instructions}".strip()
    return f"{ADJUDICATION_INSTRUCTIONS}\n\n{campaign.instructions}".strip()
