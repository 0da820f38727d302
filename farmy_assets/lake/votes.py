"""Votes: what people answered, and the state of the inboxes that the votes were copied from.

Votes are only ever added: a stored vote is never changed or deleted.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.numbered_log import NumberedLog
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
    """The state of a campaign's inboxes just before their votes were last copied.

    Attributes:
        campaign: The campaign.
        inboxes: Of each inbox that was read to its end, how it looked then.
        read_up_to: Inbox key to the time, by Label Studio's clock, at which it was last read to its
            end; missing where no time was told.
        begun: Inbox key to the change up to which it was read, of those that were begun alone.
        clock_ahead_s: How far Label Studio's clock was ahead of ours, in seconds.
    """

    campaign: str
    inboxes: dict[str, InboxState]
    read_up_to: dict[str, AwareDatetime] = Field(default_factory=dict)
    begun: dict[str, AwareDatetime] = Field(default_factory=dict)
    clock_ahead_s: float | None = None

    def to_json(self) -> bytes:
        """The record as JSON; what is not known is left out."""
        return self.model_dump_json(indent=1, exclude_defaults=True).encode()


@dataclass(frozen=True)
class VoteRepository:
    """Reads and adds votes, and keeps the state of the inboxes that they were copied from.

    Votes are added to a numbered log. Objects that older versions named by a digest are read too.
    """

    records: RecordStore

    def all(self, campaign: str) -> tuple[Vote, ...]:
        """Every vote of a campaign once, however often it was copied, in the order of their ids.

        Reads all of them: for people and for the query layer.
        """
        lines = self.records.read_lines(keys.votes(campaign), Vote)
        by_id = {vote.vote_id: vote for vote in lines}
        return tuple(by_id[vote_id] for vote_id in sorted(by_id))

    def log(self, campaign: str) -> NumberedLog:
        """The numbered objects that votes are added to."""
        return NumberedLog(self.records.bucket, partial(keys.vote_log, campaign))

    def numbered(self, campaign: str, numbers: Iterable[int]) -> Iterator[Vote]:
        """The votes in these objects of the log."""
        return self.records.lines((keys.vote_log(campaign, n) for n in numbers), Vote)

    def older_objects(self, campaign: str) -> list[str]:
        """The keys of objects that older versions wrote; they sort before the log's."""
        first = keys.vote_log(campaign, 0)
        return list(
            takewhile(lambda key: key < first, self.records.bucket.keys(keys.votes(campaign)))
        )

    def in_objects(self, found: Iterable[str]) -> Iterator[Vote]:
        """The votes in objects with these keys."""
        return self.records.lines(found, Vote)

    def add(self, campaign: str, votes: Sequence[Vote], *, after: int = 0) -> None:
        """Add votes for good; those that the log has behind `after` are not added again.

        Args:
            campaign: Their campaign.
            votes: What is new.
            after: Up to which number of the log the caller knows all votes.
        """
        left = {vote.vote_id: vote for vote in votes}

        def learn(content: bytes) -> None:
            for vote in self.records.parsed_lines(keys.votes(campaign), content, Vote):
                left.pop(vote.vote_id, None)

        def content() -> bytes | None:
            lines = (left[vote_id].model_dump_json().encode() + b"\n" for vote_id in sorted(left))
            return b"".join(lines) or None

        if votes:
            log = self.log(campaign)
            log.append(after=after, content=content, learn=learn, media_type="application/x-ndjson")

    def copied(self, campaign: str) -> CopiedInboxes:
        """The state of the inboxes when votes were last copied; empty before the first copy."""
        found = self.records.find(keys.copied_inboxes(campaign), CopiedInboxes)
        return found or CopiedInboxes(campaign=campaign, inboxes={})

    def write_copied(self, copied: CopiedInboxes) -> None:
        """Note that all votes up to this state of the inboxes are recorded."""
        self.records.replace(keys.copied_inboxes(copied.campaign), copied)
