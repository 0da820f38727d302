"""farmy studio: Label Studio and the records, compared."""

from typing import Annotated

import typer

from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, environment, open_lake, reports_errors
from farmy_assets.cli.output import print_json_lines, print_table
from farmy_assets.defs.inbox_repair import InboxRepair, StudioDrift
from farmy_assets.label_studio import Studio, StudioSettings

commands = typer.Typer(no_args_is_help=True, help="Label Studio, compared with the records.")


def open_studio() -> Studio:
    """This platform's Label Studio, as the platform itself sees it."""
    variables = environment()
    return Studio(
        StudioSettings.from_environment(
            variables, cleansed_bucket=variables["FARMY_CLEANSED_BUCKET"]
        )
    )


@commands.command("reconcile")
@reports_errors
def reconcile(
    campaign: Annotated[
        str, typer.Option("--campaign", help="One campaign; by default all of them.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look only; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a campaign.")] = False,
) -> None:
    """Compare Label Studio's inboxes with the records, both ways, and put right what differs.

    Missing tasks are put back, second ones without an answer removed; data, titles, label configs,
    settings and owners put right. No answer is deleted. What is left is for people to look at.
    """
    lake, studio = open_lake(), open_studio()
    names = [known_campaign(lake, campaign)] if campaign else lake.campaigns.names()
    studio.check()
    repair = InboxRepair(lake, studio, is_dry=dry_run)
    found = [repair.reconcile(lake.campaigns.named(name)) for name in names]
    if as_json:
        print_json_lines(drift.model_dump(mode="json") for drift in found)
        return
    _print(found)
    for drift in found:
        for text in drift.refused:
            console.print(f"{drift.campaign}: {text}", highlight=False, markup=False)
    lost = sum(drift.found["answers_lost_in_label_studio"] for drift in found)
    if lost:
        gone = f"{counted(lost, 'answer')} {verb(lost, 'is', 'are')} recorded, gone in Label Studio"
        console.print(
            f"{gone}; to put back: farmy votes restore CAMPAIGN", highlight=False, soft_wrap=True
        )


def _print(found: list[StudioDrift]) -> None:
    rows = [
        (drift.campaign, kind.replace("_", " "), count, drift.healed.get(kind, 0),
         "; ".join(drift.examples.get(kind, ())))
        for drift in found
        for kind, count in drift.found.items()
        if count
    ]  # fmt: skip
    if rows:
        columns = ("campaign", "difference", "found", "put right", "such as")
        print_table(columns, rows, numbers={"found", "put right"})
    inboxes, tasks = sum(d.inboxes for d in found), sum(d.tasks for d in found)
    said = "differences above" if rows else "no difference"
    console.print(f"{inboxes} inboxes with {tasks} tasks compared: {said}", highlight=False)
