"""The entry point of `farmy`: an interruption while the commands load ends in one line, too."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130  # what shells expect of a process that was interrupted


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once: no work has begun, and half-loaded modules end in tracebacks."""
    sys.stderr.write("stopped before anything began\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)


signal.signal(signal.SIGINT, _end)  # before anything else is imported


def main() -> None:
    """Load the commands, and run the one that was asked for."""
    # Here, as loading takes a second or more, which the handler above is for.
    from farmy_assets.cli.entry import app_for  # noqa: PLC0415

    app = app_for(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
