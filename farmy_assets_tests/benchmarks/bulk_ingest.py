"""Bulk import beside a bare pool of threads: the same files, the same server, taking turns.

    python -m farmy_assets_tests.benchmarks.bulk_ingest DIR

The bare pool does nothing but `put_object` of each file, with boto3's own settings. Ours reads
EXIF, makes the id of the content, has S3 check it, and stores metadata, each key only once.
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import boto3
import typer

from farmy_assets.ingestion.importing import import_files
from farmy_assets.ingestion.sources.folder import files_in, files_of_folder
from farmy_assets.lake.connection import THREADS
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets_tests.benchmarks.page import say
from farmy_assets_tests.benchmarks.platforms import ORIGIN, Measured, fresh_platform


@dataclass(frozen=True)
class BulkSpeed:
    """Files a second, medians of all rounds."""

    files: int
    bare_per_s: float
    ours_per_s: float
    again_per_s: float

    @property
    def share(self) -> float:
        """Ours as a share of the bare pool."""
        return self.ours_per_s / self.bare_per_s


def measure(platform: Measured, folder: Path, *, count: int = 500, rounds: int = 5) -> BulkSpeed:
    """Both in turns, each time into a new, versioned bucket whose events nobody handles.

    Args:
        platform: A running platform; only its S3 is used.
        folder: Photographs.
        count: How many of them.
        rounds: How often.
    """
    settings = platform.lake.settings
    client = boto3.client(
        "s3", endpoint_url=settings.endpoint_url, region_name=settings.region_name
    )
    paths = [path for _, path in islice(files_in(folder), count)]

    def bucket(number: int, of: str) -> str:
        name = f"bulk-{of}-{number}"
        client.create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": settings.region_name},  # type: ignore[typeddict-item]
        )
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def bare(name: str) -> None:
        def put(path: Path) -> None:
            client.put_object(Bucket=name, Key=f"images/{path.name}", Body=path.read_bytes())

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(put, paths))

    def ours(name: str) -> None:
        zone = RawZone(Bucket(platform.lake.raw.client, name))
        offers = islice(files_of_folder(folder), count)
        import_files(zone, offers, origin=ORIGIN, clock=lambda: datetime.now(UTC))

    seconds: dict[str, list[float]] = {"bare": [], "ours": [], "again": []}
    for number in range(rounds):
        plain, zone = bucket(number, "bare"), bucket(number, "ours")
        turns = [("bare", bare, plain), ("ours", ours, zone)]
        for label, work, name in turns if number % 2 else turns[::-1]:
            seconds[label].append(_seconds(work, name))
        seconds["again"].append(_seconds(ours, zone))
    median = {label: statistics.median(taken) for label, taken in seconds.items()}
    return BulkSpeed(
        files=len(paths),
        bare_per_s=len(paths) / median["bare"],
        ours_per_s=len(paths) / median["ours"],
        again_per_s=len(paths) / median["again"],
    )


def _seconds(work: Callable[[str], None], name: str) -> float:
    began = time.perf_counter()
    work(name)
    return time.perf_counter() - began


def main(
    folder: Annotated[Path, typer.Argument(help="Photographs.")],
    count: Annotated[int, typer.Option(help="How many of them.")] = 500,
    rounds: Annotated[int, typer.Option(help="How often.")] = 5,
) -> None:
    """Measure on a platform of its own."""
    with fresh_platform(parts={"ministack"}) as platform:
        found = measure(platform, folder, count=count, rounds=rounds)
    say(
        f"{found.files} files: bare {found.bare_per_s:.0f}/s, ours {found.ours_per_s:.0f}/s "
        f"({found.share:.2f} of it), the same again {found.again_per_s:.0f}/s"
    )


if __name__ == "__main__":
    typer.run(main)
