"""The file's name says another format than its bytes; a warning only."""

from farmy_assets.cleansing.check_kinds import FileCheck, ReadFile
from farmy_assets.cleansing.verdicts import CheckResult, Verdict


def look(file: ReadFile) -> CheckResult:
    """Value 1 and a warning when the name does not fit; a file without a name passes."""
    from farmy_assets.cleansing.file_formats import has_wrong_extension  # noqa: PLC0415 - Pillow

    misnamed = file.name is not None and has_wrong_extension(file.name, file.decoded.file_format)
    verdict = Verdict.WARN if misnamed else Verdict.PASS
    return CheckResult(check=CHECK.name, value=float(misnamed), verdict=verdict)


CHECK = FileCheck(
    name="wrong_extension",
    title="Wrong extension",
    sentence="The name says another format than the bytes.",
    flagged="the file's name does not fit its content",
    form="{:.0f}",
    fails_above=True,
    look=look,
)
