"""`farmy cleanse` as a person runs it, beside Pillow that only decodes the same files.

`python -m farmy_assets_tests.benchmarks.cleanse_command DIR` takes turns: the whole command, start
and reports included; the pass alone, with its processes already started; and two processes that
decode at a quarter of the size (Pillow's draft mode). The medians' ratios are what counts: on a
machine with other work all of them are slower together.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from farmy_assets_tests.benchmarks import page
from farmy_assets_tests.benchmarks.cleansing_speed import decoding_rate, pass_rate

FEW = 40


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of photographs, about a hundred.")],
    rounds: Annotated[int, typer.Option(help="Turns of each.")] = 5,
) -> None:
    """Measure the command, the pass and the decoder in turn."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rates: dict[str, list[float]] = {"command": [], "pass": [], "decoding": [], "decoding few": []}
    with tempfile.TemporaryDirectory() as work:
        few = Path(work) / "few"
        few.mkdir()
        for number, path in enumerate(files[:FEW]):
            (few / f"{number:03d}{path.suffix}").symlink_to(path.resolve())
        for number in range(rounds):
            rates["command"].append(len(files) / _command_seconds(folder, Path(work) / "out"))
            rates["decoding"].append(decoding_rate(folder, 4))
            rates["pass"].append(pass_rate(few))
            rates["decoding few"].append(decoding_rate(few, 4))
            page.say(f"round {number + 1} of {rounds}")
    command, passing, decoding, decoding_few = (statistics.median(r) for r in rates.values())
    typer.echo(
        "\n".join(
            [
                f"| `{folder.name}`, {len(files)} files | files/s | of decoding at 1/4 |",
                "| --- | --- | --- |",
                f"| `farmy cleanse`, start and reports included | {command:.1f} "
                f"| {command / decoding:.2f} |",
                f"| the pass alone, {min(FEW, len(files))} files | {passing:.1f} "
                f"| {passing / decoding_few:.2f} |",
                f"| Pillow, decoding at 1/4 | {decoding:.1f} | 1.00 |",
            ]
        )
    )


def _command_seconds(folder: Path, out: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "farmy_assets.cli", "cleanse", str(folder), "--out", str(out)],
        check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - began


if __name__ == "__main__":
    typer.run(main)
