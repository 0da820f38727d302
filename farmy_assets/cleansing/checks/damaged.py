"""Parts of the file were lost or overwritten, and the decoder made up for them.

What is lost is found while decoding: `damage.py`, `jpeg_reading.py`.
"""

from farmy_assets.cleansing.check_kinds import FileCheck, ReadFile
from farmy_assets.cleansing.verdicts import CheckResult, Verdict


def look(file: ReadFile) -> CheckResult:
    """Fails when a part of the picture is lost, warns when only the file's end is odd."""
    damage, verdict = file.decoded.damage, Verdict.PASS
    if damage:
        verdict = Verdict.FAIL if damage.share > 0 else Verdict.WARN
    share = damage.share if damage else 0.0
    return CheckResult(check=CHECK.name, value=share, threshold=0.0, verdict=verdict)


CHECK = FileCheck(
    name="damaged",
    title="Damaged",
    sentence="Parts of the file were lost or overwritten.",
    flagged="parts of the file are lost: the share of its data",
    value_is="share of its data",
    fails_above=True,
    look=look,
)
