"""From what was measured to verdicts: each value held against the policy's limits."""

from collections.abc import Mapping

from farmy_assets.cleansing.checks import FAILS_ABOVE, MEASURED, Check, CheckResult, Verdict
from farmy_assets.cleansing.policy import CleansingPolicy, Limit


def judge(measured: Mapping[Check, float], *, policy: CleansingPolicy) -> tuple[CheckResult, ...]:
    """The verdict of every measured check, in the order of `Check`.

    Args:
        measured: The value of each check in `MEASURED`.
        policy: The thresholds.
    """
    return tuple(_result(check, measured[check], policy.limit(check)) for check in MEASURED)


def _result(check: Check, value: float, limit: Limit) -> CheckResult:
    # The threshold that is not passed yet is told too: it shows how near the value came.
    for threshold, verdict in ((limit.fail, Verdict.FAIL), (limit.warn, Verdict.WARN)):
        if threshold is not None and _is_beyond(check, value, threshold):
            return CheckResult(check=check, value=value, threshold=threshold, verdict=verdict)
    nearest = limit.warn if limit.warn is not None else limit.fail
    return CheckResult(check=check, value=value, threshold=nearest, verdict=Verdict.PASS)


def _is_beyond(check: Check, value: float, threshold: float) -> bool:
    return value > threshold if check in FAILS_ABOVE else value < threshold
