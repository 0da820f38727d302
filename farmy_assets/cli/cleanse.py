"""farmy cleanse: the checks on a plain folder, without any server."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

from farmy_assets.catalog.metadata import Source
from farmy_assets.cleansing.policy import CleansingPolicies, parse_policy
from farmy_assets.cli.context import console, reports_errors
from farmy_assets.cli.output import print_result
from farmy_assets.cli.text_files import read_text
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.found_files import files_below
from farmy_assets.execution.work_order import WorkOrder, guarded_pool

TABLE, PAGE, COPIES = "report.parquet", "report.html", "images"
_STOPPED = 130  # what shells expect of a process that was interrupted


class _Rate(ProgressColumn):
    """Photographs a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "", style="progress.data.speed")


@reports_errors
def cleanse(
    folder: Annotated[Path, typer.Argument(help="Folder of photographs, with its subfolders.")],
    out: Annotated[Path, typer.Option(help="Folder for the reports; made if it is not there.")],
    policy: Annotated[
        Path | None, typer.Option(help="YAML file of thresholds; see docs/calibration.md.")
    ] = None,
    source: Annotated[
        Source | None, typer.Option(help="Judge by the policy's thresholds for this source.")
    ] = None,
    copies: Annotated[
        bool, typer.Option("--copies", help="Also write the normalised copies to OUT/images.")
    ] = False,
    ray: Annotated[str, typer.Option(metavar="ADDRESS", help="Compute on this Ray cluster.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: the summary.")] = False,
) -> None:
    """Check a folder of photographs: what is fit to annotate, what is not, and why.

    Writes OUT/report.parquet, one row a file with every value that was measured, and
    OUT/report.html, a page to look at. The photographs themselves are never changed. Bad files are
    a finding, not an error: the exit code is 0.

        farmy cleanse holiday-photos --out checked
        farmy cleanse scraped --out checked --policy strict.yaml --source scraper --copies
    """
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")  # it is loaded for a cluster
    os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")
    thresholds = _policies(policy).for_source(source)
    _check_folders(folder, out)
    began = time.monotonic()
    files = list(files_below(folder, leaving_out={out}))
    if not ray:  # the processes that decode load what they need while this one does
        order = WorkOrder(policy=thresholds, copies=copies, thumbnails=True)
        guarded_pool(order).start(min(os.cpu_count() or 1, len(files)))
    from farmy_assets.execution import folder as folders  # noqa: PLC0415 - loads while they do

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        checked = progress.add_task("checking", total=len(files))
        with _stopped_at_once():
            found = folders.cleanse(
                folder, files, policy=thresholds, ray_address=ray,
                copies=out / COPIES if copies else None,
                on_images=lambda count: progress.advance(checked, count),
            )  # fmt: skip
        seconds = time.monotonic() - began
        progress.add_task("writing the reports", total=None)
        folders.write_reports(found, files, table=out / TABLE, page=out / PAGE)
    report = found.report
    numbers, reasons, warnings = report.numbers(), report.reasons(), report.warnings()
    if as_json:
        summary = {
            **numbers,
            "reasons": reasons,
            "warnings": warnings,
            "seconds": round(seconds, 2),
            "files_per_second": round(len(files) / seconds, 1),
            "table": str(out / TABLE),
            "page": str(out / PAGE),
        }
        typer.echo(json.dumps(summary, indent=1))
        return
    _print(numbers, reasons, warnings, seconds)
    print_result(f"Look at {out / PAGE}")


@contextmanager
def _stopped_at_once() -> Iterator[None]:
    """Ctrl-C ends the process here: threads still wait for photographs that nobody will ask for."""
    try:
        yield
    except KeyboardInterrupt:
        console.show_cursor()
        console.print("\nstopped, and nothing was reported; the same command starts anew")
        os._exit(_STOPPED)


def _policies(path: Path | None) -> CleansingPolicies:
    if path is None:
        return CleansingPolicies()
    return parse_policy(read_text(path))


def _check_folders(folder: Path, out: Path) -> None:
    """Whether there is something to read and a place to write, before any work is done."""
    if not folder.is_dir():
        msg = f"{folder} is not a folder: name the folder that holds the photographs"
        raise InvalidInputError(msg)
    if out.resolve() == folder.resolve():
        msg = f"--out {out} is the folder of the photographs itself: name another one"
        raise InvalidInputError(msg)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"--out {out} cannot be made: {error.strerror}"
        raise InvalidInputError(msg) from error
    if not os.access(out, os.W_OK):
        msg = f"--out {out} may not be written to: name another folder"
        raise InvalidInputError(msg)


def _print(
    numbers: Mapping[str, int],
    reasons: Mapping[str, int],
    warnings: Mapping[str, int],
    seconds: float,
) -> None:
    rate = numbers["files"] / seconds
    print_result(
        f"{numbers['files']} files in {seconds:.1f} s ({rate:.0f}/s): {numbers['kept']} fit, "
        f"{numbers['duplicates']} duplicates, {numbers['held']} for a person to judge, "
        f"{numbers['rejected']} cannot be decoded"
    )
    for reason, count in reasons.items():
        print_result(f"  {reason}: {count}")
    for check, count in warnings.items():
        print_result(f"  {check}: {count} (a warning only)")
