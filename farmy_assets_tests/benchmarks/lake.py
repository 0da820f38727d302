"""The benchmarks of the lake's two layers: `make bench-lake IMAGES=DIR`.

Writes what it measured, with the machine named, to docs/benchmarks.md.
"""

import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Annotated

import pytest
import typer

from farmy_assets.ingestion.sources.folder import files_in
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.benchmarks import bulk_ingest, catalog_scale, page, query_scale
from farmy_assets_tests.benchmarks.platforms import fresh_platform

# In a process of its own: its peak of memory is to be that of the comparison alone.
_RECONCILE = """
import json, os, sys
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings
from farmy_assets_tests.benchmarks.catalog_scale import measure_reconcile
names = ("raw_bucket", "cleansed_bucket", "records_bucket", "datasets_bucket", "catalog_table")
settings = LakeSettings(**dict.fromkeys(names, "none"), endpoint_url="http://127.0.0.1:9")
found = measure_reconcile(Lake.connect(settings), images=int(sys.argv[1]))
print(json.dumps([found.seconds, found.peak_mb]))
"""
FEW, MANY = 1_000, 100_000


def main(
    folder: Annotated[Path, typer.Argument(help="Photographs.")],
    images: Annotated[int, typer.Option(help="Images in the catalog.")] = 1_000_000,
    increment: Annotated[int, typer.Option(help="New ones for a snapshot.")] = 10_000,
) -> None:
    """Measure both layers on this machine, and write the page."""
    photograph = next(islice(files_in(folder), 1))[1].read_bytes()
    rows = page.Rows("lake")
    rows.add(page.measured_on(), "", "| what | measured | target |", "| --- | --- | --- |")
    page.say(f"reconcile of {images:,} images")
    seconds, peak_mb = _reconcile(images)
    rows.add(
        f"| reconcile of {images:,} images | {seconds:.0f} s | 180 s |",
        f"| its peak memory, the benchmark itself included | {peak_mb:.0f} MB | 1 GB |",
    )
    with fresh_platform(parts={"ministack"}) as platform, pytest.MonkeyPatch.context() as patch:
        page.say("bulk import")
        bulk = bulk_ingest.measure(platform, folder)
        rows.add(
            f"| bulk import of {bulk.files} files of `{folder.name}`, as a share of a bare pool of "
            f"`put_object` ({bulk.bare_per_s:.0f}/s) | {bulk.share:.2f} | 0.8 |",
            f"| the same files again, files a second | {bulk.again_per_s:.0f} | |",
        )
        page.say("messages into the catalog, and a sensor's look")
        intake = catalog_scale.measure_intake(platform)
        few, many = (catalog_scale.measure_tick(platform, processed=n) for n in (FEW, MANY))
        rows.add(
            f"| images a second from message to entry, one by one, ten by ten | "
            f"{intake['one_by_one']:.0f}, {intake['by_ten']:.0f} | |",
            f"| a sensor's look, with {FEW:,} and with {MANY:,} images processed | "
            f"{1000 * few:.0f} ms, {1000 * many:.0f} ms | no growth |",
        )
        with tempfile.TemporaryDirectory() as cache:
            patch.setenv("XDG_CACHE_HOME", cache)
            settings = platform.lake.settings
            apart = settings.model_copy(update={"records_bucket": settings.datasets_bucket})
            asked = query_scale.measure(
                Lake.connect(apart), photograph, images=images, increment=increment
            )
    rows.add(
        f"| snapshot of {asked.images:,} entries | {asked.full_s:.0f} s | 300 s |",
        f"| snapshot of {asked.increment:,} more | {asked.increment_s:.1f} s | 10 s |",
        f"| filter over {asked.images + asked.increment:,} rows | {1000 * asked.filter_s:.0f} ms | "
        "300 ms |",
        f"| look-alikes of a photograph among {asked.images:,} | {1000 * asked.look_alike_s:.0f} "
        "ms | 200 ms |",
    )
    typer.echo(rows.publish())


def _reconcile(images: int) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _RECONCILE, str(images)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, peak_mb = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak_mb


if __name__ == "__main__":
    typer.run(main)
