"""farmy conflicts: where the annotators of a Label Studio export disagree; needs no server."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import unquote

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.context import console, reports_errors
from farmy_assets.cli.output import print_result
from farmy_assets.cli.text_files import read_text
from farmy_assets.errors import InvalidInputError

TABLE, FIGURES, CONSENSUS, PAGE = (
    "conflicts.parquet", "agreement.json", "consensus.json", "report.html",
)  # fmt: skip
_LARGEST_PICTURE_BYTES = 100_000_000
_SHOWN_EVERY = 100  # tasks: drawing the bar takes longer than reading one
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")


@reports_errors
def conflicts(
    export: Annotated[Path, typer.Argument(metavar="EXPORT.json", help="A JSON export.")],
    label_config: Annotated[
        Path, typer.Option(metavar="CONFIG.xml", help="The project's label config.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for what is found; made if it is not there.")],
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photographs, to draw regions over.")
    ] = None,
    match_iou: Annotated[
        float, typer.Option(min=0.01, max=1, help="From here on two regions are one object.")
    ] = 0.5,
    tight_iou: Annotated[
        float, typer.Option(min=0.01, max=1, help="From here on they are drawn alike.")
    ] = 0.75,
    quorum: Annotated[
        int | None,
        typer.Option(min=1, help="How many people make a consensus; half of them without it."),
    ] = None,
) -> None:
    """Find where the annotators of a Label Studio export disagree, and what they agree on.

    Reads any JSON export with several annotators; needs no server. Writes OUT/conflicts.parquet
    (one row a difference), OUT/agreement.json (alpha, kappa and more, with intervals),
    OUT/consensus.json (an export again, that Label Studio imports) and OUT/report.html (the images,
    worst first). What cannot be read is a row of its own, and the rest goes on.

        farmy conflicts export.json --label-config config.xml --out found
        farmy conflicts export.json --label-config config.xml --out found --images photographs
    """
    from farmy_assets.label_studio.exports import TaskEntry, task_entries  # noqa: PLC0415 - help is quick
    from farmy_assets.label_studio.read_configs import read_config  # noqa: PLC0415 - as above
    from farmy_assets.workflow.export_files import Comparison  # noqa: PLC0415 - as above

    if tight_iou < match_iou:
        msg = f"--tight-iou {tight_iou:g} must not be under --match-iou {match_iou:g}"
        raise InvalidInputError(msg)
    config = read_config(read_text(label_config))
    policy = AgreementPolicy(match_iou=match_iou, tight_iou=tight_iou)
    with _opened(export) as stream, _progress(export, stream) as moved:
        comparison = Comparison(config, policy=policy, quorum=quorum)

        def shown() -> Iterator[TaskEntry]:
            for entry in task_entries(stream):
                if entry.number % _SHOWN_EVERY == 0:
                    moved()
                yield entry

        comparison.write(shown(), table=out / TABLE, consensus=out / CONSENSUS)
    agreement = comparison.agreement()
    (out / FIGURES).write_bytes(agreement.to_json())
    pictures = comparison.pictures(_finder(images)) if images else {}
    (out / PAGE).write_bytes(comparison.page(export.name, agreement, pictures))
    for kind, number in agreement.conflicts.items():
        typer.echo(f"{kind:>14} {number:>8,}")
    print_result(
        f"{counted(agreement.images, 'image')}, {agreement.images_with_two_answers:,} answered by "
        f"two or more, {agreement.images_with_conflicts:,} with a conflict. Look at {out / PAGE}"
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(msg) from error
    except InvalidInputError as error:
        msg = f"{path} {error}"
        raise InvalidInputError(msg) from error


@contextmanager
def _progress(path: Path, stream: BinaryIO) -> Iterator[Callable[[], None]]:
    """Shows how much of the file was read, whenever what it gives is called."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        reading = progress.add_task("comparing", total=path.stat().st_size)
        yield lambda: progress.update(reading, completed=stream.tell())


def _finder(folder: Path) -> Callable[[str], bytes | None]:
    """Finds the photograph of an address below a folder, by its file name.

    Label Studio puts eight digits and a hyphen before the name of what is uploaded to it.
    """
    if not folder.is_dir():
        msg = f"--images {folder} is no folder"
        raise InvalidInputError(msg)
    there: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        there.setdefault(path.name, path)

    def find(address: str) -> bytes | None:
        name = unquote(address.partition("?d=")[2] or address.partition("?")[0]).rpartition("/")[2]
        path = there.get(name) or there.get(_UPLOADED.sub("", name))
        if path is None or not path.is_file() or path.stat().st_size > _LARGEST_PICTURE_BYTES:
            return None
        return path.read_bytes()

    return find
