"""How a value is distributed, as a small drawing for a page (SVG)."""

from collections.abc import Sequence

import numpy as np

from farmy_assets.cleansing.verdicts import Limit

_WIDTH, _HEIGHT, _BASE = 320, 96, 78
_BARS = 40
_MARGIN = 0.02


def histogram(values: Sequence[float], *, limit: Limit, fails_above: bool, form: str) -> str:
    """The values as bars, coloured by the verdict that they get, the thresholds drawn in.

    Args:
        values: At least one.
        limit: The thresholds.
        fails_above: Whether large values are the bad ones.
        form: How a value is written, such as "{:.2f}".
    """
    thresholds = [t for t in (limit.warn, limit.fail) if t is not None]
    low, high = min([*values, *thresholds]), max([*values, *thresholds])
    span = (high - low) or 1.0
    low, high = low - _MARGIN * span, high + _MARGIN * span
    counts, edges = np.histogram(values, bins=_BARS, range=(low, high))
    tallest = max(1, int(counts.max()))
    bar = _WIDTH / _BARS
    parts = []
    for number, count in enumerate(counts):
        if count:
            # The root keeps a single odd photograph visible beside a thousand sound ones.
            height = max(2.0, (int(count) / tallest) ** 0.5 * (_BASE - 12))
            middle = float(edges[number] + edges[number + 1]) / 2
            verdict = _verdict(middle, limit, fails_above=fails_above)
            parts.append(
                f'<rect class="{verdict}" x="{number * bar:.1f}" y="{_BASE - height:.1f}" '
                f'width="{bar - 1:.1f}" height="{height:.1f}"><title>{int(count)}</title></rect>'
            )
    for name, threshold in (("warn", limit.warn), ("fail", limit.fail)):
        if threshold is not None:
            x = (threshold - low) / (high - low) * _WIDTH
            anchor = "end" if x > _WIDTH / 2 else "start"
            y = 9 if name == "fail" else 20
            parts.append(
                f'<line class="{name}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_BASE}"/>'
                f'<text class="{name}" x="{x + (-3 if anchor == "end" else 3):.1f}" y="{y}" '
                f'text-anchor="{anchor}">{name} {form.format(threshold)}</text>'
            )
    ends = ((0, "start", low), (_WIDTH, "end", high))
    parts += [
        f'<text x="{x}" y="{_HEIGHT - 4}" text-anchor="{anchor}">{form.format(value)}</text>'
        for x, anchor, value in ends
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_BASE}" y2="{_BASE}"/>'
        f"{''.join(parts)}</svg>"
    )


def _verdict(value: float, limit: Limit, *, fails_above: bool) -> str:
    sign = 1 if fails_above else -1
    for name, threshold in (("fail", limit.fail), ("warn", limit.warn)):
        if threshold is not None and sign * value > sign * threshold:
            return name
    return "pass"
