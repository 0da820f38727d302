"""Which campaigns an upload may name: those that were applied; any, before there is one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket

REMEMBERED_SECONDS = 30.0
AT_ONCE_SECONDS = 1.0  # so long does a new one wait at most


@dataclass
class KnownCampaigns:
    """The names of all campaigns, read now and then."""

    records: Bucket
    clock: Callable[[], float] = time.monotonic
    _names: list[str] = field(default_factory=list)
    _read_at: float | None = None

    def check(self, name: str) -> None:
        """Make sure that there is such a campaign; before there is any, every name will do.

        Raises:
            InvalidInputError: There is none; the text names the nearest one.
            LakeUnavailableError: The campaigns cannot be read just now.
        """
        for seconds in (REMEMBERED_SECONDS, AT_ONCE_SECONDS):
            names = self._at_most_old(seconds)
            if name in names:
                return
        if not names:
            return
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        meant = f": do you mean {near[0]}?" if near else ": ask whoever runs the platform"
        msg = f"campaign: there is no campaign {name}{meant}"
        raise InvalidInputError(msg)

    def _at_most_old(self, seconds: float) -> list[str]:
        now = self.clock()
        if self._read_at is None or now - self._read_at > seconds:
            listed = self.records.keys(keys.CAMPAIGNS)
            self._names, self._read_at = sorted({key.split("/")[1] for key in listed}), now
        return self._names
