"""The entry point of `farmy`: an interruption while the commands load ends in one line, too."""

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType

INTERRUPTED = 130  # what shells expect of a process that was interrupted


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once: no work has begun, and half-loaded modules end in tracebacks."""
    sys.stderr.write("stopped before anything began\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)


signal.signal(signal.SIGINT, _end)  # before anything else is imported


_RARELY = 50_000  # new objects: while modules are loaded nothing becomes garbage


def main() -> None:
    """Load the commands, run the one that was asked for, and end with its exit code."""
    gc.set_threshold(_RARELY)
    # Here, as loading takes a second or more, which the handler above is for.
    from farmy_assets.cli.entry import app_for  # noqa: PLC0415

    app = app_for(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except SystemExit as end:
        _leave(end)
        raise


def _leave(end: SystemExit) -> None:
    """End without taking every module apart.

    That would take a tenth of a second, and native libraries whose threads are still at work then
    have aborted a command that had done everything.
    """
    if not isinstance(end.code, int | None) or threading.active_count() > 1:
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a pipe that nobody reads any more
            stream.flush()
    os._exit(end.code or 0)


if __name__ == "__main__":
    main()
