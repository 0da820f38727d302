"""Text files that a person names on the command line."""

from pathlib import Path

from farmy_assets.errors import InvalidInputError


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises:
        InvalidInputError: It cannot be read, or is not UTF-8; the text says which.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8: save it in that encoding"
        raise InvalidInputError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(msg) from error
