"""Plain charts for pages, as SVG: bars by day, and shares of a whole."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from markupsafe import Markup, escape

DAYS_SHOWN = 60
_WIDTH, _HEIGHT, _BASE, _TOP = 640, 124, 104, 16
_LABEL_GAP_PX = 70
_STYLE = (
    "<style>.twin{fill:#5b7fb8}.fail{fill:#c8453c}line{stroke:#dfe5e0}"
    "text{font:8px sans-serif;fill:#5f6b66}</style>"
)
_GAP_SHARE = 0.2


class Series(NamedTuple):
    """Counts by day, with the name and the colour (a class of the style sheet) of their bars."""

    name: str
    colour: str
    by_day: Mapping[str, int]


def days_until(last: date, *series: Series) -> list[str]:
    """The days that a chart shows: from the first with a count, at most the last sixty.

    Of a campaign that nobody has worked on for so long, the sixty up to the last with a count.
    """
    counted = {date.fromisoformat(day) for one in series for day in one.by_day} or {last}
    if max(counted) <= last - timedelta(days=DAYS_SHOWN):
        last = max(counted)
    began = max(min(counted), last - timedelta(days=DAYS_SHOWN - 1))
    return [(began + timedelta(days=n)).isoformat() for n in range((last - began).days + 1)]


def bars_by_day(days: Sequence[str], series: Sequence[Series], *, label: str) -> Markup:
    """Bars upon each other, one pile a day, with the highest pile's count beside the chart.

    Args:
        days: The days, in order and without gaps.
        series: What is piled up, from below.
        label: What the chart shows, for those who do not see it.
    """
    tallest = max((sum(s.by_day.get(day, 0) for s in series) for day in days), default=0) or 1
    step = _WIDTH / max(len(days), 1)
    width = step * (1 - _GAP_SHARE)
    parts = []
    for place, day in enumerate(days):
        below = float(_BASE)
        for one in series:
            if count := one.by_day.get(day, 0):
                height = count / tallest * (_BASE - _TOP)
                below -= height
                parts.append(
                    f'<rect class="{escape(one.colour)}" x="{place * step:.1f}" y="{below:.1f}" '
                    f'width="{width:.1f}" height="{height:.1f}">'
                    f"<title>{day}: {count:,} {escape(one.name)}</title></rect>"
                )
    every = max(1, round(_LABEL_GAP_PX / step))
    parts += [
        f'<text x="{place * step:.1f}" y="{_HEIGHT - 8}">{day[5:]}</text>'
        for place, day in enumerate(days)
        if place % every == 0 and (len(days) - place) * step >= _LABEL_GAP_PX / 2
    ]
    return Markup(  # noqa: S704 - what is not a number is escaped above
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<line x1="0" x2="{_WIDTH}" y1="{_BASE}" y2="{_BASE}"/>'
        f'<line x1="0" x2="{_WIDTH}" y1="{_TOP}" y2="{_TOP}" stroke-dasharray="2 4"/>'
        f'<text x="0" y="{_TOP - 5}">{tallest:,}</text>{"".join(parts)}</svg>'
    )


def as_picture(chart: Markup) -> bytes:
    """A chart as an SVG file, for where the pages' style sheet is not: with its own colours."""
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
    return str(chart).replace("<svg ", begin, 1).replace(">", f">{_STYLE}", 1).encode()


AGES = ((0, 1, "up to a day"), (2, 3, "2 to 3 days"), (4, 7, "4 to 7 days"),
        (8, 14, "8 to 14 days"), (15, None, "over 14 days"))  # fmt: skip
AGE_COLOURS = ("tint", "pass", "twin", "warn", "fail")


def by_age(by_day: Mapping[str, int], *, today: date) -> list[int]:
    """Counts by day as counts by the groups of `AGES`."""
    found = [0] * len(AGES)
    for day, count in by_day.items():
        days = max((today - date.fromisoformat(day)).days, 0)
        place = next(n for n, (_, last, _) in enumerate(AGES) if last is None or days <= last)
        found[place] += count
    return found
