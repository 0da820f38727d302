"""farmy gold: images with a known answer, how right people are on them, and who is paused."""

from collections.abc import Iterable
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from farmy_assets.annotation.gold_scores import ClassNames
from farmy_assets.annotation.gold_summary import (
    ScoreRow,
    rows_by_class,
    rows_by_person,
    rows_by_version,
)
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_include import ids_in
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_json_lines, print_result, print_table
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow.gold_images import ListedGold, Wanted, add_gold, gold_images
from farmy_assets.workflow.gold_scores import resume as end_pause

commands = typer.Typer(
    no_args_is_help=True, help="Images with a known answer, and how right people are on them."
)

Name = Annotated[str, typer.Argument(help="The campaign.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

_FIGURES = ("answers", "accuracy_percent", "low_percent", "high_percent", "f1_percent")


@commands.command("add")
@reports_errors
def add(
    name: Name,
    ids: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Just these image ids, one a line; - is a pipe."),
    ] = None,
    adjudicated: Annotated[
        bool, typer.Option("--adjudicated", help="Those that an adjudicator decided on.")
    ] = False,
    agreed_by: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Those that N people and more agree on.")
    ] = None,
    at_most: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Not more than this many.")
    ] = None,
) -> None:
    """Make settled images gold: their consensus is the known answer from now on.

        farmy gold add weeds --adjudicated --at-most 100
        farmy gold add weeds --agreed-by 3

    They are mixed into the tasks of people who never saw them, by the campaign file's gold.share,
    and are kept from training from the next version of the data set on. Said twice it adds nothing
    twice; an image whose consensus has changed gets its new answer.
    """
    if ids is None and not (adjudicated or agreed_by):
        msg = "say which images: --adjudicated, --agreed-by N or --ids FILE"
        raise InvalidInputError(msg)
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    wanted = Wanted(
        image_ids=ids_in(ids) if ids else None, adjudicated=adjudicated, agreed_by=agreed_by,
        at_most=at_most,
    )  # fmt: skip
    found = add_gold(lake, campaign, wanted)
    print_result(f"{counted(len(found.added), 'image')} added, {found.there:,} gold already")
    for image_id, reason in found.refused.items():
        print_result(f"  left out {image_id}: {reason}")
    if not campaign.gold.share:
        console.print(
            f"warning: {name} gives out no gold: write gold: {{share: 0.05}} in its file",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


@commands.command("list")
@reports_errors
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a campaign's gold: each image's answer, to how many people it was given, and its state.

    The state is `given out`, `retired` (by word), `worn out` (retire_after people had it) or
    `disputed` (its consensus is not settled any more).
    """
    lake = open_lake()
    found = gold_images(lake, lake.campaigns.named(known_campaign(lake, name)))
    if as_json:
        print_json_lines(item.model_dump(mode="json") for item in found)
        return
    if not found:
        console.print(f"{name} has no gold yet: farmy gold add {name}", highlight=False)
        return
    columns = tuple(ListedGold.model_fields)
    rows = [[getattr(item, name) for name in columns] for item in found]
    numbers = {"number", "people", "regions", "given"}
    print_table(columns, rows, numbers=numbers, ids={"image_id"})


@commands.command("retire")
@reports_errors
def retire(
    name: Name,
    images: Annotated[
        list[str] | None, typer.Argument(help="Image ids, as `farmy gold list` shows them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of the campaign's gold.")] = False,
) -> None:
    """Give images out as gold no more; what was given stays, and counts. `add` brings them back."""
    if everything == bool(images):
        msg = "give image ids, or --all"
        raise InvalidInputError(msg)
    lake = open_lake()
    known = lake.gold.known(known_campaign(lake, name))
    if unknown := sorted(set(images or ()) - known.keys()):
        msg = f"no gold of {name}: {', '.join(unknown)}; farmy gold list {name} shows it"
        raise InvalidInputError(msg)
    retired = lake.gold.retire(name, known.keys() if everything else images or [])
    print_result(f"{counted(len(retired), 'image')} retired")


@commands.command("scores")
@reports_errors
def scores(name: Name, as_json: AsJson = False) -> None:
    """Show how right people are: by person, by class, and by version of the guideline.

    Accuracy is the share of hits among objects and extras, with its 95 % interval; a skip finds
    nothing. With --json, `person`, `label` and `campaign_version` are null where a row is over all.
    """
    lake = open_lake()
    known_campaign(lake, name)
    people = lake.gold.scores(name)[0].people
    by_class = rows_by_class(people, ClassNames(lake.campaigns.versions(name)))
    if as_json:
        every = (*rows_by_person(people), *by_class, *rows_by_version(people))
        print_json_lines(row.model_dump(mode="json") for row in every)
        return
    if not people:
        console.print(f"{name} has no gold answers yet", highlight=False)
    else:
        _print(rows_by_person(people), "person", *_FIGURES, "skipped")
        _print(by_class, "person", "class", *_FIGURES, "missed", "other_class", "extras")
        _print(rows_by_version(people), "campaign_version", "person", *_FIGURES)
    for who, change in sorted(lake.pauses.current(name).items()):
        if change.is_paused:
            print_result(f"{who} is paused since {change.at:%Y-%m-%d %H:%M %Z}: {change.reason}")


@commands.command("resume")
@reports_errors
def resume(
    name: Name,
    person: Annotated[str, typer.Argument(help="The annotator's name in the campaign file.")],
    by: Annotated[
        str, typer.Option(help="Who says so: an e-mail address; by default who is signed in here.")
    ] = "",
    why: Annotated[str, typer.Option(help="The reason, for those who come later.")] = "",
) -> None:
    """End somebody's pause: tasks come again, and only new gold answers count for the rule."""
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    reason = end_pause(lake, campaign, person, by=by or getuser(), why=why, now=datetime.now(UTC))
    print_result(f"{person} gets tasks again; the pause was because {reason}")


def _print(rows: Iterable[ScoreRow], *columns: str) -> None:
    numbers = set(columns) - {"person", "class"}
    print_table(columns, [list(r.shown(*columns).values()) for r in rows], numbers=numbers)
    print_result("")
