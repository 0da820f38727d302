"""farmy dataset: which data sets were released, and one of them on this disk."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.dataset_suspects import suspects
from farmy_assets.cli.dataset_versions import version_named
from farmy_assets.cli.output import print_json_lines, print_result, print_table
from farmy_assets.datasets.formats import FORMATS, format_named
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.lake.dataset_downloads import DatasetDownload
from farmy_assets.lake.lake import Lake

commands = typer.Typer(
    no_args_is_help=True, help="Released data sets: list them, fetch one, find errors."
)

_COLUMNS = ("campaign", "version", "images", "regions", "formats")


@commands.command("list")
@reports_errors
def show(
    name: Annotated[str | None, typer.Argument(help="Only of this campaign.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Older versions, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the newest released version of each campaign, and in which formats it is there."""
    lake = open_lake()
    found = [
        (version, lake.datasets.exported_formats(version))
        for campaign in ([known_campaign(lake, name)] if name else lake.campaigns.names())
        for version in _versions(lake, campaign, every=every)
    ]
    rows = [(v.campaign, v.version_id, v.image_count, v.region_count, there) for v, there in found]
    if as_json:
        print_json_lines(dict(zip(_COLUMNS, row, strict=True)) for row in rows)
        return
    if not rows:
        console.print(
            "no data set was released yet; farmy campaign status says what is missing",
            highlight=False,
        )
        return
    shown = [(*row[:-1], ", ".join(row[-1]) or "none yet") for row in rows]
    print_table(_COLUMNS, shown, numbers={"images", "regions"})


@commands.command("pull")
@reports_errors
def pull(
    name: Annotated[str, typer.Argument(help="The campaign's name.")],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder; made if it is not there.")
    ],
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help=f"One of: {', '.join(FORMATS)}.")
    ] = "coco",
    version: Annotated[
        str, typer.Option(help="Such as v0003-1a2b3c4d; by default the newest.")
    ] = "",
) -> None:
    """Fetch a released data set: its label files, its pictures, and the manifest with checksums.

    Every file is compared with its sha256. An interrupted download continues when the same command
    runs again; the manifest is written last, so a folder with MANIFEST.json is whole.

        farmy dataset pull weeds-2026 weeds --format yolo
        farmy dataset pull weeds-2026 weeds-v2 --format coco --version v0002-5f6e7d8c
    """
    format_named(form)  # before anything is asked of the lake
    lake = open_lake()
    wanted = version_named(lake, known_campaign(lake, name), version)
    download = DatasetDownload.of(lake.datasets, wanted, form)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[megabytes]:.1f} MB"))  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("files", total=len(download.manifest.files), megabytes=0.0)
        size_bytes = 0

        def on_file(fetched: int) -> None:
            nonlocal size_bytes
            size_bytes += fetched
            progress.update(task, advance=1, megabytes=size_bytes / 1e6)

        fetched = download.into(folder, on_file)
    print_result(
        f"{wanted.campaign} {wanted.version_id} as {form} in {folder}: "
        f"{counted(len(download.manifest.files), 'file')}, {fetched:,} fetched, "
        f"{counted(wanted.image_count, 'image')}, {counted(wanted.region_count, 'region')}"
    )


commands.command("suspects")(suspects)


def _versions(lake: Lake, campaign: str, *, every: bool) -> list[DatasetVersion]:
    if every:
        return lake.datasets.all(campaign)
    newest = lake.datasets.newest(campaign)
    return [newest] if newest else []
