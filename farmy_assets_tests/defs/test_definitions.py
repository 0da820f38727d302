"""The code location as Dagster loads it."""

import subprocess
import sys

LOADED = """
from farmy_assets.definitions import defs
print(len(list(defs.get_repository_def().get_all_jobs())))
"""


def test_the_code_location_loads_without_a_variable_and_without_a_warning() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED],
        env={}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1
