"""From an upload to a task that an annotator sees: single uploads on an idle platform."""

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from farmy_assets.ingestion.importing import import_folder
from farmy_assets.simulation.photographs import draw_photograph
from farmy_assets_tests.benchmarks.platforms import ORIGIN, fresh_platform

LONGEST_S = 180
POLL_S = 0.2
LONGEST_REST_S = 5  # the sensors' own rhythm: uploads must not fall into step with it


def seconds_until_visible(count: int, say: Callable[[str], None]) -> list[float]:
    """Seconds from the start of each of `count` single uploads to its task in Label Studio."""
    found = []
    rest = random.Random(1)
    with fresh_platform() as platform, tempfile.TemporaryDirectory() as folder:
        time.sleep(LONGEST_REST_S)
        for number in range(count):
            for old in Path(folder).iterdir():
                old.unlink()
            photograph = draw_photograph(1000 + number)
            photograph.content.save(Path(folder) / f"{number}.jpg", quality=92)
            seen = platform.visible_tasks()
            began = time.perf_counter()
            import_folder(
                platform.lake.ingestion,
                Path(folder),
                origin=ORIGIN,
                clock=lambda: datetime.now(UTC),
            )
            while not platform.visible_tasks() - seen:
                if time.perf_counter() - began > LONGEST_S:
                    msg = f"upload {number} was not visible after {LONGEST_S} s"
                    raise TimeoutError(msg)
                time.sleep(POLL_S)
            found.append(time.perf_counter() - began)
            say(f"upload {number + 1} of {count}: {found[-1]:.1f} s")
            time.sleep(rest.uniform(1, 1 + LONGEST_REST_S))
    return found
