"""Whether the people of a campaign file can sign in, and inviting those who cannot yet."""

import sys
from collections.abc import Iterable

import typer

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.people import Role, similar_addresses
from farmy_assets.catalog.wording import listed
from farmy_assets.cli.context import console
from farmy_assets.cli.people import open_people
from farmy_assets.errors import InvalidInputError, StudioError, StudioUnavailableError
from farmy_assets.label_studio.people import People


def roles_of(campaign: Campaign) -> dict[str, Role]:
    """Address to role of everybody in a campaign; an adjudicator decides conflicts."""
    others = (*campaign.annotators, *campaign.triagers)
    found = {person.email: Role.ANNOTATOR for person in others}
    deciding = (campaign.adjudicator, *campaign.reviewers)
    return found | {person.email: Role.ADJUDICATOR for person in deciding}


class Accounts:
    """Who of a campaign has an account; all of it stays unknown while Label Studio is away.

    Args:
        campaign: As its file has it.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._roles = roles_of(campaign)
        self._people: People | None = None
        self._known: set[str] = set()
        try:
            people = open_people()
            self._known = {account.email for account in people.accounts()}
            self._people = people
        except StudioUnavailableError:
            _say("accounts could not be checked: Label Studio does not answer")
        except (StudioError, InvalidInputError) as error:
            _say(f"accounts could not be checked: {error}")

    @property
    def lacking(self) -> list[str]:
        """The addresses without an account; none while that is unknown."""
        return sorted(self._roles.keys() - self._known) if self._people else []

    @property
    def doubtful(self) -> dict[str, list[str]]:
        """Of those the ones that look like an address with an account, and which it is."""
        found = {email: similar_addresses(email, self._known) for email in self.lacking}
        return {email: similar for email, similar in found.items() if similar}

    def question(self) -> None:
        """Ask about addresses that may be slips; only say so where nobody can answer.

        Raises:
            InvalidInputError: The person says that they are slips.
        """
        for email, similar in self.doubtful.items():
            _say(f"{email} has no account, and looks like {listed(similar)}, which has one")
            if _is_terminal() and not typer.confirm("Is it somebody else?", err=True):
                msg = f"nothing was applied; correct {email} in the campaign file"
                raise InvalidInputError(msg)

    def report_missing(self, *, invite: bool) -> None:
        """List people without an account; invite them with `invite`, or after confirmation."""
        lacking = self.lacking
        if not lacking or self._people is None:
            return
        _say(f"without an account: {listed(lacking)}")
        sure = [email for email in lacking if _is_terminal() or email not in self.doubtful]
        if not invite and _is_terminal():
            invite = typer.confirm("Invite them now?", err=True)
        if invite:
            self._invite(self._people, sure)
            lacking = [email for email in lacking if email not in sure]
        for email in lacking:
            _say(f"to invite: farmy people invite {email} --role {self._roles[email].value}")

    def _invite(self, people: People, emails: Iterable[str]) -> None:
        for email in emails:
            try:
                made = people.invite(email, role=self._roles[email])
            except StudioError as error:
                _say(f"{email} could not be invited: {error}")
                continue
            if made.link:
                until = f" (until {made.valid_until:%Y-%m-%d %H:%M %Z})" if made.valid_until else ""
                typer.echo(f"{email}: {made.link}{until}")


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _say(line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
