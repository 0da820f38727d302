"""farmy dataset suspects: labels of a released version that are likely wrong, by a model."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from farmy_assets.annotation.predictions.model_names import checked_model_name
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.dataset_versions import version_named
from farmy_assets.cli.output import print_result
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow.suspects import as_csv, find_suspects, page

_SHOWN = 200


@reports_errors
def suspects(
    name: Annotated[str, typer.Argument(help="The campaign's name.")],
    version: Annotated[
        str, typer.Argument(help="Such as v0003-1a2b3c4d; without it the newest.")
    ] = "",
    model_version: Annotated[
        str, typer.Option(metavar="NAME", help="Whose predictions the labels are compared with.")
    ] = "",
    out: Annotated[
        Path, typer.Option(metavar="FILE.html", help="The page; table and ids lie beside it.")
    ] = Path("suspects.html"),
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Errors under this suspicion are left out.")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON object.")] = False,
) -> None:
    """Find labels of a released data set that are likely wrong: a model sees something else.

    Missed, extra, other class and loose regions, the likeliest first. Writes FILE.html (the images
    with the regions drawn), FILE.csv (every likely error) and FILE.ids.txt (the images' ids), which
    another campaign takes to look at them again:

        farmy predict weeds --model best.onnx --model-version weeds-yolo-v3
        farmy dataset suspects weeds --model-version weeds-yolo-v3 --out found/suspects.html
        farmy campaign include weeds-again --ids found/suspects.ids.txt
    """
    if not model_version:
        msg = "say whose predictions the labels are compared with: --model-version NAME"
        raise InvalidInputError(msg)
    checked_model_name(model_version)
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    wanted = version_named(lake, name, version)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("comparing", total=wanted.image_count)
        found = find_suspects(
            lake, campaign, wanted, model_version, least=least,
            on_compared=lambda count: progress.advance(task, count),
        )  # fmt: skip
    table, ids = out.with_suffix(".csv"), out.with_suffix(".ids.txt")
    _write(out, page(lake, found, most=_SHOWN))
    _write(table, as_csv(found).encode())
    _write(ids, "".join(f"{image.image_id}\n" for image in found.images).encode())
    if as_json:
        summary = {
            "campaign": name, "version": wanted.version_id, "model": model_version,
            "compared": found.compared, "images": len(found.images), "kinds": found.kinds,
        }  # fmt: skip
        typer.echo(json.dumps(summary))
        return
    for kind, count in found.kinds.items():
        typer.echo(f"{kind:>14} {count:>8,}")
    print_result(
        f"{counted(len(found.images), 'image')} with likely errors, of {found.compared:,} compared "
        f"with {model_version}. Look at {out}; to have people look again: farmy campaign include "
        f"NEW --ids {ids}"
    )


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise InvalidInputError(msg) from error
