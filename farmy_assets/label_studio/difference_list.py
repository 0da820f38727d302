"""The list of differences on an adjudicator's page, and beside it a small picture, as HTML."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from farmy_assets.annotation.region import Region

COLOURS = ("#1f77b4", "#ff7f0e", "#e377c2", "#17becf", "#bcbd22", "#9467bd")
"""One for each version, from the start again after the last; apart from the usual class colours."""

AGREED_COLOUR = "#8a8a8a"
_CORNERS = ("left: 0; top: 0", "right: 0; top: 0", "left: 0; bottom: 0", "right: 0; bottom: 0")
_MAP_EM = 20.0
_MAP_FLATNESS = 0.75  # an upright picture is no higher than a lying one of 4 by 3


class ShownRegion(NamedTuple):
    """A region of a version as the page shows it; `name` is what the list has, such as A3."""

    name: str
    region: Region
    colour: str


def difference_list(
    lines: Iterable[str], shown: Sequence[ShownRegion], *, image_uri: str, size_px: tuple[int, int]
) -> str:
    """The list of differences, and beside it a small picture in which its names stand."""
    colours = {region.name: region.colour for region in shown}
    items = "".join(f"<li>{_in_colours(line, colours)}</li>" for line in lines)
    marks = "".join(_mark(r, size_px) for r in shown if r.colour != AGREED_COLOUR)
    width_px, height_px = size_px
    width_em = min(_MAP_EM, _MAP_EM * width_px / height_px * _MAP_FLATNESS)
    picture = (
        f'<div style="position: relative; flex: 0 0 {width_em:.1f}em; width: {width_em:.1f}em">'
        f'<img src="{html.escape(image_uri)}" alt="" style="display: block; width: 100%"/>'
        f"{marks}</div>"
    )
    return (
        '<div style="display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start">'
        '<ol style="flex: 1 1 14em; margin: 0; padding-left: 1.5em; list-style: decimal">'
        f"{items}</ol>{picture}</div>"
    )


def _in_colours(line: str, colours: Mapping[str, str]) -> str:
    """A line as HTML, the names before its colon in the colours of their versions."""
    regions, colon, rest = line.partition(":")
    named = [
        f'<b style="color: {colours[name]}">{name}</b>' if name in colours else html.escape(name)
        for name in regions.split(" / ")
    ]
    return f"{' / '.join(named)}{colon}{html.escape(rest)}"


def _mark(shown: ShownRegion, size_px: tuple[int, int]) -> str:
    """A region's frame and name, at its place in the small picture."""
    width_px, height_px = size_px
    x_min, y_min, x_max, y_max = shown.region.bounds_px
    left, top = 100 * x_min / width_px, 100 * y_min / height_px
    width, height = 100 * (x_max - x_min) / width_px, 100 * (y_max - y_min) / height_px
    place = f"position: absolute; left: {left:.2f}%; top: {top:.2f}%"
    # The names of alike regions do not hide each other: each version has a corner of its own.
    corner = _CORNERS[COLOURS.index(shown.colour) % len(_CORNERS)]
    return (
        f'<div style="{place}; width: {width:.2f}%; height: {height:.2f}%; '
        f'border: 2px solid {shown.colour}"><span style="position: absolute; {corner}; '
        f"background: {shown.colour}; color: #fff; font-size: 11px; line-height: 1.2; "
        f'padding: 0 2px">{shown.name}</span></div>'
    )
