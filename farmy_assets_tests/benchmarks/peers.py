"""The tools that the benchmarks compare with, in environments of their own, made on demand.

They are no dependency of the platform: some may not be used in a company's product at all
(fastdup is CC BY-NC-ND: measured here, and nothing else). Each is installed from its lock in
`deploy/requirements/peer-<name>.txt`, by pip, which checks every file's hash.
"""

import json
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path
from typing import Any, Literal

from farmy_assets.local.settings import read_settings
from farmy_assets_tests.benchmarks import page

Peer = Literal[
    "cleanvision", "imagededup", "fastdup", "datumaro"
]  # imagededup brings torch: some gigabytes


class PeerFailedError(Exception):
    """Another tool could not be installed, or did not do its work; the text is its reason."""


def peers_python(peer: Peer) -> Path:
    """The interpreter that has another tool; the first call installs it, for minutes.

    Raises:
        PeerFailedError: It cannot be installed; later calls say so at once.
    """
    python, reason = _installed(peer)
    if reason:
        raise PeerFailedError(reason)
    return python


def ask_peer(peer: Peer, script: str, *arguments: str, given: object = None) -> Any:  # noqa: ANN401 - JSON
    """What a script prints as JSON on its last line, run with another tool at hand.

    Args:
        peer: The tool.
        script: Python; it finds `given` as JSON on its standard input.
        arguments: Its `sys.argv[1:]`.
        given: Anything that JSON can hold.

    Raises:
        PeerFailedError: The tool could not be installed, or the script failed.
    """
    done = subprocess.run(
        [str(peers_python(peer)), "-W", "ignore", "-c", textwrap.dedent(script), *arguments],
        input=json.dumps(given), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise PeerFailedError(_reason(done))
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        msg = "it printed no figures"
        raise PeerFailedError(msg) from error


@cache
def _installed(peer: Peer) -> tuple[Path, str]:
    """The interpreter, and why it cannot be used, or an empty text."""
    settings = read_settings()
    lock = settings.root / "deploy" / "requirements" / f"peer-{peer}.txt"
    folder = settings.setup / "env" / f"peer-{peer}"
    python, mark = folder / "bin" / "python", folder / ".complete"
    if mark.exists() and mark.read_text() == lock.read_text():
        return python, ""
    page.say(f"installing {peer}, to compare with, into {folder}")
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [
            *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--requirement", str(lock)),
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return python, f"not installed: {_reason(done)}"
    mark.write_text(lock.read_text())
    return python, ""


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """The last thing that a process said before it failed, as one line for a table's cell."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    said = lines[-1] if lines else f"exit code {done.returncode}"
    return said.replace("|", "/")[:200]
