"""Campaigns for the tests, and the simulated people who work on them."""

import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.inboxes import Inbox, Phase, triage_inboxes_of
from farmy_assets.annotation.regions.box import Box
from farmy_assets.label_studio.connection import Connection
from farmy_assets.simulation.accounts import Account
from farmy_assets.simulation.annotators import (
    Annotator,
    AnswerFor,
    SubmittedAnswer,
    Workforce,
    work_inbox,
)
from farmy_assets.simulation.behaviour import ErrorRates, answer, seconds_needed
from farmy_assets.simulation.demo_people import eye
from farmy_assets_tests.integration.running import RunningPlatform

ANNOTATORS = ("anna", "ben", "cleo")
ADJUDICATOR = "dora"
PEOPLE = (*ANNOTATORS, ADJUDICATOR)
LABELS = ("crop", "weed")
FAULTLESS = ErrorRates(wrong_class=0, miss=0, extra=0, jitter=0, loose=0)

Truth = Callable[[Mapping[str, Any]], tuple[Box, ...]]
"""Task data to the boxes that are truly there."""


def email_of(name: str) -> str:
    """Everybody's address."""
    return f"{name}@example.com"


def campaign_file(name: str, *, overlap: float, annotators: tuple[str, ...] = ANNOTATORS) -> str:
    """The text of a campaign file."""
    people = "\n".join(f"  - {{name: {n}, email: {email_of(n)}}}" for n in annotators)
    return f"""\
name: {name}
crop: maize
instructions: Draw a tight box around every plant.
classes:
  - {{id: 1, name: crop}}
  - {{id: 2, name: weed}}
annotators:
{people}
adjudicator: {{name: {ADJUDICATOR}, email: {email_of(ADJUDICATOR)}}}
overlap_share: {overlap}
"""


def open_campaign(
    platform: RunningPlatform,
    name: str,
    *,
    overlap: float,
    annotators: tuple[str, ...] = ANNOTATORS,
) -> Campaign:
    """Apply a campaign."""
    text = campaign_file(name, overlap=overlap, annotators=annotators)
    return platform.lake.campaigns.apply(parse_campaign(text))


def two_plants(data: Mapping[str, Any]) -> tuple[Box, ...]:
    """The truth about pictures that hold nothing real: a crop on the left, a weed on the right."""
    width, height = data["width_px"], data["height_px"]
    shift = zlib.crc32(data["image_id"].encode()) % 20
    return (
        Box(label="crop", x_min=10 + shift, y_min=20, x_max=width / 3, y_max=height / 2),
        Box(label="weed", x_min=width / 2, y_min=30 + shift, x_max=width - 20, y_max=height - 30),
    )


def answers(person: str, truth: Truth, rates: ErrorRates) -> AnswerFor:
    """What a person makes of a task: the truth, with his or her own errors."""

    def answer_for(data: Mapping[str, Any]) -> SubmittedAnswer:
        seed = zlib.crc32(f"{person} {data['asset_key']}".encode())
        given = answer(
            truth(data),
            width_px=data["width_px"],
            height_px=data["height_px"],
            labels=LABELS,
            rates=rates,
            seed=seed,
        )
        return SubmittedAnswer(given.boxes, given.skipped, seconds_needed(given, seed))

    return answer_for


def everybody_at_work(
    platform: RunningPlatform,
    accounts: Mapping[str, Account],
    campaign: Campaign,
    *,
    truth: Truth,
    rates: ErrorRates,
) -> Workforce:
    """The campaign's annotators with their errors, and an adjudicator who makes none."""
    people = [
        Annotator(
            accounts[person.name],
            inbox_of(campaign, person.name).key,
            answers(person.name, truth, FAULTLESS if person == campaign.adjudicator else rates),
        )
        for person in (*campaign.annotators, campaign.adjudicator)
    ]
    people += [
        Annotator(accounts[inbox.person], inbox.key, eye(Seen(truth)))
        for inbox in triage_inboxes_of(campaign)
    ]
    return Workforce(platform.label_studio_url, people, idle_s=0.5)


class Seen:
    """What is truly there, as somebody who looks at a flagged photograph sees it."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def boxes(self, image_id: str, *, width_px: int, height_px: int) -> tuple[Box, ...]:
        """The true boxes, in pixels."""
        return self._truth({"image_id": image_id, "width_px": width_px, "height_px": height_px})


def inbox_of(campaign: Campaign, person: str) -> Inbox:
    """The inbox of an annotator or of the adjudicator."""
    phase = Phase.ADJUDICATION if person == campaign.adjudicator.name else Phase.ANNOTATION
    return Inbox(campaign=campaign.name, phase=phase, person=person)


def work_once(
    platform: RunningPlatform,
    account: Account,
    inbox: Inbox,
    answer_for: AnswerFor,
) -> int:
    """One person answers what is open in an inbox; how many tasks that were."""
    connection = Connection(platform.label_studio_url, account.token)
    try:
        project_id = platform.studio.find_inboxes(inbox.key)[inbox.key]
        return work_inbox(
            connection,
            project_id,
            email=account.email,
            answer_for=answer_for,
            stop=threading.Event(),
        )
    finally:
        connection.close()
