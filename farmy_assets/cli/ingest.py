"""farmy ingest: photographs with their metadata into the lake."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import NAME_PATTERN, ImageMetadata, Source
from farmy_assets.catalog.wording import counted, listed, nearest, verb
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_result
from farmy_assets.errors import InvalidInputError, LakeError
from farmy_assets.ingestion.correcting import (
    CorrectionReport,
    check_removable,
    correct_files,
)
from farmy_assets.ingestion.differences import summary_of
from farmy_assets.ingestion.importing import import_files
from farmy_assets.ingestion.reports import IngestReport, check_writable, keep_report, write_refusals
from farmy_assets.ingestion.source_files import SourceOptions
from farmy_assets.ingestion.sources import FORMS, files_at
from farmy_assets.ingestion.sources.bucket import ForeignStore
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.known_photographs import kept_by_others

SHOWN = 10


class _RateColumn(ProgressColumn):
    """Files and megabytes a second."""

    def render(self, task: Task) -> Text:
        seconds = task.finished_time or task.elapsed
        if not seconds:
            return Text("")
        megabytes = task.fields["size_bytes"] / 1e6
        return Text(f"{task.completed / seconds:.0f} files/s, {megabytes / seconds:.1f} MB/s")


@reports_errors
def ingest(  # noqa: PLR0913, PLR0917 - one option for each thing that a sender can say
    photographs: Annotated[
        str,
        typer.Argument(metavar=FORMS, help="Where they are."),
    ],
    campaign: Annotated[str, typer.Option(help="Campaign they belong to: a-z, 0-9 and -.")],
    source: Annotated[Source, typer.Option(help="How they reached us.")] = Source.BULK,
    crop: Annotated[str | None, typer.Option(help="Crop they show, such as maize.")] = None,
    field: Annotated[str | None, typer.Option(help="Field or plot they show.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence, such as CC-BY-4.0.")] = None,
    contributor: Annotated[
        str | None, typer.Option(help="Token of the contributor, such as c-4711; not a name.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Camera; by default what EXIF says.")] = None,
    side_cars: Annotated[
        bool, typer.Option(help="Read photo.jpg.json and photo.json beside photo.jpg.")
    ] = True,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="Let a list name files outside its folder.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(help="AWS profile that may read the s3:// source.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(help="Server of the s3:// source, where it is not the lake's.")
    ] = None,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="CSV of what was left out, and why.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: the whole report.")] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="Store nothing; correct what is in the lake.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="With --correct: who says so, an e-mail address.")
    ] = None,
    why: Annotated[str | None, typer.Option(help="With --correct: the reason.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="With --correct: a value to take away, as position.")
    ] = None,
) -> None:
    """Bring photographs, with metadata, into the lake: of a folder, of a list, or of a bucket.

    Capture time, device and position come from EXIF; what these options say wins over it, and over
    both what is said of one file: in a side-car photo.jpg.json (or photo.json), or in the columns
    of a list. Its column `file` holds paths relative to the list, or s3:// addresses; the others
    are, as in a side-car: campaign, crop, field, licence, contributor, device, captured_at,
    latitude_deg, longitude_deg.

    Running it again stores nothing twice, and continues an interrupted run. Files that
    cannot be photographs are left out, each with its reason; broken photographs come in, and the
    checks say what is wrong with them. A source is only read. An s3:// source is read from where
    the lake is; with --profile from AWS.

    What was said when a photograph came stands. With --correct, and the same photographs and
    campaign, what options, side-cars and lists say now is written as a correction with your name
    and the time; what they do not say stays. Every correction is kept.
    """
    removed = tuple(remove or ())
    check_removable(removed)
    if correct and not by:
        msg = "--correct needs --by: say who corrects"
        raise InvalidInputError(msg)
    if not correct and (by or why or removed):
        msg = "--by, --why and --remove go with --correct"
        raise InvalidInputError(msg)
    if not re.fullmatch(NAME_PATTERN, campaign):
        msg = (
            f"{campaign!r} cannot be a campaign's name: up to 24 of a-z, 0-9 and -, such as "
            "weeds-2026"
        )
        raise InvalidInputError(msg)
    if report_file:
        check_writable(report_file)
    lake = open_lake()
    origin = DeliveryMetadata(
        source=source, campaign=campaign, crop=crop, field=field, licence=licence,
        contributor=contributor, device=device,
    )  # fmt: skip
    _warn_of_unknown(lake, campaign)
    options = SourceOptions(
        side_cars, anywhere,
        client=lambda: _connect(lake, profile=profile, endpoint_url=endpoint_url).client,
    )  # fmt: skip
    files = files_at(photographs, options)
    if correct and by:
        corrections = correct_files(
            lake.corrections, files(), origin=origin, author=by, reason=why, removed=removed,
            clock=lambda: datetime.now(UTC),
        )  # fmt: skip
        _print_corrections(corrections, as_json=as_json)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _RateColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("looking", total=None, size_bytes=0)
        total = sum(1 for _ in files())
        progress.reset(task, total=total, description="files")
        size_bytes = 0

        def on_file(size: int) -> None:
            nonlocal size_bytes
            size_bytes += size
            progress.update(task, advance=1, size_bytes=size_bytes)

        images: list[str] = []
        report = import_files(
            lake.ingestion, files(), origin=origin, clock=lambda: datetime.now(UTC),
            on_file=on_file, on_image=images.append,
            current_metadata=partial(_current_metadata, lake),
        )  # fmt: skip
    key = keep_report(lake.records.bucket, report)
    if report_file:
        write_refusals(report_file, report)
    if as_json:
        typer.echo(report.to_json().decode())
    else:
        _print(report, f"s3://{lake.records.bucket.name}/{key}")
    _tell_of_known(lake, images, campaign)


def _warn_of_unknown(lake: Lake, campaign: str) -> None:
    """Say that nobody has opened this campaign yet, and which one may be meant."""
    try:
        names = lake.campaigns.names()
    except LakeError:  # a user with import rights only cannot read campaigns; no warning needed
        return
    if campaign in names or not names:
        return
    near = nearest(campaign, names)
    meant = f"did you mean {near}?" if near else f"there are: {listed(names, shown=SHOWN)}."
    console.print(
        f"warning: there is no campaign {campaign} yet; {meant} The photographs come in, and wait "
        "until it is applied",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


def _tell_of_known(lake: Lake, images: Sequence[str], campaign: str) -> None:
    """Say how many other campaigns keep too, and how photographs join a campaign uncopied."""
    try:
        known = kept_by_others(lake, images, campaign) if images else {}
    except LakeError:  # as above: the photographs are in all the same
        return
    for other, count in known.items():
        console.print(
            f"{count} of these {counted(len(images), 'photograph')} {verb(count, 'is', 'are')} in "
            f"campaign {other} too; without a second copy, photographs join by: "
            f"farmy campaign include {campaign} --from {other}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


def _current_metadata(lake: Lake, image_id: str) -> ImageMetadata | None:
    """The current metadata of an image, corrections included."""
    found = lake.corrections.current(image_id)
    return found.metadata if found else None


def _connect(lake: Lake, *, profile: str | None, endpoint_url: str | None) -> ForeignStore:
    settings = lake.settings
    where = endpoint_url or (None if profile else settings.endpoint_url)
    return ForeignStore.connect(
        profile=profile, endpoint_url=where, region_name=settings.region_name
    )


def _print(report: IngestReport, address: str) -> None:
    print_result(
        f"{counted(report.files, 'file')}: {report.stored} stored, "
        f"{report.already_there} already there, {len(report.refused)} left out"
    )
    if differing := summary_of(report.differing):
        print_result(differing)
    for reason, count in Counter(r.reason.value for r in report.refused).most_common():
        print_result(f"  {reason}: {count}")
    for refusal in report.refused[:SHOWN]:
        detail = f" ({refusal.detail})" if refusal.detail else ""
        print_result(f"    {refusal.name}: {refusal.reason.value}{detail}")
    if len(report.refused) > SHOWN:
        print_result(f"    ... all are in {address}")


def _print_corrections(report: CorrectionReport, *, as_json: bool) -> None:
    if as_json:
        typer.echo(report.to_json().decode())
        return
    typer.echo(
        f"{report.corrected} corrected, {report.unchanged} had these values already, "
        f"{len(report.refused)} left out"
    )
    for refusal in report.refused:
        detail = f" ({refusal.detail})" if refusal.detail else ""
        typer.echo(f"  {refusal.name}: {refusal.reason.value}{detail}", err=True)
