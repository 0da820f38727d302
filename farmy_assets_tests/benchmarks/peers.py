"""The tools that the benchmarks compare with, in environments of their own, made on demand.

They are no dependency of the platform: some may not be used in a company's product at all
(fastdup is CC BY-NC-ND: measured here, and nothing else).
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

_ENVIRONMENTS = {  # the first has torch: some gigabytes
    "peers": ("torch==2.13.0", "cleanvision==0.3.7", "imagededup==0.3.3.post2"),
    "fastdup": ("fastdup==2.54",),
}


@cache
def peers_python(environment: str = "peers") -> Path:
    """The interpreter that has the other tools; the first call installs them, for minutes."""
    folder = read_settings().setup / "env" / environment
    python, mark = folder / "bin" / "python", folder / ".complete"
    if not mark.exists():
        page.say(f"installing the tools to compare with into {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *_ENVIRONMENTS[environment]],
            check=True,
        )  # fmt: skip
        mark.touch()
    return python


def ask_peers(
    script: str, *arguments: str, given: object = None, environment: str = "peers"
) -> Any:  # noqa: ANN401 - JSON
    """What a script prints as JSON on its last line, run with the other tools at hand.

    Args:
        script: Python; it finds `given` as JSON on its standard input.
        arguments: Its `sys.argv[1:]`.
        given: Anything that JSON can hold.
        environment: Which of the environments: `peers` or `fastdup`.
    """
    done = subprocess.run(
        [str(peers_python(environment)), "-W", "ignore", "-c", textwrap.dedent(script), *arguments],
        input=json.dumps(given), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])
