"""farmy campaign: open a campaign, change it, choose its images again, see how far it is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.campaign_changes import described_changes
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cli.accounts import Accounts
from farmy_assets.cli.campaign_agreement import agreement
from farmy_assets.cli.campaign_include import include
from farmy_assets.cli.campaign_names import known_campaign, unknown_campaign
from farmy_assets.cli.campaign_page import page
from farmy_assets.cli.campaign_predictions import show_use
from farmy_assets.cli.campaign_preview import preview_lines
from farmy_assets.cli.campaign_reopen import reopen
from farmy_assets.cli.campaign_status import status_lines
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.text_files import read_text
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.label_configs import made_config
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import campaigns
from farmy_assets.workflow.campaign_status import campaign_status
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.selection import choose_again, preview

commands = typer.Typer(no_args_is_help=True, help="Open, change and watch annotation campaigns.")


@commands.command("apply")
@reports_errors
def apply(
    file: Annotated[Path, typer.Argument(help="The campaign's YAML file.")],
    invite: Annotated[
        bool, typer.Option("--invite", help="Invite those who have no account, without asking.")
    ] = False,
    only_preview: Annotated[
        bool,
        typer.Option("--preview", help="Only say what would change, with counts; store nothing."),
    ] = False,
) -> None:
    """Open a campaign, or change its rules: each change makes a new version.

    The file's `regions` says what is drawn: box, rotated_box, polygon, mask, keypoint; `choices`
    and `attributes` say what is asked of images and of regions. A class can get another name (with
    the same id), take in others (`merges: [3]`), be replaced by others (`split_into: [6, 7]`) or be
    `retired: true`; old votes stay as they are and follow.

    Cleansed images that wait for the campaign are given out without another command. What people
    who are named no more have not answered goes to the others. Says what changed, how many images
    the campaign's query would choose now, and who has no account in Label Studio yet.
    """
    wanted = parse_campaign(read_text(file))
    lake = open_lake()
    before = lake.campaigns.current(wanted.name)
    campaigns.check(lake, wanted)
    if only_preview:
        preview_lines(lake, before, wanted)
        _tell_choice(lake, wanted)
        return
    accounts = Accounts(wanted)
    accounts.question()
    _tell_choice(lake, wanted)
    stored = campaigns.apply(lake, wanted)
    is_news = before is None or before.version != stored.version
    typer.echo(
        f"campaign {stored.name}, version {stored.version}: {'applied' if is_news else 'unchanged'}"
        f"; {counted(len(stored.classes), 'class', 'classes')}, "
        f"{counted(len(stored.annotators), 'annotator')}, {stored.overlap_share:.0%} given to "
        f"{stored.overlap} people"
    )
    if is_news:
        for line in described_changes(before, stored) if before else ():
            typer.echo(f"  {line}")
        typer.echo(_holds_from(lake, before, stored))
    accounts.report_missing(invite=invite)


@commands.command("config")
@reports_errors
def config(file: Annotated[Path, typer.Argument(help="The campaign's YAML file.")]) -> None:
    """Print the Label Studio interface that is made from a campaign's file, as XML.

    Changed, it can be given in the file as `label_config: |`: headings, columns, keys and sizes are
    free; controls, their names and their classes stay as the file's other fields say.
    """
    typer.echo(made_config(parse_campaign(read_text(file)), Phase.ANNOTATION))


@commands.command("status")
@reports_errors
def status(
    name: Annotated[str | None, typer.Argument(help="Only this campaign.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show how far each campaign is: images, people and their speed, what prevents a release."""
    lake, now = open_lake(), datetime.now(UTC)
    names = lake.campaigns.names()
    if name is not None and name not in names:
        raise InvalidInputError(unknown_campaign(name, names))
    found = [campaign_status(lake, n, now=now) for n in ([name] if name else names)]
    if as_json:
        typer.echo(json.dumps([item.model_dump(mode="json") for item in found], indent=1))
        return
    if not found:
        console.print("no campaign yet: farmy campaign apply FILE")
    for number, item in enumerate(found):
        if number:
            typer.echo()
        for line in status_lines(item):
            typer.echo(line)


@commands.command("choose")
@reports_errors
def choose(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    again: Annotated[
        bool, typer.Option("--again", help="Give out what the query chooses now besides.")
    ] = False,
) -> None:
    """Tell what the campaign's query would choose now, of batches that are done as well.

    With --again its new images are given out. What was given out stays given out, and doing it
    twice gives nothing twice; each batch's record names the queries that were asked of it.
    """
    lake = open_lake()
    campaign, sets = lake.campaigns.named(known_campaign(lake, name)), lake.cleansed_sets.all(name)
    if not campaign.image_query:
        typer.echo(f"{name} has no image_query: all its kept images are given out")
    elif not any(images.kept for images in sets):
        typer.echo(f"{name} has no kept image yet to choose from")
    if not again:
        _tell_choice(lake, campaign)
        return
    # A batch on its way is placed by its own run; one without a choice yet is asked then.
    placed = [images for images in sets if lake.assignments.placement(name, images.batch_id)]
    chosen = [item for item in choose_again(lake, campaign, placed) if item.new]
    lake.pending.place(name, [item.batch_id for item in chosen])
    for item in chosen:
        typer.echo(f"{item.batch_id}: {counted(len(item.new), 'image')} more")
    count = sum(len(item.new) for item in chosen)
    typer.echo(
        f"{counted(count, 'image')} of {counted(len(chosen), 'batch', 'batches')} "
        f"{verb(count, 'goes', 'go')} to the annotators, by the sensor"
        if count
        else f"the query chooses no image of {name} that was not given out already"
    )


commands.command("include")(include)
commands.command("agreement")(agreement)
commands.command("reopen")(reopen)
commands.command("predictions")(show_use)
commands.command("page")(page)


@commands.command("evaluate")
@reports_errors
def evaluate(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    anew: Annotated[
        bool, typer.Option("--anew", help="From assignments and votes alone, every image.")
    ] = False,
) -> None:
    """Judge what is new in a campaign, as the platform does by itself when answers come.

    With --anew everything that was judged is thrown away and made again: the same records give
    the same bytes.
    """
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    inputs = bring_up_to_date(lake, campaign, anew=anew)
    counts = inputs.counts
    statuses = ", ".join(f"{count:,} {status}" for status, count in counts.statuses.items())
    typer.echo(
        f"{name}: {counted(counts.judged, 'image')} judged{f': {statuses}' if statuses else ''}"
    )


def _tell_choice(lake: Lake, campaign: Campaign) -> None:
    """Say how many of the images that are there the campaign's query would choose now."""
    sets = lake.cleansed_sets.all(campaign.name)
    kept = sum(len(images.kept) for images in sets)
    if not campaign.image_query or not kept:
        return
    try:
        chosen = sum(len(item.new) for item in preview(lake, campaign, sets))
    except InvalidInputError as error:
        _warn(f"its query could not be tried: {error}")
        return
    summary = f"its query chooses {chosen:,} of {counted(kept, 'kept image')} as of now"
    if chosen:
        typer.echo(summary)
    else:
        _warn(f"{summary}: nobody would be asked anything")


def _holds_from(lake: Lake, before: Campaign | None, stored: Campaign) -> str:
    """From which batch on new rules apply; costs one listing."""
    listed = lake.records.bucket.keys(keys.assignments(stored.name))
    given = [key.rpartition("/")[2].removesuffix(".json") for key in listed]
    if before is None or not given:
        return "it applies from the first batch on"
    return (
        f"query and overlap apply to batches after {max(given)}; classes, instructions and people "
        "at once"
    )


def _warn(line: str) -> None:
    console.print(f"warning: {line}", highlight=False, markup=False, soft_wrap=True)
