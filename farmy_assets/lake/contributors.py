"""Who may upload: contributors by pseudonym, each with a token of which only a hash is kept.

A token is `<contributor>.<secret>`. The secret has 256 random bits, so a plain SHA-256 of it cannot
be searched through: a slow password hash would cost time at each request and add nothing.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import AwareDatetime

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.privacy import ContributorToken, contributor_token
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore

SECRET_BYTES = 32
TOKEN = re.compile(r"(?P<contributor>[A-Za-z0-9_-]{3,64})\.[A-Za-z0-9_-]{43}", re.ASCII)
REMEMBERED_SECONDS = 30.0  # the longest time that a revoked token still works
AT_ONCE_SECONDS = 1.0  # so long does a new one wait at most; a stranger costs no more reads
MOST_REMEMBERED = 10_000


class Contributor(Record):
    """A contributor; without a token hash, one whose token was revoked."""

    contributor: ContributorToken
    since: AwareDatetime
    token_sha256: Sha256 | None


def token_hash(token: str) -> str:
    """What is kept of a token: its SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class ContributorRepository:
    """The contributors' records, and what of them was read lately."""

    records: RecordStore
    clock: Callable[[], float] = time.monotonic
    _read: dict[str, tuple[float, str | None]] = field(default_factory=dict)

    def all(self) -> list[Contributor]:
        """All contributors, revoked ones included, by pseudonym."""
        return self.records.read_all(keys.contributor(), Contributor)

    def give_token(self, contributor: str, *, now: datetime) -> str:
        """A new token, returned only here and never stored; it replaces an older one.

        Raises:
            InvalidInputError: The pseudonym could be a name or an address.
        """
        token = f"{contributor_token(contributor)}.{secrets.token_urlsafe(SECRET_BYTES)}"
        self._keep(contributor, token_hash(token), now)
        return token

    def revoke(self, contributor: str, *, now: datetime) -> None:
        """End a contributor's token; the photographs stay.

        Raises:
            InvalidInputError: There is no such contributor.
        """
        if self.records.find(keys.contributor(contributor_token(contributor)), Contributor) is None:
            msg = f"there is no contributor {contributor}: `farmy contributors list` shows all"
            raise InvalidInputError(msg)
        self._keep(contributor, None, now)

    def proven_by(self, authorization: str) -> str | None:
        """The contributor that an `Authorization` header proves; None when it proves nobody.

        Args:
            authorization: The header's value, as a stranger sent it.

        Raises:
            LakeUnavailableError: The contributors cannot be read just now.
        """
        scheme, _, token = authorization.partition(" ")
        match = TOKEN.fullmatch(token)
        if scheme.lower() != "bearer" or match is None:
            return None
        contributor = match["contributor"]
        for seconds in (REMEMBERED_SECONDS, AT_ONCE_SECONDS):
            # An unknown contributor takes as long as a wrong secret.
            kept = self._hash_of(contributor, seconds) or "0" * 64
            if hmac.compare_digest(kept, token_hash(token)):
                return contributor
        return None

    def _hash_of(self, contributor: str, seconds: float) -> str | None:
        """The hash of the contributor's token, as it was at most so long ago."""
        now = self.clock()
        read_at, kept = self._read.get(contributor, (None, None))
        if read_at is None or now - read_at > seconds:
            found = self.records.find(keys.contributor(contributor), Contributor)
            kept = found.token_sha256 if found else None
            if len(self._read) >= MOST_REMEMBERED:  # strangers can think up names without end
                self._read.clear()
            self._read[contributor] = (now, kept)
        return kept

    def _keep(self, contributor: str, digest: str | None, now: datetime) -> None:
        record = Contributor(contributor=contributor, since=now, token_sha256=digest)
        self.records.replace(keys.contributor(contributor), record)
        self._read.pop(contributor, None)
