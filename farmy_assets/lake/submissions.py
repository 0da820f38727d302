"""Submissions, word for word: written once, before the votes that were read from them.

Each object holds those of one run, packed; its key says between which times they were given, so
that the submission of a vote is found by reading few objects.
"""

import gzip
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from farmy_assets.annotation.submissions import Submission
from farmy_assets.annotation.votes import Vote
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore

_TIME = "%Y%m%dT%H%M%S%f"
_DIGITS = 16
_EARLIEST, _LATEST = range(2)


@dataclass(frozen=True)
class SubmissionRepository:
    """Adds and finds submissions; none is ever changed or deleted."""

    records: RecordStore

    def add(self, campaign: str, submissions: Sequence[Submission]) -> None:
        """Keep submissions for good; adding the same ones again changes nothing."""
        if not submissions:
            return
        ordered = sorted(submissions, key=lambda each: each.vote_id)
        lines = b"".join(each.model_dump_json().encode() + b"\n" for each in ordered)
        times = [each.submitted_at.astimezone(UTC) for each in ordered]
        name = "-".join(
            (
                f"{min(times):{_TIME}}",
                f"{max(times):{_TIME}}",
                hashlib.sha256(lines).hexdigest()[:_DIGITS],
            )
        )
        self.records.bucket.put_once(
            keys.submissions(campaign, name),
            gzip.compress(lines, mtime=0),
            media_type="application/gzip",
        )

    def find(self, campaign: str, votes: Iterable[Vote]) -> dict[str, Submission]:
        """The submissions behind some votes, by the votes' ids.

        Votes that an older version copied have none. Costs one listing, and the objects that were
        written for the times of these votes.
        """
        wanted = {vote.vote_id: vote.submitted_at.astimezone(UTC) for vote in votes}
        found: dict[str, Submission] = {}
        prefix = keys.submissions(campaign)
        for key in list(self.records.bucket.keys(prefix)) if wanted else ():
            first, last = _span(key.removeprefix(prefix))
            if not any(first <= at <= last for at in wanted.values()):
                continue
            lines = gzip.decompress(self.records.bucket.get(key))
            for each in self.records.parsed_lines(key, lines, Submission):
                if each.vote_id in wanted:
                    found[each.vote_id] = each
        return found


def _span(name: str) -> tuple[datetime, datetime]:
    """The times in a key; of a foreign object a span that holds nothing."""
    try:
        parts = name.split("-")
        first, last = (
            datetime.strptime(parts[part], _TIME).replace(tzinfo=UTC)
            for part in (_EARLIEST, _LATEST)
        )
    except (ValueError, IndexError):
        return datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    return first, last
