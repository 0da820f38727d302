"""Starts a crawl in a child process and listens to it: Twisted's reactor runs once in a process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from farmy_assets.errors import InvalidInputError, LakeUnavailableError, ScrapeError
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.scraping.records import ScrapeReport
from farmy_assets.scraping.scraper_file import Scraper, parse_scraper

STOP_SECONDS = 10


def read_scraper(path: Path) -> Scraper:
    """The scraper in a file.

    Raises:
        InvalidInputError: It cannot be read, or is no scraper.
    """
    try:
        return parse_scraper(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the scraper file {path} cannot be read: {error}"
        raise InvalidInputError(msg) from error


def scrape(
    path: Path,
    settings: LakeSettings,
    *,
    on_progress: Callable[[ScrapeReport], None] = lambda report: None,
) -> ScrapeReport:
    """Run the job of a scraper file, or continue it, in a child that ends with this call.

    Raises:
        InvalidInputError: The file is no scraper.
        LakeUnavailableError: The lake does not answer; run it again to continue.
        ScrapeError: The crawl failed, or its process was ended; run it again to continue.
    """
    read_scraper(path)  # errors are raised here, before a process is started
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "farmy_assets.scraping", str(path)],
        stdin=subprocess.PIPE,  # end of file tells the child that its parent has ended
        stdout=subprocess.PIPE,
        env={**os.environ, **settings.to_environment()},
        start_new_session=True,  # an interrupt from the keyboard is ours to handle
    )
    last: dict[str, object] = {}
    try:
        assert child.stdout is not None  # noqa: S101 - opened above
        for line in child.stdout:
            last = json.loads(line)
            if "progress" in last:
                on_progress(ScrapeReport.model_validate(last["progress"]))
    finally:
        _end(child)
    if "report" in last:
        return ScrapeReport.model_validate(last["report"])
    error = last.get("error")
    if isinstance(error, dict):
        raise (LakeUnavailableError if error["passing"] else ScrapeError)(error["text"])
    msg = f"the crawl ended early (exit code {child.returncode}); run it again to continue"
    raise ScrapeError(msg)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Wait for a child that is done; end one that is not."""
    with suppress(subprocess.TimeoutExpired):
        if child.stdin is not None:
            child.stdin.close()
        child.wait(STOP_SECONDS)
    child.kill()
    child.wait()
    if child.stdout is not None:
        child.stdout.close()
