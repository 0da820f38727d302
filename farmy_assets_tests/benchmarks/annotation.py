"""The benchmark of large campaigns: `make bench-annotation`.

Writes what it measured, with the machine named, to docs/benchmarks.md. Each step is a process of
its own; Label Studio is played by this process, which answers by recording; the lake lies on the
local S3.
"""

from typing import Annotated

import typer

from farmy_assets_tests.benchmarks import page, sharing_a_million, sharing_out
from farmy_assets_tests.benchmarks.campaign_steps import NEW_VOTES, Step, measured
from farmy_assets_tests.benchmarks.platforms import Measured, fresh_platform
from farmy_assets_tests.benchmarks.played_studio import served
from farmy_assets_tests.benchmarks.synthetic_campaign import RecordingStudio, SyntheticCampaign


def main(
    images: Annotated[int, typer.Option(help="Images of the large campaign.")] = 100_000,
    fewer: Annotated[int, typer.Option(help="Images of the small one.")] = 10_000,
    people: Annotated[int, typer.Option(help="Annotators, each with an inbox.")] = 200,
) -> None:
    """Measure campaigns of two sizes on this machine, and write the page."""
    rows = page.Rows("annotation")
    rows.add(page.measured_on(), "")
    with fresh_platform(parts={"ministack"}) as platform:
        small, tasks = _measure(platform, "small", images=fewer, people=people)
        large, tasks = _measure(platform, "large", images=images, people=people)
        shared = sharing_out.measure_all(platform.lake)
    votes, few = large["votes"], small["votes"]
    rows.add(
        f"A campaign of {images:,} images, {people} inboxes and {tasks:,} tasks, all answered.",
        "",
        "| what | measured | target |",
        "| --- | --- | --- |",
        f"| the completion sensor's look | {large['look'].seconds:.2f} s | 2 s |",
        f"| what it reads | {large['look'].read_mb:.2f} MB | 1 MB |",
        f"| a run with {NEW_VOTES} new votes, processor time | {votes.processor_s:.1f} s | 5 s |",
        f"| the same, by the clock | {votes.seconds:.1f} s | |",
        f"| against the same with {fewer:,} images | "
        f"{votes.processor_s / few.processor_s:.2f} x | 1.3 x |",
        f"| first evaluation of all images | {large['first'].seconds:.0f} s | 120 s |",
        f"| peak memory of the first evaluation | {large['first'].peak_mb:.0f} MB | 500 MB |",
        f"| peak memory of a run with {NEW_VOTES} new votes | {votes.peak_mb:.0f} MB | 500 MB |",
        f"| what its process holds before | {votes.before_mb:.0f} MB | |",
        f"| peak memory of the job's first run, which looks at every inbox | "
        f"{large['all'].peak_mb:.0f} MB | |",
        *(speed.row() for speed in shared),
        *sharing_a_million.rows(),
    )
    typer.echo(rows.publish())


def _measure(
    platform: Measured, name: str, *, images: int, people: int
) -> tuple[dict[str, Step], int]:
    """Every step of one campaign, and how many tasks it has."""
    page.say(f"{name}: writing the records of {images:,} images")
    synthetic = SyntheticCampaign(name, images=images, people=people)
    synthetic.write_batches(platform.lake)
    tasks = synthetic.write_votes(platform.lake)
    found = {}
    with served(RecordingStudio(synthetic, is_answered=True)):
        for step in ("first", "all", "votes", "look"):
            found[step] = measured(step, name, images=images, people=people)
            page.say(f"{name}: {step}: {found[step]}")
    return found, tasks


if __name__ == "__main__":
    typer.run(main)
