"""A picture of agreement: alpha of each class with its interval, as a small drawing."""

import base64
from collections.abc import Iterator
from html import escape

import dagster as dg

from farmy_assets.annotation.agreement.campaign_agreement import CampaignAgreement
from farmy_assets.annotation.agreement.intervals import Estimate

_ROW_PX, _LEFT_PX, _WIDTH_PX, _RIGHT_PX = 22, 150, 320, 60
_MOST_CLASSES = 30
_NAME_CHARACTERS = 20


def agreement_plot(found: CampaignAgreement) -> dg.MarkdownMetadataValue:
    """Alpha in all and of each class, from 0 to 1; classes without one are said to be undefined."""
    classes = list(found.regions.by_class.items())[:_MOST_CLASSES]
    bars = [("all classes", found.regions.alpha), *classes]
    height = _ROW_PX * len(bars) + _ROW_PX
    drawn = "".join(
        part for row, (name, value) in enumerate(bars) for part in _bar(row, name, value)
    )
    width = _LEFT_PX + _WIDTH_PX + _RIGHT_PX
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/>{drawn}</svg>'
    )
    encoded = base64.b64encode(picture.encode()).decode()
    return dg.MetadataValue.md(f"![alpha by class](data:image/svg+xml;base64,{encoded})")


def _bar(row: int, name: str, found: Estimate) -> Iterator[str]:
    y = _ROW_PX * row + _ROW_PX // 2
    short = name if len(name) <= _NAME_CHARACTERS else f"{name[: _NAME_CHARACTERS - 1]}\u2026"
    yield f'<text x="{_LEFT_PX - 8}" y="{y + 11}" text-anchor="end">{escape(short)}</text>'
    if found.value is None:
        yield f'<text x="{_LEFT_PX}" y="{y + 11}" fill="#777">undefined</text>'
        return
    yield (
        f'<rect x="{_LEFT_PX}" y="{y}" width="{_at(found.value):.1f}" height="14" fill="#2ca02c"/>'
    )
    if found.low is not None and found.high is not None:
        low, high = _LEFT_PX + _at(found.low), _LEFT_PX + _at(found.high)
        yield f'<path d="M{low:.1f} {y + 7}H{high:.1f}" stroke="#222" stroke-width="2"/>'
    yield f'<text x="{_LEFT_PX + _WIDTH_PX + 8}" y="{y + 11}">{found.value:.2f}</text>'


def _at(value: float) -> float:
    """How far to the right a value is; alpha can be under 0, where there is no bar."""
    return _WIDTH_PX * min(max(value, 0.0), 1.0)
