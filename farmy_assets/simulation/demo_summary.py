"""The demo's closing summary: what came in, what came of it, how right it is, and where to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.cleansing.cleansed_set import ExclusionStatus
from farmy_assets.simulation.behaviour import Score
from farmy_assets.simulation.demo_report import Report

NAMED = 5


@dataclass(frozen=True)
class Link:
    """Something to open: what it is, where it is, and how to get in."""

    what: str
    address: str
    log_in: str = ""


def show(console: Console, report: Report) -> None:
    """What came in, what came of it, and how right it is."""
    console.print()
    console.rule(f"[bold]campaign {report.campaign}[/]", align="left", style="green")
    _show_numbers(console, report)
    if report.truth_is_known:
        _show_defects(console, report)
    _show_gain(console, report)


def _show_numbers(console: Console, report: Report) -> None:
    table = _plain_table()
    splits = ", ".join(f"{n} {split}" for split, n in report.version.images_by_split.items())
    classes = ", ".join(f"{n} {name}" for name, n in report.version.regions_by_class.items())
    settled = {
        "one annotator": report.counts.count_of(ConsensusStatus.SINGLE),
        "agreement": report.counts.count_of(ConsensusStatus.AGREED),
        "the adjudicator": report.counts.count_of(ConsensusStatus.ADJUDICATED),
    }
    numbers: list[tuple[str, int, str]] = [
        ("photographs in", report.images, "each in exactly one phase"),
        *(
            (status.value, report.by_phase.get(ImagePhase(status.value), 0),
             _counted(report.excluded(status)))
            for status in ExclusionStatus
        ),
        ("tasks", report.tasks, "one inbox for each annotator"),
        ("votes", report.votes, f"kept for good; {report.decisions} by the adjudicator"),
        ("images in conflict", report.counts.disputed, _counted(report.conflicts())),
        ("adjudicated", report.counts.count_of(ConsensusStatus.ADJUDICATED),
         f"{report.counts.count_of(ConsensusStatus.EXCLUDED)} called unlabellable"),
        ("released", report.version.image_count,
         "settled by " + ", ".join(f"{who}: {n}" for who, n in settled.items() if n)),
        ("regions", report.version.region_count, classes),
    ]  # fmt: skip
    for name, number, note in numbers:
        table.add_row(name, str(number), Text(note, style="dim"))
    table.add_row("data set version", "", Text(f"{report.version.version_id}: {splits}"))
    privacy = report.privacy
    gone = f"{len(privacy.telling)} of {privacy.copies} copies still tell something"
    if not privacy.telling:
        gone = f"position and camera are gone from all {privacy.copies} copies (each was opened)"
    table.add_row("with GPS", str(privacy.originals_with_position), Text(gone))
    console.print(table)
    _name(console, "copies that still tell something", privacy.telling)


def _show_defects(console: Console, report: Report) -> None:
    table = Table(title="Planted defects, against the truth", title_justify="left", box=None,
                  title_style="bold", pad_edge=False)  # fmt: skip
    table.add_column("")
    for column in ("planted", "found", "other reason", "missed"):
        table.add_column(column, justify="right")
    for finding in report.defects:
        row = (finding.planted, finding.found, len(finding.otherwise), len(finding.missed))
        name = finding.defect.value.replace("_", " ")
        table.add_row(name, *map(str, row), style="" if row[0] == row[1] else "yellow")
    alarms = report.sound.false_alarms
    table.add_row("sound files", str(report.sound.count),
                  f"{len(alarms)} false alarms", style="yellow" if alarms else "")  # fmt: skip
    console.print()
    console.print(table)
    for finding in report.defects:
        name = finding.defect.value.replace("_", " ")
        _name(console, f"{name}, but kept", finding.missed)
        _name(console, f"{name}, but excluded as", finding.otherwise)
    _name(console, "sound, but excluded", alarms)


def _show_gain(console: Console, report: Report) -> None:
    truth = "the truth" if report.truth_is_known else "the green patches that stand in for a truth"
    table = Table(title=f"Boxes, against {truth}", title_justify="left", box=None,
                  title_style="bold", pad_edge=False)  # fmt: skip
    table.add_column("")
    for column in ("precision", "recall", "mean IoU", "right class"):
        table.add_column(column, justify="right")
    gain = report.gain
    table.add_row("an annotator alone, on average", *_percent(gain.alone))
    table.add_row("the data set", *_percent(gain.final))
    if gain.shared:
        many = f"{gain.shared} images given to two"
        table.add_row(f"{many}: an annotator alone", *_percent(gain.alone_on_shared), style="dim")
        table.add_row(f"{many}: after adjudication", *_percent(gain.final_on_shared), style="bold")
    console.print()
    console.print(table)


def show_times(console: Console, seconds: Mapping[str, float], memory_bytes: int | None) -> None:
    """How long the parts took, and how much memory was in use at most."""
    parts = [(name, spent) for name, spent in seconds.items() if round(spent)]
    waits = ", ".join(f"{name} {spent:.0f}" for name, spent in parts)
    peak = f"; the servers needed {memory_bytes / 2**30:.1f} GiB at most" if memory_bytes else ""
    console.print()
    console.print(f"[bold]{sum(seconds.values()):.0f} seconds[/]{peak}")
    if waits:
        console.print(f"  waited for: {waits}", style="dim")


def show_doors(console: Console, doors: Sequence[Link]) -> None:
    """What a person can open now. Addresses are never cut or wrapped."""
    console.print()
    console.print("[bold]To open[/] (all on this machine; `make down` stops it, nothing is lost)")
    widest = max(len(door.what) for door in doors)
    for door in doors:
        console.print(
            Text.assemble((f"  {door.what:<{widest}}  ", "dim"), (door.address, "cyan")),
            soft_wrap=True,
        )
        if door.log_in:
            console.print(Text(f"  {'':<{widest}}  {door.log_in}"), soft_wrap=True)


def _plain_table() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("")
    return table


def _percent(score: Score) -> tuple[str, str, str, str]:
    shares = (score.precision, score.recall, score.mean_iou, score.class_accuracy)
    first, second, third, fourth = (f"{share:.1%}" for share in shares)
    return first, second, third, fourth


def _counted(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in ordered)


def _name(console: Console, what: str, files: Sequence[str]) -> None:
    if files:
        more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
        console.print(Text(f"  {what}: {', '.join(files[:NAMED])}{more}", style="yellow"))
