"""The child process of a crawl: `python -m farmy_assets.scraping FILE`, started by `process.py`.

It tells its numbers as JSON lines on standard output. It ends when its standard input ends, that
is, when whoever started it is gone, and at any signal, at once: the journal loses nothing.
"""

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from farmy_assets.errors import FarmyError, LakeUnavailableError
from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.crawl import run
from farmy_assets.scraping.journal import Journal
from farmy_assets.scraping.scraper_file import parse_scraper

SECONDS_BETWEEN_LINES = 1.0


def main() -> int:
    """Crawl by the file named on the command line; the exit code tells whether all went well."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    last_line = 0.0

    def tell(journal: Journal) -> None:
        nonlocal last_line
        if time.monotonic() - last_line >= SECONDS_BETWEEN_LINES:
            so_far = journal.report()
            _say("progress", so_far.model_dump(mode="json", exclude={"first_refusals"}))
            last_line = time.monotonic()

    try:
        scraper = parse_scraper(Path(sys.argv[1]).read_text(encoding="utf-8"))
        lake = Lake.from_environment(os.environ)
        report = run(scraper, lake, clock=lambda: datetime.now(UTC), on_progress=tell)
    except FarmyError as error:
        _say("error", {"text": str(error), "passing": isinstance(error, LakeUnavailableError)})
        return 1
    _say("report", report.model_dump(mode="json"))
    return 0


def _say(kind: str, value: object) -> None:
    sys.stdout.write(json.dumps({kind: value}) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    # At once: after a crawl that was cut short, Twisted's threads would be waited for.
    os._exit(main())
