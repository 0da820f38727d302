"""farmy view: images in FiftyOne, with what people drew on them.

FiftyOne and Dagster need different versions of the same library, so FiftyOne has an environment of
its own. It gets a file with each image's metadata and the path of its copy.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.errors import FarmyError, InvalidInputError
from farmy_assets.lake.lake import Lake
from farmy_assets.local.settings import read_settings
from farmy_assets.query.gallery import Gallery, Picture, gather
from farmy_assets.query.image_annotations import Drawn
from farmy_assets.query.layer import QueryLayer

_VIEWER = Path(__file__).with_name("fiftyone_viewer.py")
_READY, _TAKEN = "ready", 3  # as the viewer says
_LEFT_OUT = {"source", "dt", "media_type"}  # FiftyOne uses the last name for another thing
_TOLD_AT_MOST = 10


@reports_errors
def view(
    sql: Annotated[
        str, typer.Argument(help="A SELECT with a column image_id; without it, ids by a pipe.")
    ] = "",
    name: Annotated[str, typer.Option(help="The dataset's name in FiftyOne.")] = "farmy",
    campaign: Annotated[
        str, typer.Option(help="Show what was drawn for this campaign, not for each image's own.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="The largest number of images.")] = 1000,
    port: Annotated[int, typer.Option(help="Where on 127.0.0.1 its page is.")] = 5151,
    serve: Annotated[bool, typer.Option(help="Serve the page until Ctrl-C.")] = True,
    python: Annotated[Path | None, typer.Option(help="A Python that has FiftyOne.")] = None,
) -> None:
    """Look at images in FiftyOne: copies, metadata, check values, settled regions, votes.

        farmy view "SELECT image_id FROM conflicts"
        farmy search --label weed --conflict any | farmy view

    `make setup-view` installs FiftyOne. A dataset that farmy view made before is replaced.
    """
    program = python or read_settings().setup / "env" / "fiftyone" / "bin" / "python"
    if not program.exists():
        msg = f"FiftyOne is not installed: there is no {program}; run make setup-view"
        raise InvalidInputError(f"{msg}, or name one with --python")
    lake = open_lake()
    if campaign:
        known_campaign(lake, campaign)
    wanted = _asked_for(lake, sql)
    gallery = _gathered(lake, wanted[:limit], campaign)
    if not gallery.pictures:
        raise InvalidInputError("none of these images has a copy to show; choose others")
    console.print(f"{len(gallery.pictures)} of {len(wanted)} images", highlight=False)
    if gallery.without_copy:
        first = ", ".join(gallery.without_copy[:_TOLD_AT_MOST])
        message = f"{len(gallery.without_copy)} have no copy to show: {first}"
        console.print(message, highlight=False, soft_wrap=True)
    file = _folder(lake) / f"{os.getpid()}.json"
    file.write_text(json.dumps([_sample(picture) for picture in gallery.pictures]))
    try:
        _show(program, file, name, port if serve else 0)
    finally:
        file.unlink()


def _asked_for(lake: Lake, sql: str) -> list[str]:
    if sql:
        frame = QueryLayer(lake).query(sql)
        if "image_id" not in frame:
            raise InvalidInputError("the SELECT has to have a column image_id")
        return list(dict.fromkeys(frame["image_id"].dropna()))
    if sys.stdin.isatty():
        msg = 'say which: farmy view "SELECT image_id FROM ...", or farmy search ... | farmy view'
        raise InvalidInputError(msg)
    return list(dict.fromkeys(line.strip() for line in sys.stdin if line.strip()))


def _folder(lake: Lake) -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "farmy" / "view" / lake.cleansed.name


def _gathered(lake: Lake, image_ids: Sequence[str], campaign: str) -> Gallery:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("copies", total=len(image_ids))
        return gather(
            lake, image_ids, _folder(lake), lambda n: progress.advance(task, n), campaign=campaign
        )


def _show(program: Path, file: Path, name: str, port: int) -> None:
    """Have FiftyOne make the dataset, and serve it until Ctrl-C.

    Raises:
        FarmyError: FiftyOne failed; what it said went to standard error.
    """
    # -P: our modules beside the viewer must not shadow those that FiftyOne imports.
    command = [str(program), "-P", "-W", "ignore", str(_VIEWER), str(file), name, str(port)]
    environment = {"FIFTYONE_DO_NOT_TRACK": "true", **os.environ}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as viewer:  # noqa: S603 - our own script
        assert viewer.stdout is not None  # noqa: S101 - opened above
        if any(line.strip() == _READY for line in viewer.stdout):
            where = f", to look at: http://127.0.0.1:{port} (Ctrl-C ends it)" if port else ""
            console.print(f"FiftyOne's dataset {name}{where}", highlight=False, soft_wrap=True)
        viewer.stdout.read()
    if viewer.returncode == _TAKEN:
        msg = f"FiftyOne has a dataset {name} that farmy view did not make; give another --name"
        raise InvalidInputError(msg)
    if viewer.returncode:
        msg = (
            "FiftyOne failed, for the reason above; where its package could not fetch MongoDB, set "
        )
        raise FarmyError(msg + "FIFTYONE_DATABASE_URI to a server of yours (mongodb://...)")


def _sample(picture: Picture) -> dict[str, Any]:
    known = {n: v for n, v in picture.metadata.items() if n not in _LEFT_OUT}
    moments = [n for n, value in known.items() if isinstance(value, datetime)]
    return {
        "file": str(picture.file),
        "fields": {
            "image_id": picture.image_id,
            **known,
            **{n: known[n].isoformat() for n in moments},
        },
        "moments": moments,
        "consensus": [_detection(picture, drawn) for drawn in picture.consensus],
        "votes": [_detection(picture, drawn) for drawn in picture.votes],
    }


def _detection(picture: Picture, drawn: Drawn) -> dict[str, Any]:
    """A region's bounds as FiftyOne has them: left, top, width, height as shares of the picture."""
    (width, height), region = picture.size_px, drawn.region
    x_min, y_min, x_max, y_max = region.bounds_px
    left, top = x_min / width, y_min / height
    shares = [left, top, x_max / width - left, y_max / height - top]
    fields = {"label": region.label, "bounding_box": shares}
    return {**fields, "person": drawn.person} if drawn.person else fields
