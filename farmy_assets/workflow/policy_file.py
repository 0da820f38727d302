"""The cleansing policies of a file, for the platform and its commands."""

from pathlib import Path

from farmy_assets.cleansing.policy import CleansingPolicies, parse_policy
from farmy_assets.errors import InvalidInputError


def read_policy(file: str, *, named_by: str) -> CleansingPolicies:
    """The policies of a YAML file; the defaults where no file is named.

    Args:
        file: Its path, or nothing.
        named_by: What names the file, for the error.

    Raises:
        InvalidInputError: It cannot be read, or is no policy.
    """
    if not file:
        return CleansingPolicies()
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{named_by} names {file}, which cannot be read: {error}"
        raise InvalidInputError(msg) from error
    return parse_policy(text)
