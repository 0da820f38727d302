"""The people of the demo: three annotators who err, each in a way of their own, and an adjudicator.

The adjudicator looks at flagged photographs as well.

They sign in as real people do; their passwords follow from the platform's secret, so that the
next demo, and whoever wants to look through their eyes, knows them again.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

from farmy_assets.annotation.campaign import Campaign, Person
from farmy_assets.annotation.inboxes import inboxes_of, triage_inboxes_of
from farmy_assets.annotation.regions.box import Box
from farmy_assets.cleansing.rulings import Answer
from farmy_assets.simulation.accounts import Account
from farmy_assets.simulation.annotators import Annotator, AnswerFor, SubmittedAnswer
from farmy_assets.simulation.behaviour import ErrorRates, answer, seconds_needed

DOMAIN = "farmy.local"
HABITS: Mapping[str, ErrorRates] = {
    "anna": ErrorRates(wrong_class=0.015, miss=0.015, extra=0.01, jitter=0.015, loose=0.005),
    "ben": ErrorRates(wrong_class=0.03, miss=0.03, extra=0.02, jitter=0.02, loose=0.01),
    "cleo": ErrorRates(wrong_class=0.06, miss=0.05, extra=0.04, jitter=0.03, loose=0.03, skip=0.01),
    "dora": ErrorRates(wrong_class=0.003, miss=0.003, extra=0.001, jitter=0.008, loose=0),
}
_GLANCE_S = 2.0
_GROUP = 4  # letters of a password between two hyphens
_GROUPS = 4


def _person(name: str) -> Person:
    return Person(name=name, email=f"{name}@{DOMAIN}")


ANNOTATORS = (_person("anna"), _person("ben"), _person("cleo"))
ADJUDICATOR = _person("dora")


class Seen(Protocol):
    """Says what there is to be seen on an image's copy of this size."""

    def boxes(self, image_id: str, *, width_px: int, height_px: int) -> tuple[Box, ...]:
        """The boxes, in pixels of the copy."""
        ...


def passwords(secret: str) -> dict[str, str]:
    """E-mail to password of everybody, the same for the same secret."""
    return {person.email: _password(secret, person.email) for person in (*ANNOTATORS, ADJUDICATOR)}


def _password(secret: str, email: str) -> str:
    """80 bits, in letters and digits that can be typed."""
    digest = hmac.digest(secret.encode(), f"demo\x00{email}".encode(), "sha256")
    letters = base64.b32encode(digest).decode().lower()
    return "-".join(letters[_GROUP * n : _GROUP * (n + 1)] for n in range(_GROUPS))


def staff(campaign: Campaign, accounts: Mapping[str, Account], seen: Seen) -> list[Annotator]:
    """Everybody of a campaign, at the own inboxes."""
    emails = {
        person.name: person.email
        for person in (*campaign.annotators, campaign.adjudicator, *campaign.people_for_triage)
    }
    drawing = [
        Annotator(accounts[emails[i.person]], i.key, mind(i.person, campaign.class_names, seen))
        for i in inboxes_of(campaign)
    ]
    ruling = [
        Annotator(accounts[emails[i.person]], i.key, eye(seen)) for i in triage_inboxes_of(campaign)
    ]
    return [*drawing, *ruling]


def eye(seen: Seen) -> AnswerFor:
    """A look at a flagged photograph: it is of use when there is anything to draw on it."""

    def answer_for(data: Mapping[str, Any]) -> SubmittedAnswer:
        boxes = seen.boxes(data["image_id"], width_px=data["width_px"], height_px=data["height_px"])
        return SubmittedAnswer((), False, _GLANCE_S, Answer.YES if boxes else Answer.NO)

    return answer_for


def mind(person: str, labels: tuple[str, ...], seen: Seen) -> AnswerFor:
    """What comes to this person's mind at a task: what is to be seen, and the own errors."""

    def answer_for(data: Mapping[str, Any]) -> SubmittedAnswer:
        image_id, width_px, height_px = data["image_id"], data["width_px"], data["height_px"]
        digest = hashlib.sha256(f"{person}\x00{data['asset_key']}".encode()).digest()
        seed = int.from_bytes(digest[:8], "big")
        given = answer(
            seen.boxes(image_id, width_px=width_px, height_px=height_px),
            width_px=width_px,
            height_px=height_px,
            labels=labels,
            rates=HABITS[person],
            seed=seed,
        )
        return SubmittedAnswer(given.boxes, given.skipped, seconds_needed(given, seed))

    return answer_for
