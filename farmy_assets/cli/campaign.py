"""farmy campaign: open a campaign, change it, see how far it is."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from farmy_assets.annotation.campaign import parse_campaign
from farmy_assets.annotation.consensus import Standing
from farmy_assets.cli.context import console, ends_plainly, open_lake
from farmy_assets.errors import InvalidInputError

commands = typer.Typer(no_args_is_help=True, help="Open, change and watch annotation campaigns.")


@commands.command("apply")
@ends_plainly
def apply(
    file: Annotated[Path, typer.Argument(help="The campaign's YAML file.")],
) -> None:
    """Open a campaign, or change its rules: each change makes a new version.

    Cleansed images that wait for the campaign are shared out by themselves.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read: {error}"
        raise InvalidInputError(msg) from error
    wanted = parse_campaign(text)
    lake = open_lake()
    before = lake.campaigns.current(wanted.name)
    stored = lake.campaigns.apply(wanted)
    news = "unchanged" if before and before.version == stored.version else "applied"
    console.print(
        f"campaign {stored.name}, version {stored.version}: {news}; {len(stored.classes)} classes, "
        f"{len(stored.annotators)} annotators, {stored.overlap_share:.0%} given to two",
        highlight=False,
    )


@commands.command("status")
@ends_plainly
def status(
    name: Annotated[str | None, typer.Argument(help="Only this campaign.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show each campaign's progress, by phase and person, and its newest data set version."""
    lake = open_lake()
    names = lake.campaigns.names()
    if name is not None and name not in names:
        msg = f"there is no campaign {name}; there are: {', '.join(names) or 'none'}"
        raise InvalidInputError(msg)
    told = []
    for campaign in [name] if name else names:
        state = lake.ledger.state(campaign)
        newest = lake.datasets.newest(campaign)
        judgements = state.judgements if state else ()
        waiting = Counter(person for j in judgements for person in j.waiting_for)
        given = Counter(a.person for a in lake.ledger.assignments(campaign))
        told.append(
            {
                "campaign": campaign,
                "images": {s.value: sum(j.status is s for j in judgements) for s in Standing},
                "annotators": {p: {"given": n, "open": waiting[p]} for p, n in given.items()},
                "newest_version": newest.version_id if newest else None,
            }
        )
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    if not told:
        console.print("no campaign yet: farmy campaign apply FILE")
    for item in told:
        _print(item)


def _print(item: Mapping[str, object]) -> None:
    newest = item["newest_version"] or "none"
    console.print(f"{item['campaign']} (newest version: {newest})", highlight=False)
    table = Table(box=None, pad_edge=False)
    for column in ("", "images"):
        table.add_column(column, justify="left" if not column else "right")
    images, annotators = item["images"], item["annotators"]
    if isinstance(images, dict) and isinstance(annotators, dict):
        for standing, count in images.items():
            table.add_row(standing.replace("_", " "), str(count))
        for person, work in annotators.items():
            table.add_row(f"{person}: given / open", f"{work['given']} / {work['open']}")
    console.print(table)
