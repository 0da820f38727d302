"""farmy ingest: photographs with their metadata into the lake."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from farmy_assets.catalog.arrivals import Origin
from farmy_assets.catalog.metadata import Source
from farmy_assets.cli.context import console, ends_plainly, open_lake
from farmy_assets.lake.ingestion import IngestReport, files_in, import_folder, keep_report

SHOWN = 10


@ends_plainly
def ingest(  # noqa: PLR0913, PLR0917 - one option for each thing that a sender can say
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Folder of photographs.")
    ],
    campaign: Annotated[str, typer.Option(help="Campaign they belong to: a-z, 0-9 and -.")],
    source: Annotated[Source, typer.Option(help="How they reached us.")] = Source.BULK,
    crop: Annotated[str | None, typer.Option(help="Crop they show, such as maize.")] = None,
    field: Annotated[str | None, typer.Option(help="Field or plot they show.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence, such as CC-BY-4.0.")] = None,
    contributor: Annotated[
        str | None, typer.Option(help="Token of the contributor; not a name.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Camera; by default what EXIF says.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: the whole report.")] = False,
) -> None:
    """Bring a folder of photographs, with metadata, into the lake.

    Capture time, device and position come from EXIF. Running it again stores nothing twice, and
    goes on where an interrupted run stopped. Files that cannot be photographs are left out, each
    with its reason; broken photographs come in, and the checks say what is wrong with them.
    """
    lake = open_lake()
    origin = Origin(
        source=source, campaign=campaign, crop=crop, field=field, licence=licence,
        contributor=contributor, device=device,
    )  # fmt: skip
    total = sum(1 for _ in files_in(folder))
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        files = progress.add_task("files", total=total)
        report = import_folder(
            lake.ingestion, folder, origin=origin, clock=lambda: datetime.now(UTC),
            on_file=lambda _size: progress.advance(files),
        )  # fmt: skip
    key = keep_report(lake.records.bucket, report)
    if as_json:
        typer.echo(report.to_json().decode())
    else:
        _print(report, f"s3://{lake.records.bucket.name}/{key}")


def _print(report: IngestReport, address: str) -> None:
    console.print(
        f"{report.files} files: {report.stored} stored, {report.already_there} already there, "
        f"{len(report.refused)} left out",
        highlight=False,
    )
    for reason, count in Counter(r.reason.value for r in report.refused).most_common():
        console.print(f"  {reason}: {count}", highlight=False)
    for refusal in report.refused[:SHOWN]:
        detail = f" ({refusal.detail})" if refusal.detail else ""
        console.print(f"    {refusal.name}: {refusal.reason.value}{detail}",
                      highlight=False, markup=False)  # fmt: skip
    if len(report.refused) > SHOWN:
        console.print(f"    ... all are in {address}", highlight=False, soft_wrap=True)
