"""farmy search: images by what is known of them, or by their look."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from farmy_assets.catalog.wording import counted
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.task_links import task_links
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.lake import Lake
from farmy_assets.query.contact_sheet import contact_sheet, look_up
from farmy_assets.query.image_phases import SEARCHABLE_PHASES
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.suggestions import check_values
from farmy_assets.query.tables import TABLES

_SHOWN = ("image_id", "original_name", "campaign", "crop", "verdict", "status", "captured_at")


@reports_errors
def search(  # noqa: PLR0913, PLR0917 - one option for each thing that can be known
    where: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of a column; several must all hold.")
    ] = None,
    check: Annotated[str, typer.Option(help="Check values: blurry<2, dark>=0.4")] = "",
    phase: Annotated[str, typer.Option(help=f"One of: {', '.join(SEARCHABLE_PHASES)}.")] = "",
    annotator: Annotated[str, typer.Option(help="Who drew on it.")] = "",
    label: Annotated[str, typer.Option(help="A class that somebody drew.")] = "",
    conflict: Annotated[str, typer.Option(help="any, none, or a kind such as other_class.")] = "",
    captured_since: Annotated[str, typer.Option(help="Taken on this day or later.")] = "",
    captured_until: Annotated[str, typer.Option(help="Taken on this day or earlier.")] = "",
    arrived_since: Annotated[str, typer.Option(help="Arrived on this day or later.")] = "",
    arrived_until: Annotated[str, typer.Option(help="Arrived on this day or earlier.")] = "",
    within: Annotated[str, typer.Option(help="west,south,east,north in degrees.")] = "",
    duplicate_of: Annotated[str, typer.Option(help="Left out as a copy of this image.")] = "",
    kept_for: Annotated[str, typer.Option(help="Kept in place of this duplicate.")] = "",
    sql: Annotated[str, typer.Option(help="A SELECT with a column image_id.")] = "",
    like: Annotated[
        Path | None, typer.Option(help="Find images that look like this photograph.")
    ] = None,
    distance: Annotated[
        int, typer.Option(help="The largest distance of perceptual hashes, 0 to 64 bits.")
    ] = 12,
    limit: Annotated[int, typer.Option(min=1, help="The largest number of images.")] = 100,
    sheet: Annotated[Path | None, typer.Option(help="Write a page with pictures here.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Among all images as of now.")] = False,
) -> None:
    """Find images, and show them on one page.

        farmy search --where crop=tomato --where verdict=pass --sheet found.html
        farmy search --check "blurry<2, dark>=0.4" --captured-since 2026-05-01
        farmy search --label weed --conflict any --within 11.0,48.0,12.0,48.5
        farmy search --like photo.jpg --sheet found.html
        farmy search --sql "SELECT image_id, label FROM regions WHERE label = 'weed'"

    Columns are those of `farmy query --tables`, tables images and image_checks, brought up to date
    every quarter of an hour; with --fresh, now. One image id a line goes to standard output.

    An image that several campaigns have is looked for in each: --where campaign=NAME is one of
    them, and the page shows what people drew there. With --sql, a column campaign says which.
    """
    asked = {
        "check": check, "phase": phase, "annotator": annotator, "label": label,
        "conflict": conflict, "captured_since": captured_since, "captured_until": captured_until,
        "arrived_since": arrived_since, "arrived_until": arrived_until, "within": within,
        "duplicate_of": duplicate_of, "kept_for": kept_for,
    }  # fmt: skip
    wanted = {**_columns(where or []), **{name: value for name, value in asked.items() if value}}
    if sum([bool(wanted), bool(sql), like is not None]) != 1:
        msg = "give one of: filters (--where, --check, --label and others, "
        raise InvalidInputError(msg + "which combine), --sql, or --like")
    lake = open_lake()
    if fresh and like is None:  # looks are always those of now
        QueryLayer(lake).bring_up_to_date(TABLES)
    if like is not None:
        found, title = _alike(lake, like, limit, distance), f"Looks like {like.name}"
    elif sql:
        found, title = _asked(lake, sql, limit), sql
    else:
        title = ", ".join(f"{name} {value}" for name, value in wanted.items())
        found = _matching(lake, wanted, limit)
    if not found:
        check_values(lake, wanted)
    image_ids = dict.fromkeys(str(row["image_id"]) for row in found)
    for image_id in image_ids:
        typer.echo(image_id)
    console.print(counted(len(image_ids), "image"), highlight=False)
    if sheet:
        known = look_up(lake, found)
        page = contact_sheet(lake, title, known, links=task_links(lake, known.assignments))
        try:
            sheet.write_bytes(page)
        except OSError as error:
            raise InvalidInputError(f"{sheet} cannot be written: {error.strerror}") from error
        console.print(f"to look at: {sheet}", highlight=False, soft_wrap=True)


def _columns(where: Sequence[str]) -> dict[str, str]:
    wanted = {}
    for condition in where:
        name, equals, value = condition.partition("=")
        if not equals:
            raise InvalidInputError(f"write NAME=VALUE, such as crop=tomato, not {condition!r}")
        wanted[name] = value
    return wanted


def _matching(lake: Lake, wanted: Mapping[str, str], limit: int) -> list[Mapping[str, object]]:
    frame = QueryLayer(lake).images(limit=limit, **wanted)
    shown = dict.fromkeys(name for name in (*_SHOWN, *wanted) if name in frame)
    return _rows(frame[[*shown]])


def _asked(lake: Lake, sql: str, limit: int) -> list[Mapping[str, object]]:
    frame = QueryLayer(lake).query(sql)
    if "image_id" not in frame:
        raise InvalidInputError("the SELECT has to have a column image_id")
    return _rows(frame.head(limit))


def _rows(frame: pd.DataFrame) -> list[Mapping[str, object]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _alike(lake: Lake, photograph: Path, limit: int, distance: int) -> list[Mapping[str, object]]:
    try:
        content = photograph.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{photograph} cannot be read: {error.strerror}") from error
    found = QueryLayer(lake).similar_images.of(content, limit=limit, max_distance_bits=distance)
    return [alike._asdict() for alike in found]
