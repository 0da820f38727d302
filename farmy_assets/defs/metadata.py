"""What a materialization tells people: counts, tables, places and small pictures."""

import base64
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import dagster as dg

from farmy_assets.annotation.campaign import PALETTE
from farmy_assets.annotation.region import Region
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.previews import Mark, contact_sheet
from farmy_assets.lake.keys import cleansed_image
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import Bucket, in_threads

if TYPE_CHECKING:
    Materialized = dg.MaterializeResult[Any]
else:
    # At run time the plain class: an asset with check specs is refused with a parametrized one.
    Materialized = dg.MaterializeResult

SHEET_IMAGES = 8


def rows(count: int) -> dict[str, Any]:
    """The row count of one partition, under the name that Dagster's catalog looks for."""
    return {"dagster/partition_row_count": count}


def all_rows(count: int) -> dict[str, Any]:
    """The row count of an asset without partitions, under the name that Dagster looks for."""
    return {"dagster/row_count": count}


def without_campaign(name: str) -> Materialized:
    """Nothing done, because nobody has said yet what a campaign's rules are."""
    note = f"no campaign {name} yet: farmy campaign apply FILE"
    return dg.MaterializeResult(metadata={**rows(0), "note": note})


def place(address: str) -> dict[str, Any]:
    """Where the data lies, under the name that Dagster's catalog looks for."""
    return {"dagster/uri": address}


def link(address: str) -> dg.UrlMetadataValue:
    """A place that people open in a browser."""
    return dg.MetadataValue.url(address)


def count_table(
    counts: Mapping[str, int], *, of: str, counted: str = "images"
) -> dg.TableMetadataValue:
    """Counts as a small table, the most frequent first; `of` and `counted` name the columns."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dg.MetadataValue.table(
        [dg.TableRecord({of: str(name), counted: count}) for name, count in ordered],
        schema=dg.TableSchema(
            columns=[dg.TableColumn(of, "string"), dg.TableColumn(counted, "int")]
        ),
    )


def record_table(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Any:  # noqa: ANN401 - Dagster's own union
    """Records as a table with these columns, typed; what is not a number is shown as text."""
    shown = [
        dg.TableRecord({c: r[c] if isinstance(r[c], int | float) else str(r[c]) for c in columns})
        for r in records
    ]
    typed = [dg.TableColumn(c, _type_of([r.data[c] for r in shown])) for c in columns]
    return dg.MetadataValue.table(shown, schema=dg.TableSchema(columns=typed))


def _type_of(values: Sequence[object]) -> str:
    """The one type of a column's values as Dagster names it; `string` for a mixture."""
    kinds = {type(value) for value in values}
    if kinds and kinds <= {int, float}:
        return "float" if float in kinds else "int"
    return "bool" if kinds == {bool} else "string"


def sheet(
    bucket: Bucket, keys: Sequence[str], *, marks: Sequence[Sequence[Mark]] = ()
) -> dict[str, Any]:
    """A contact sheet of the first few images under these keys; nothing when there are none."""
    found = in_threads(bucket.find, keys[:SHEET_IMAGES])
    return drawn_sheet(found, marks=marks)


def drawn_sheet(
    pictures: Sequence[bytes | None], *, marks: Sequence[Sequence[Mark]] = ()
) -> dict[str, Any]:
    """A contact sheet of the first few of our own small pictures; nothing if there are none."""
    found = pictures[:SHEET_IMAGES]
    if not any(found):
        return {}
    contents = [content or b"" for content in found]
    drawn = contact_sheet(contents, policy=CleansingPolicy(), marks=marks)
    picture = base64.b64encode(drawn).decode()
    shown = dg.MetadataValue.md(f"![contact sheet](data:image/jpeg;base64,{picture})")
    return {"contact_sheet": shown}


def marked_sheet(
    lake: Lake, images: Sequence[tuple[str, int, int, Sequence[tuple[Region, str]]]]
) -> dict[str, Any]:
    """A contact sheet of cleansed images with the bounds of regions drawn in.

    Args:
        lake: Where the images are.
        images: Image id, width and height in pixels, and its regions with their colours.
    """
    first = images[:SHEET_IMAGES]
    marks = [
        [
            Mark(x_min / width, y_min / height, x_max / width, y_max / height, colour)
            for (x_min, y_min, x_max, y_max), colour in ((r.bounds_px, c) for r, c in regions)
        ]
        for _, width, height, regions in first
    ]
    return sheet(lake.cleansed, [cleansed_image(i) for i, *_ in first], marks=marks)


def in_class_colours(regions: Sequence[Region], classes: Sequence[str]) -> list[tuple[Region, str]]:
    """Each region with the colour of its class."""
    colours = dict(zip(classes, cycle(PALETTE), strict=False))
    return [(region, colours.get(region.label, PALETTE[-1])) for region in regions]
