"""The virtual environments that `make setup` makes beside the platform's own."""

import sys
from pathlib import Path


def environment_folder(setup: Path, name: str) -> Path:
    """Where the environment of one server lies."""
    return setup / "env" / name


def python_of(environment: Path) -> str:
    """Its Python, such as `3.12`; this process's own where it was not made yet."""
    settings = environment / "pyvenv.cfg"
    lines = settings.read_text().splitlines() if settings.exists() else []
    pairs = (line.partition("=") for line in lines)
    found = {name.strip(): value.strip() for name, _, value in pairs}
    version = found.get("version_info") or found.get("version") or sys.version.split()[0]
    return ".".join(version.split(".")[:2])
