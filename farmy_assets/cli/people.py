"""farmy people: who can sign in to Label Studio, and links for new accounts."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from farmy_assets.annotation.people import Role, parse_email, similar_addresses
from farmy_assets.cli.context import console, environment, reports_errors
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.label_studio.people import Invitation, People

commands = typer.Typer(
    no_args_is_help=True, help="Who can sign in to label; links for new accounts."
)

_WIDE = 400

Email = Annotated[str, typer.Argument(help="The person's e-mail address, as the campaign has it.")]


def open_people() -> People:
    """The accounts of this platform's Label Studio."""
    variables = environment()
    settings = StudioSettings.from_environment(
        variables, cleansed_bucket=variables["FARMY_CLEANSED_BUCKET"]
    )
    return Studio(settings).people


@commands.command("invite")
@reports_errors
def invite(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the account is for.")] = Role.ANNOTATOR,
    name: Annotated[str, typer.Option(help="Shown beside the address in Label Studio.")] = "",
    reset: Annotated[
        bool,
        typer.Option("--reset", help="A new link; ends the password, sessions and tokens."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask about an address like an existing one.")
    ] = False,
) -> None:
    """Make an account, and print a link with which the person chooses a password, once.

    The link goes to standard output. Inviting somebody again changes nothing and says what stands.
    """
    people, address = open_people(), parse_email(email)
    if reset:
        _show(people.reset(address))
        return
    known = [account.email for account in people.accounts()]
    if address not in known and not yes:
        _ask_about_similar(address, known)
    _show(people.invite(address, role=role, name=name or None))


@commands.command("role")
@reports_errors
def change_role(
    email: Email, role: Annotated[Role, typer.Argument(help="What the account is for.")]
) -> None:
    """Change what an account is for, from the next click on."""
    changed = open_people().set_role(parse_email(email), role)
    console.print(f"{changed.email} is {_role_name(changed.role)} now", highlight=False)


@commands.command("list")
@reports_errors
def show(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Show who has an account, what for, and whether the person has signed in."""
    accounts = open_people().accounts()
    if as_json:
        for account in accounts:
            row = {
                "email": account.email,
                "name": account.name,
                "role": account.role.value if account.role else "platform",
                "has_signed_in": account.has_signed_in,
            }
            typer.echo(json.dumps(row))
        return
    table = Table("address", "name", "role", "signed in", box=None, pad_edge=False)
    for account in accounts:
        state = "yes" if account.has_signed_in else "not yet"
        role = account.role.value if account.role else "platform"
        table.add_row(account.email, account.name, role, state)
    # As wide as its longest row: a result is not folded where nobody sees it.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _ask_about_similar(address: str, known: list[str]) -> None:
    similar = similar_addresses(address, known)
    if not similar:
        return
    question = f"{address} is like {', '.join(similar)}, who has an account. Is it somebody else?"
    try:
        is_another = typer.confirm(question, err=True)
    except typer.Abort:
        console.print()  # the question has no end of line yet
        is_another = False
    if not is_another:
        msg = f"nobody was invited; `farmy people invite {address} --yes` does it without asking"
        raise InvalidInputError(msg)


def _show(invitation: Invitation) -> None:
    who = f"{invitation.email} ({_role_name(invitation.role)})"
    if invitation.link is None:
        state = "has signed in" if invitation.has_signed_in else "has not signed in yet"
        console.print(
            f"{who} has an account already, and {state}; a new link: "
            f"farmy people invite {invitation.email} --reset",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
        return
    console.print(
        f"Give this link to {who}, and to nobody else. It works once, until "
        f"{invitation.valid_until:%Y-%m-%d %H:%M} UTC, and is shown this once:",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip
    typer.echo(invitation.link)


def _role_name(role: Role | None) -> str:
    return {
        Role.ANNOTATOR: "an annotator",
        Role.ADJUDICATOR: "an adjudicator",
        Role.LEAD: "a lead",
        None: "the platform",
    }[role]
