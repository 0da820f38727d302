"""farmy duplicates: which photographs were left out as copies, and how to get one back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from itertools import groupby
from typing import Annotated

import typer

from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, environment, open_lake, reports_errors
from farmy_assets.cli.output import print_json_lines, print_result
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow.duplicate_rulings import DuplicateRulings
from farmy_assets.workflow.policy_file import read_policy

commands = typer.Typer(no_args_is_help=True, help="See duplicates, and get one back.")

Images = Annotated[list[str], typer.Argument(help="Image ids, as `farmy duplicates list` shows.")]
By = Annotated[
    str, typer.Option(help="Who says so: an e-mail address; by default who is signed in here.")
]
In = Annotated[
    str,
    typer.Option("--campaign", help="In which campaign; by default in that which each came for."),
]
Why = Annotated[str, typer.Option(help="The reason, for those who come later.")]


@commands.command("list")
@reports_errors
def show(
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show each photograph that was kept, with those that were left out as its copies."""
    lake = open_lake()
    # Photographs may come before their campaign is opened, and be checked.
    found = DuplicateRulings.of(lake).duplicates(campaign)
    if as_json and found:
        print_json_lines(item.model_dump(mode="json") for item in found)
        return
    if not found:
        console.print(f"campaign {campaign} has no duplicates", highlight=False)
        known_campaign(lake, campaign)
    for kept, copies in groupby(found, key=lambda item: item.duplicate_of):
        print_result(f"kept: {kept}")
        for copy in copies:
            how = copy.detail or ", ".join(copy.reasons)
            print_result(f"  left out: {copy.image_id} ({how})")


@commands.command("restore")
@reports_errors
def restore(
    images: Annotated[
        list[str] | None, typer.Argument(help="Image ids, as `farmy duplicates list` shows.")
    ] = None,
    by: By = "",
    why: Why = "",
    campaign: In = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All that was left out for other campaigns' photographs.")
    ] = False,
) -> None:
    """Mark photographs as not being duplicates: they go on to annotation as well.

    With --campaign NAME --all: all photographs of a campaign that an earlier version left out
    because another campaign has them. Copies within the campaign itself stay out, by the thresholds
    of the file that FARMY_CLEANSING_POLICY names, as for the platform.
    """
    if everything == bool(images) or (everything and not campaign):
        msg = "give image ids, or --campaign NAME --all"
        raise InvalidInputError(msg)
    lake = open_lake()
    rulings, by, now = DuplicateRulings.of(lake), by or getuser(), datetime.now(UTC)
    if not everything:
        batches = rulings.restore(images or [], by=by, why=why, now=now, campaign=campaign)
        _report(images or [], "goes on to annotation", batches)
        return
    name = "FARMY_CLEANSING_POLICY"
    policies = read_policy(environment().get(name, ""), named_by=name)
    found = rulings.restore_all(campaign, policies=policies, by=by, why=why, now=now)
    if not found.others:
        known_campaign(lake, campaign)
        typer.echo(f"no photograph of {campaign} is left out because another campaign has it")
        return
    campaigns = ", ".join(f"{name} ({count})" for name, count in found.others.items())
    typer.echo(f"{counted(len(found.taken_in), 'photograph')} taken in, known from {campaigns}")
    if found.copies:
        stay = verb(len(found.copies), "stays", "stay")
        typer.echo(f"{counted(len(found.copies), 'copy', 'copies')} within {campaign} {stay} out")
    typer.echo(f"to be cleansed anew, by the sensor: {', '.join(found.batches)}")


@commands.command("exclude")
@reports_errors
def exclude(images: Images, by: By = "", why: Why = "", campaign: In = "") -> None:
    """Say that restored photographs are duplicates after all."""
    rulings, now = DuplicateRulings.of(open_lake()), datetime.now(UTC)
    by = by or getuser()
    batches = rulings.exclude(images, by=by, why=why, now=now, campaign=campaign)
    _report(images, "is left out again", batches)


def _report(images: Sequence[str], what: str, batches: Sequence[str]) -> None:
    for image_id in images:
        console.print(f"{image_id} {what}", highlight=False, soft_wrap=True)
    console.print(f"to be cleansed anew, by the sensor: {', '.join(batches)}",
                  highlight=False, soft_wrap=True)  # fmt: skip
