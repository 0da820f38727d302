"""Accounts for simulated people, made the way real ones get theirs: by a link that works once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from farmy_assets.annotation.people import Role
from farmy_assets.errors import StudioError
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.errors import translated
from farmy_assets.label_studio.people import Invitation, People


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in, and the token that his or her own requests carry."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def invite(
    url: str,
    platform_token: str,
    *,
    passwords: Mapping[str, str],
    roles: Mapping[str, Role] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> dict[str, Account]:
    """Make sure that everybody has an account; called again, it signs in to what is there.

    Args:
        url: base address of Label Studio.
        platform_token: of the platform's own account: nobody else may invite.
        passwords: e-mail -> password (8 characters or more); the caller must know them again next
            time, e.g. by deriving them from a local secret.
        roles: e-mail -> role of a new account; an annotator where it is not named.
        transport: takes the place of the network in tests.

    Returns:
        E-mail -> account, in the order given.

    Raises:
        StudioError: an account exists with another password, or the server refused one.
        StudioUnavailableError: no answer.
    """
    url = url.rstrip("/")
    platform = Connection(url, platform_token, transport=transport)
    people = People(platform)
    accounts: dict[str, Account] = {}
    try:
        for email, password in passwords.items():
            invitation = people.invite(email, role=(roles or {}).get(email, Role.ANNOTATOR))
            if not invitation.is_new and not invitation.has_signed_in:
                invitation = people.reset(email)  # a killed run made the account, lost the link
            with translated(url, f"signing in {email}"):
                token = _sign_in(url, invitation, password, transport)
            accounts[email] = Account(email, password, token)
    finally:
        platform.close()
    return accounts


def _sign_in(
    url: str, invitation: Invitation, password: str, transport: httpx.BaseTransport | None
) -> str:
    """Choose a password where the link leads, or sign in with it; returns a token."""
    page = invitation.link or f"{url}/user/login/"
    with httpx.Client(base_url=url, timeout=60, transport=transport) as browser:
        page = str(browser.get(page, follow_redirects=True).raise_for_status().url)
        form = {
            "email": invitation.email,
            "password": password,
            "again": password,
            "csrfmiddlewaretoken": browser.cookies.get("csrftoken", ""),
        }
        answer = browser.post(page, data=form, headers={"Referer": page})
        if answer.status_code != httpx.codes.FOUND:  # a rejected form is shown again
            msg = (
                f"Label Studio at {url} did not let {invitation.email} in: the account has another "
                "password, or the password is too short. Give a new link with `farmy people invite "
                "ADDRESS --reset`, or start with a new data folder"
            )
            raise StudioError(msg)
        token = browser.get("/api/current-user/token").raise_for_status().json()["token"]
    return str(token)
