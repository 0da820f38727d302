"""The tools that the benchmarks compare with, in an environment of their own, made on demand.

They are no dependency of the platform: some may not be used in a company's product at all.
"""

import json
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from farmy_assets.local.settings import read_settings
from farmy_assets_tests.benchmarks import page

_PACKAGES = ("cleanvision==0.3.7", "imagededup==0.3.3.post2")  # with torch: some gigabytes


@cache
def peers_python() -> Path:
    """The interpreter that has the other tools; the first call installs them, for minutes."""
    folder = read_settings().setup / "env" / "peers"
    python, mark = folder / "bin" / "python", folder / ".complete"
    if not mark.exists():
        page.say(f"installing the tools to compare with into {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *_PACKAGES], check=True)
        mark.touch()
    return python


def ask_peers(script: str, *arguments: str, given: object = None) -> Any:  # noqa: ANN401 - JSON
    """What a script prints as JSON on its last line, run with the other tools at hand.

    Args:
        script: Python; it finds `given` as JSON on its standard input.
        arguments: Its `sys.argv[1:]`.
        given: Anything that JSON can hold.
    """
    done = subprocess.run(
        [str(peers_python()), "-W", "ignore", "-c", textwrap.dedent(script), *arguments],
        input=json.dumps(given), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])
