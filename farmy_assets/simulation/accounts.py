"""Accounts for simulated people, made the way real ones get theirs: by the invite link."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from farmy_assets.errors import StudioError
from farmy_assets.studio.connection import Connection
from farmy_assets.studio.errors import translated


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in, and the token that his or her own requests carry."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def invite(
    url: str,
    admin_token: str,
    *,
    passwords: Mapping[str, str],
    transport: httpx.BaseTransport | None = None,
) -> dict[str, Account]:
    """Make sure that everybody has an account; called again, it signs in to what is there.

    Args:
        url: base address of Label Studio.
        admin_token: of any existing user: the link is the organization's.
        passwords: e-mail -> password (8 characters or more); the caller must know them again next
            time, e.g. by deriving them from a local secret.
        transport: takes the place of the network in tests.

    Returns:
        E-mail -> account, in the order given.

    Raises:
        StudioError: an account exists with another password, or the server refused a sign-up.
        StudioUnavailableError: no answer.
    """
    url = url.rstrip("/")
    admin = Connection(url, admin_token, transport=transport)
    link = admin.get("/api/invite", doing="asking for the invite link")["invite_url"]
    known = {user["email"].lower() for user in admin.get("/api/users/", doing="listing people")}
    admin.close()
    accounts: dict[str, Account] = {}
    for email, password in passwords.items():
        page = "/user/login/" if email.lower() in known else link
        with translated(url, f"signing in {email}"):
            token = _sign_in(url, page, email, password, transport)
        accounts[email] = Account(email, password, token)
    return accounts


def _sign_in(
    url: str, page: str, email: str, password: str, transport: httpx.BaseTransport | None
) -> str:
    """Fill in the form on a page (sign-up or login: both have the same fields); returns a token."""
    with httpx.Client(base_url=url, timeout=60, transport=transport) as browser:
        browser.get(page).raise_for_status()
        form = {
            "email": email,
            "password": password,
            "csrfmiddlewaretoken": browser.cookies.get("csrftoken", ""),
        }
        answer = browser.post(page, data=form, headers={"Referer": f"{url}{page}"})
        if answer.status_code != httpx.codes.FOUND:  # a rejected form is shown again, with a 200
            msg = (
                f"Label Studio at {url} did not let {email} in: the account has another password, "
                "or the password is too short. Start with a new data folder, or correct it"
            )
            raise StudioError(msg)
        token = browser.get("/api/current-user/token").raise_for_status().json()["token"]
    return str(token)
