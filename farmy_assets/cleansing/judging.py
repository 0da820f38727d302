"""From what was measured to verdicts: each value held against the policy's limits."""

from collections.abc import Iterable, Mapping

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.checks import measured_checks, reading_checks
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.verdicts import CheckResult, Limit, Status, Verdict


def judge(measured: Mapping[str, float], *, policy: CleansingPolicy) -> tuple[CheckResult, ...]:
    """The verdict of every measured check, in the order of the checks' list.

    Args:
        measured: The value of each measured check, by its name.
        policy: The thresholds.
    """
    return tuple(
        _result(check, measured[check.name], policy.limit(check.name))
        for check in measured_checks()
    )


def status_of(results: Iterable[CheckResult]) -> Status:
    """The status that follows: rejected if there is no picture, held if anything else failed."""
    failed = {result.check for result in results if result.verdict is Verdict.FAIL}
    if any(check.name in failed for check in reading_checks()):
        return Status.REJECTED
    return Status.HELD if failed else Status.FIT


def _result(check: MeasuredCheck, value: float, limit: Limit) -> CheckResult:
    # The threshold that is not passed yet is recorded too: it shows how near the value came.
    for threshold, verdict in ((limit.fail, Verdict.FAIL), (limit.warn, Verdict.WARN)):
        if threshold is not None and _is_beyond(check, value, threshold):
            return CheckResult(check=check.name, value=value, threshold=threshold, verdict=verdict)
    nearest = limit.warn if limit.warn is not None else limit.fail
    return CheckResult(check=check.name, value=value, threshold=nearest, verdict=Verdict.PASS)


def _is_beyond(check: MeasuredCheck, value: float, threshold: float) -> bool:
    return value > threshold if check.fails_above else value < threshold
