"""Votes: what annotators answered, copied out of Label Studio and never changed again.

Label Studio keeps only the present state and checks nothing. A vote keeps one submission for good:
a later edit is a new vote, a deleted annotation is a `withdrawn` vote, and a region that cannot be
understood becomes a problem of its vote instead of getting lost.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.decisions import Decision
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.question_answers import Answers, is_empty
from farmy_assets.annotation.regions import STORED_AS, AnyRegion
from farmy_assets.catalog.records import Record, is_missing


class Outcome(StrEnum):
    """What a person did with a task."""

    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"


class Vote(Record):
    """One submission of one author; `regions` is what was drawn, in pixels of the image.

    `region_ids` has Label Studio's id of each region, in the same order; votes that were copied by
    older versions have none. `choices` is what was answered about the image as a whole.
    `skip_reason` is why an annotator could not label the image; skips that were sent to the API,
    and those of older versions, have none.
    `decision` is what an adjudicator chose. Votes of other phases have none, nor have those given
    on the adjudicator's former page, where what was drawn was the decision.
    """

    vote_id: str
    campaign: str
    campaign_version: int
    phase: Phase
    task_key: str
    image_id: str
    inbox_person: str
    person: str | None
    email: str
    submitted_at: AwareDatetime
    lead_time_s: float | None
    outcome: Outcome
    regions: tuple[AnyRegion, ...] = Field(default=(), validation_alias=STORED_AS)
    region_ids: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    choices: Answers = Field(default=(), exclude_if=is_empty)
    problems: tuple[str, ...] = ()
    skip_reason: str | None = Field(default=None, exclude_if=is_missing)
    decision: Decision | None = None

    @property
    def voter(self) -> str:
        """The author's name, or the address of somebody who is not of the campaign."""
        return self.person or self.email

    def is_in(self, inbox: Inbox) -> bool:
        """Whether it was given in this inbox."""
        mine = (self.campaign, self.phase, self.inbox_person)
        return mine == (inbox.campaign, inbox.phase, inbox.person)

    @property
    def is_clean(self) -> bool:
        """Submitted, and understood in full."""
        return self.outcome is Outcome.SUBMITTED and not self.problems


def current_votes(votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """The latest vote of each author on each task of each inbox, without the withdrawn ones.

    The inbox counts because the same image has the same task key in several inboxes: what a
    person writes into somebody else's inbox must not replace what he or she said in the own one.
    """
    latest = {
        (vote.campaign, vote.phase, vote.inbox_person, vote.task_key, vote.email): vote
        for vote in sorted(votes, key=age)
    }
    current = (latest[key] for key in sorted(latest))
    return tuple(vote for vote in current if vote.outcome is not Outcome.WITHDRAWN)


def age(vote: Vote) -> tuple[datetime, bool, str]:
    """The order of an author's votes; at the same instant a withdrawal comes after a vote."""
    return vote.submitted_at, vote.outcome is Outcome.WITHDRAWN, vote.vote_id
