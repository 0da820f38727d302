"""The benchmarks: `make bench`, or `make bench IMAGES=DIR` for photographs of your own.

Writes what it measured, with the machine named, to docs/benchmarks.md.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from farmy_assets.simulation.photographs import draw_photograph
from farmy_assets_tests.benchmarks import page
from farmy_assets_tests.benchmarks.latency import seconds_until_visible
from farmy_assets_tests.benchmarks.throughput import each_stage_alone, through_the_loop

DRAWN = 200


def main(
    images: Annotated[Path | None, typer.Option(help="Photographs; else some are drawn.")] = None,
    uploads: Annotated[int, typer.Option(help="Single uploads to time.")] = 20,
) -> None:
    """Measure the platform on this machine, and write the page."""
    rows = page.Rows("measured")
    rows.add(page.measured_on(), "", "| from an upload to its visible task | seconds |")
    rows.add("| --- | --- |")
    with tempfile.TemporaryDirectory() as drawn:
        folder = images or _draw(Path(drawn))
        latencies = seconds_until_visible(uploads, page.say)
        rows.add(
            f"| median of {len(latencies)} single uploads | {statistics.median(latencies):.1f} |",
            f"| worst | {max(latencies):.1f} |",
            f"| best | {min(latencies):.1f} |",
        )
        count, elapsed = through_the_loop(folder, page.say)
        rows.note(f"the whole loop: {count} photographs in {elapsed:.1f} s")
        stages = each_stage_alone(folder, page.say)
    photographs = "drawn photographs" if images is None else f"photographs of `{images.name}`"
    rows.add(
        "",
        f"| {count} {photographs} | seconds | images/s |",
        "| --- | --- | --- |",
        *(
            f"| {stage} alone | {taken:.1f} | {count / taken:.0f} |"
            for stage, taken in stages.items()
        ),
        f"| the whole loop, to visible tasks | {elapsed:.1f} | {count / elapsed:.1f} |",
        "",
        f"The loop reaches {max(stages.values()) / elapsed:.2f} of the slowest stage alone.",
    )
    typer.echo(rows.publish())


def _draw(folder: Path) -> Path:
    page.say(f"drawing {DRAWN} photographs")
    for number in range(DRAWN):
        photograph = draw_photograph(5000 + number)
        photograph.content.save(folder / f"{number:04d}.jpg", quality=92)
    return folder


if __name__ == "__main__":
    typer.run(main)
