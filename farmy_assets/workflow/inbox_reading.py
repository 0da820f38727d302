"""From where on an inbox is read, so that no change is missed: not by a clock that was set either.

What Label Studio changed last it shows by its own clock. As long as that clock runs evenly, changes
since the last look are those after it, less a little. When it was set (or ours, or Label Studio
itself was set back to a backup), what was changed since cannot be told by time: the inbox is read
whole, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from farmy_assets.label_studio.connection import ServerClock
from farmy_assets.lake.votes import CopiedInboxes, InboxState

OVERLAP = timedelta(seconds=30)
"""Looked at again, for answers committed out of order."""
_EVEN_S = 15.0
"""Two clocks whose difference changes by more than this were not both left alone."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every change."""


@dataclass(frozen=True)
class ReadingPlan:
    """How the inboxes of a campaign are read in one pass.

    Attributes:
        before: What was noted after the last pass.
        clock: Label Studio's clock now; None when it told no time, so that nothing is known of it.
    """

    before: CopiedInboxes
    clock: ServerClock | None

    @property
    def is_clock_set(self) -> bool:
        """Whether a clock was set, Label Studio's or ours, since the last pass."""
        if self.clock is None:
            return False
        known, ahead_s = self.before.clock_ahead_s, self.clock_ahead_s
        has_jumped = known is not None and ahead_s is not None and abs(ahead_s - known) > _EVEN_S
        latest = max(self.before.read_up_to.values(), default=None)
        return has_jumped or (latest is not None and latest > self.clock.there + OVERLAP)

    @property
    def clock_ahead_s(self) -> float | None:
        """How far Label Studio's clock is ahead of ours, in seconds."""
        return (self.clock.there - self.clock.here).total_seconds() if self.clock else None

    @property
    def trusted_until(self) -> datetime | None:
        """Recorded times after this are not compared with the present ones; None trusts all."""
        if self.clock is None:
            return None
        return EARLIEST if self.is_clock_set else self.clock.there + OVERLAP

    def is_quiet(self, key: str, seen: Mapping[str, InboxState]) -> bool:
        """Whether an inbox is as it was copied, and was quiet for a while by then.

        Before that, an edit committed out of order could have been missed. An inbox with a change
        in Label Studio's future is never quiet: its later changes do not show.
        """
        copied = self.before.inboxes
        before = copied.get(key)
        if before is None or seen.get(key) != before or self.is_clock_set:
            return False
        latest = max((s.changed_at for s in copied.values() if s.changed_at), default=None)
        if before.changed_at is None or latest is None:
            return True
        if self.clock and before.changed_at > self.clock.there + OVERLAP:
            return False
        return latest - before.changed_at >= OVERLAP

    def since(self, key: str, seen: InboxState | None) -> datetime | None:
        """From when on an inbox is read; None for all of it.

        Args:
            key: The inbox.
            seen: How it looks now, where that is known.
        """
        before, read = self.before.inboxes.get(key), self.before.read_up_to.get(key)
        if self.is_clock_set:
            return None
        if key in self.before.begun:
            return self.before.begun[key]
        if before is None:
            return None
        if before.changed_at is None or (seen and _is_set_back(seen, before)):
            return None
        return min(before.changed_at, read or before.changed_at) - OVERLAP

    def read_before(self, key: str, since: datetime | None) -> datetime:
        """Up to which change an inbox was read before; what is read again does not count as new.

        Args:
            key: The inbox.
            since: From when on it is read now.
        """
        if since is None:
            return EARLIEST
        before = self.before.inboxes.get(key)
        return (before.changed_at if before else None) or since

    def noted(
        self, seen: Mapping[str, InboxState], *, parts: Mapping[str, datetime]
    ) -> CopiedInboxes:
        """What is to be noted after the pass.

        Args:
            seen: How the inboxes looked just before it.
            parts: Those that were not read to their end, with the change up to which they were;
                of one that was not begun, the earliest time there is.
        """
        read = {key: at for key, at in self.before.read_up_to.items() if key in seen}
        if self.clock:
            whole = (key for key in seen if key not in parts and not self.is_quiet(key, seen))
            read |= dict.fromkeys(whole, self.clock.there)
        return CopiedInboxes(
            campaign=self.before.campaign,
            inboxes={key: state for key, state in seen.items() if key not in parts},
            read_up_to={key: read[key] for key in sorted(read)},
            begun={key: parts[key] for key in sorted(parts)},
            clock_ahead_s=self.clock_ahead_s,
        )


def _is_set_back(seen: InboxState, before: InboxState) -> bool:
    """Whether the newest change that was seen is not there any more."""
    if before.changed_at is None:
        return False
    return seen.changed_at is None or seen.changed_at < before.changed_at
