"""Votes: what people answered, and the state of the inboxes that the votes were copied from.

Votes are only ever added: a stored vote is never changed or deleted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import AwareDatetime

from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


class InboxState(Record):
    """The state of an inbox when its votes were last copied.

    A killed Label Studio can hold an answer that its other counters miss; `answers` has it.
    """

    changed_at: AwareDatetime | None
    tasks: int
    annotations: int
    finished: int
    answers: int


class CopiedInboxes(Record):
    """The state of a campaign's inboxes just before their votes were last copied."""

    campaign: str
    inboxes: dict[str, InboxState]


@dataclass(frozen=True)
class VoteRepository:
    """Reads and adds votes, and keeps the state of the inboxes that they were copied from."""

    records: RecordStore

    def all(self, campaign: str) -> tuple[Vote, ...]:
        """Every vote of a campaign once, however often it was copied, in the order of their ids."""
        lines = self.records.read_lines(keys.votes(campaign), Vote)
        by_id = {vote.vote_id: vote for vote in lines}
        return tuple(by_id[vote_id] for vote_id in sorted(by_id))

    def add(self, campaign: str, votes: Sequence[Vote]) -> None:
        """Add votes; adding the same ones again changes nothing."""
        if votes:
            ordered = sorted(votes, key=lambda vote: vote.vote_id)
            digest = hashlib.sha256("".join(v.vote_id for v in ordered).encode()).hexdigest()
            self.records.append_lines(keys.votes(campaign, digest[:32]), ordered)

    def copied(self, campaign: str) -> CopiedInboxes:
        """The state of the inboxes when votes were last copied; empty before the first copy."""
        found = self.records.find(keys.copied_inboxes(campaign), CopiedInboxes)
        return found or CopiedInboxes(campaign=campaign, inboxes={})

    def write_copied(self, copied: CopiedInboxes) -> None:
        """Note that all votes up to this state of the inboxes are recorded."""
        self.records.replace(keys.copied_inboxes(copied.campaign), copied)
