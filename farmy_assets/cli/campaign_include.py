"""farmy campaign include: photographs of the lake join another campaign, without being copied."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.text_files import read_text
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.translation import translate
from farmy_assets.workflow import inclusion
from farmy_assets.workflow.inclusion import Inclusion


@reports_errors
def include(
    name: Annotated[str, typer.Argument(help="The campaign that the photographs join.")],
    other: Annotated[
        str, typer.Option("--from", metavar="OTHER", help="All photographs of this campaign.")
    ] = "",
    query: Annotated[
        str, typer.Option(metavar="SQL", help="Those of a SELECT with a column image_id.")
    ] = "",
    ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Image ids, one a line; - is a pipe.")
    ] = None,
    only_preview: Annotated[
        bool, typer.Option("--preview", help="Say how many would join, and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON object.")] = False,
) -> None:
    """Have photographs that are in the lake join a campaign as well.

        farmy campaign include pests --from weeds --preview
        farmy campaign include pests --query "SELECT image_id FROM images WHERE crop = 'maize'"
        farmy search --label weed | farmy campaign include pests --ids -

    Nothing is copied: bytes, cleansed copies and the values of the checks are shared, and checks
    run again only where the thresholds have changed. Duplicates, triage, tasks, answers and data
    sets are the campaign's own, and the photographs stay in all campaigns that have them. Said
    twice, or again after a stop, it adds only what is missing.
    """
    if sum([bool(other), bool(query), ids is not None]) != 1:
        msg = "say which photographs: give one of --from OTHER, --query SQL and --ids FILE"
        raise InvalidInputError(msg)
    lake = open_lake()
    known_campaign(lake, name)
    wanted = _wanted(lake, name, other=other, query=query, ids=ids)
    with Progress(console=console, transient=True) as progress:
        looking = progress.add_task("looking up", total=len(wanted))

        def on_looked_up(count: int) -> None:
            progress.advance(looking, count)

        if only_preview:
            found = inclusion.preview(lake, name, wanted, on_looked_up=on_looked_up)
        else:
            sealing = progress.add_task("joining", total=None)
            found = inclusion.include(
                lake, name, wanted,
                max_images=SealingPolicy().max_images,
                clock=lambda: datetime.now(UTC),
                on_looked_up=on_looked_up,
                on_sealed=lambda count: progress.advance(sealing, count),
            )  # fmt: skip
    if as_json:
        typer.echo(found.to_json().decode())
    else:
        _print(found, only_preview=only_preview)


def _wanted(lake: Lake, name: str, *, other: str, query: str, ids: Path | None) -> set[str]:
    """The ids of the photographs that were asked for."""
    if other:
        if other == name:
            raise InvalidInputError(f"{name} has its own photographs: name another campaign")
        wanted = set(inclusion.images_of_campaign(lake, other))
        if not wanted:
            known_campaign(lake, other)  # photographs may come before their campaign is opened
        return wanted
    if query:
        layer = QueryLayer(lake)
        layer.bring_up_to_date(translate(query).tables)
        answer = layer.engine.query(query)
        if "image_id" not in answer.column_names:
            raise InvalidInputError("the SELECT has to have a column image_id")
        return {str(image_id) for image_id in answer["image_id"].to_pylist() if image_id}
    return set(ids_in(ids or Path("-")))


def ids_in(file: Path) -> frozenset[str]:
    """The image ids in a file, or, for -, in a pipe: one a line.

    Raises:
        InvalidInputError: It cannot be read.
    """
    return frozenset(line.strip() for line in _lines(file) if line.strip())


def _lines(file: Path) -> list[str]:
    if str(file) == "-":
        return sys.stdin.read().splitlines()
    return read_text(file).splitlines()


def _print(found: Inclusion, *, only_preview: bool) -> None:
    photographs = counted(found.joining, "photograph")
    if only_preview:
        typer.echo(f"{photographs} would join {found.campaign}, of {found.asked:,} asked for")
    else:
        joins = verb(found.joining, "joins", "join")
        typer.echo(f"{photographs} {joins} {found.campaign}, of {found.asked:,} asked for")
    for why, count in found.left_out.items():
        typer.echo(f"  left out, {why.value}: {count:,}")
    if found.batches:
        batches = counted(len(found.batches), "batch", "batches")
        typer.echo(
            f"{batches} sealed; the sensor takes {verb(len(found.batches), 'it', 'them')} on"
        )
