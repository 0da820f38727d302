"""How often people overrule each check: the figure that its threshold can be tuned by."""

import math
from collections.abc import Iterable, Mapping, Sequence

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.checks import names
from farmy_assets.cleansing.rulings import CurrentDecisions
from farmy_assets.cleansing.verdicts import CheckName

_Z_95 = 1.959963984540054  # the normal distribution's 97.5th percentile


class OverturnRate(Record):
    """What people made of the images that one check flagged; shares are 0 to 1.

    Attributes:
        check: The check.
        flagged: Images put before people because of it, alone or with other checks.
        ruled: Of these, images with a word that stands.
        overturned: Of these, images that people kept.
        rate: overturned / ruled; None while nothing was ruled.
        low: Lower end of the 95 % interval of the rate.
        high: Upper end of the 95 % interval of the rate.
    """

    check: CheckName
    flagged: int
    ruled: int
    overturned: int
    rate: float | None
    low: float
    high: float


def overturn_rates(
    flagged: Mapping[str, Sequence[str]], decisions: CurrentDecisions
) -> tuple[OverturnRate, ...]:
    """The rate of every check that flagged something, in the order of the checks' list.

    An image that several checks flagged counts for each of them.

    Args:
        flagged: Image id to the failed checks that a person was asked about.
        decisions: What people said.
    """
    return tuple(
        _rate(check, [i for i, checks in flagged.items() if check in checks], decisions)
        for check in names()
        if any(check in checks for checks in flagged.values())
    )


def _rate(check: str, image_ids: Iterable[str], decisions: CurrentDecisions) -> OverturnRate:
    images = list(image_ids)
    overturned = sum(map(decisions.keeps, images))
    ruled = overturned + sum(map(decisions.discards, images))
    low, high = wilson_interval(overturned, ruled)
    return OverturnRate(
        check=check,
        flagged=len(images),
        ruled=ruled,
        overturned=overturned,
        rate=overturned / ruled if ruled else None,
        low=low,
        high=high,
    )


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share; without trials nothing is known: 0 to 1.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927).
    """
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, _Z_95**2
    scale = 1 + square / trials
    middle = (share + square / (2 * trials)) / scale
    spread = _Z_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / scale
    return max(0.0, min(share, middle - spread)), min(1.0, max(share, middle + spread))
