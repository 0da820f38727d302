"""Who has an account in Label Studio, and the way in: a link that works once.

Label Studio's own invitation lets whoever has it choose any address, and its API makes accounts
that nobody can sign in to. The gate (`gate/`) makes them, for the platform alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from farmy_assets.annotation.people import Role, parse_email
from farmy_assets.catalog.wording import nearest
from farmy_assets.errors import InvalidInputError, StudioError, StudioUnavailableError
from farmy_assets.label_studio.connection import Connection

_PEOPLE = "/farmy/people/"


@dataclass(frozen=True)
class Account:
    """Somebody who can be given work.

    Attributes:
        email: in lower case.
        name: as the invitation had it; may be empty.
        role: what the account is for; None for the platform's own.
        has_signed_in: whether a password was ever chosen and used.
    """

    email: str
    name: str
    role: Role | None
    has_signed_in: bool


@dataclass(frozen=True)
class Invitation:
    """What came of inviting somebody.

    Attributes:
        email: in lower case.
        role: the account's; an account that was there before keeps its own.
        is_new: whether the account was made now.
        has_signed_in: whether the person has signed in before.
        link: where the person chooses a password, once; None when the account was there before.
        valid_until: when the link ends; None without one.
    """

    email: str
    role: Role | None
    is_new: bool
    has_signed_in: bool
    link: str | None = field(default=None, repr=False)
    valid_until: datetime | None = None


class People:
    """The accounts of one Label Studio.

    Every method may raise `StudioUnavailableError` (later may help) or `StudioError` (a refusal).

    Args:
        connection: with the platform's own token: the gate lets nobody else do this.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def accounts(self) -> tuple[Account, ...]:
        """Everybody who has an account, by address."""
        rows = self._connection.get(_PEOPLE, doing="listing people")
        found = [
            Account(row["email"], row["name"], _role(row), bool(row["has_signed_in"]))
            for row in rows
        ]
        return tuple(sorted(found, key=lambda account: account.email))

    def invite(self, email: str, *, role: Role, name: str | None = None) -> Invitation:
        """Make an account with a link for its first sign-in; one that is there stays as it is.

        Raises:
            InvalidInputError: it is no address.
        """
        body = {"email": parse_email(email), "role": role.value, "name": name or ""}
        return self._invitation(self._connection.post(_PEOPLE, body, doing=f"inviting {email}"))

    def reset(self, email: str) -> Invitation:
        """A new link; the password, sessions and tokens that the account had are ended.

        Raises:
            InvalidInputError: it is no address, or nobody has it.
        """
        body = {"email": parse_email(email)}
        return self._change("reset", body, doing=f"making a new link for {email}")

    def set_role(self, email: str, role: Role) -> Invitation:
        """Change what an account is for, from the next request on.

        Raises:
            InvalidInputError: it is no address, or nobody has it.
        """
        body = {"email": parse_email(email), "role": role.value}
        return self._change("role", body, doing=f"changing the role of {email}")

    def _change(self, what: str, body: Mapping[str, str], *, doing: str) -> Invitation:
        try:
            return self._invitation(self._connection.post(f"{_PEOPLE}{what}/", body, doing=doing))
        except StudioUnavailableError:
            raise
        except StudioError:
            self._check_known(body["email"])  # an address that is not known is the usual cause
            raise

    def _check_known(self, email: str) -> None:
        known = [account.email for account in self.accounts()]
        if email.casefold() not in {address.casefold() for address in known}:
            near = nearest(email, known)
            meant = f"did you mean {near}?" if near else f"farmy people invite {email}"
            msg = f"nobody has an account with the address {email}: {meant}"
            raise InvalidInputError(msg)

    def _invitation(self, row: Mapping[str, Any]) -> Invitation:
        path, until = row.get("link"), row.get("valid_until")
        return Invitation(
            email=row["email"],
            role=_role(row),
            is_new=bool(row["is_new"]),
            has_signed_in=bool(row["has_signed_in"]),
            link=f"{self._connection.url}{path}" if path else None,
            valid_until=datetime.fromisoformat(until) if until else None,
        )


def _role(row: Mapping[str, Any]) -> Role | None:
    return Role(row["role"]) if row["role"] else None
