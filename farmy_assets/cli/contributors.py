"""farmy contributors: who may upload from a phone."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

import typer

from farmy_assets.catalog.claims import parse_claims
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_table
from farmy_assets.local.settings import read_settings

commands = typer.Typer(no_args_is_help=True, help="Who may upload photographs from a phone.")

Name = Annotated[
    str, typer.Argument(help="A pseudonym with a digit in it, such as c-4711: no name, no e-mail.")
]


@commands.command("add")
@reports_errors
def add(
    contributor: Name,
    campaign: Annotated[str, typer.Option(help="Filled in on the page that the link opens.")] = "",
    page: Annotated[
        str, typer.Option(help="Where the upload page is; else the local platform's.")
    ] = "",
) -> None:
    """Make a token for a contributor, and a link with it to the upload page.

    The token is shown this once: only its hash is kept. Doing it again ends the older one.
    """
    parse_claims({"campaign": campaign})  # a wrong one would be found out in the field
    lake = open_lake()
    token = lake.contributors.give_token(contributor, now=datetime.now(UTC))
    page = page.rstrip("/") or read_settings().address("uploads")
    values = {"token": token, **({"campaign": campaign} if campaign else {})}
    typer.echo(token)
    console.print("Give this link to the contributor, and to nobody else; it is shown this once:",
                  highlight=False)  # fmt: skip
    console.print(f"{page}/#{urlencode(values)}", highlight=False, markup=False, soft_wrap=True)


@commands.command("list")
@reports_errors
def show() -> None:
    """Show every contributor, and since when the token is good or ended."""
    found = open_lake().contributors.all()
    if not found:
        console.print("no contributors yet: farmy contributors add c-1", highlight=False)
        return
    print_table(
        ("contributor", "token", "since"),
        [
            (
                one.contributor,
                "may upload" if one.token_sha256 else "revoked",
                f"{one.since.astimezone(UTC):%Y-%m-%d %H:%M %Z}",
            )
            for one in found
        ],
    )


@commands.command("revoke")
@reports_errors
def revoke(contributor: Name) -> None:
    """End a contributor's token, within half a minute; what was uploaded stays."""
    open_lake().contributors.revoke(contributor, now=datetime.now(UTC))
    console.print(f"{contributor} may not upload any more", highlight=False)
