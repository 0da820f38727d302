"""The part of `make setup` that needs our own code: `python -m farmy_assets.local`.

Makes the database that a new Label Studio starts from, and the Lambda's libraries. Both are made
once; a second call returns at once.
"""

import sys

from farmy_assets.errors import FarmyError
from farmy_assets.local.label_studio import make_template
from farmy_assets.local.ministack import functions_python
from farmy_assets.local.packaging import vendor_libraries
from farmy_assets.local.settings import read_settings


def main() -> int:
    """Make what is missing; the process's exit code."""
    try:
        settings = read_settings()
        vendor_libraries(settings.root, settings.setup, functions_python(settings))
        make_template(settings, _say)
    except FarmyError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
