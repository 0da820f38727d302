"""An animation, or a file with several pages: an annotator would see the first one only."""

from farmy_assets.cleansing.check_kinds import FileCheck, ReadFile
from farmy_assets.cleansing.verdicts import CheckResult, Verdict

_ONE_FRAME = 1


def look(file: ReadFile) -> CheckResult:
    """Fails when there is more than one frame."""
    frames = file.decoded.frames
    verdict = Verdict.FAIL if frames > _ONE_FRAME else Verdict.PASS
    return CheckResult(check=CHECK.name, value=frames, threshold=_ONE_FRAME, verdict=verdict)


CHECK = FileCheck(
    name="animated_or_multi_page",
    title="Animated or multi-page",
    sentence="Only the first frame would be seen.",
    flagged="this is the first of several: the number of pictures in it",
    value_is="frames",
    form="{:.0f}",
    fails_above=True,
    look=look,
)
