"""What an import did, and what it refused."""

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from farmy_assets.catalog.arrivals import DeliveryMetadata, Refusal
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.spreadsheets import without_formula
from farmy_assets.errors import InvalidInputError
from farmy_assets.ingestion.differences import Difference
from farmy_assets.lake import keys
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.raw_zone import Outcome


class IngestReport(Record):
    """What one import did; without a clock, so that doing it again reports the same files.

    `differing` are files already in the lake whose supplied metadata differ from the current ones.
    """

    origin: DeliveryMetadata
    stored: int
    already_there: int
    size_bytes: int
    refused: tuple[Refusal, ...]
    differing: tuple[Difference, ...] = ()

    @classmethod
    def of(
        cls,
        origin: DeliveryMetadata,
        results: Iterable[tuple[Outcome | Refusal, int]],
        differing: Iterable[Difference] = (),
    ) -> "IngestReport":
        """The report on these outcomes, each with the size of its file in bytes."""
        found = list(results)
        refused = sorted((r for r, _ in found if isinstance(r, Refusal)), key=lambda r: r.name)
        return cls(
            origin=origin,
            stored=sum(r is Outcome.STORED for r, _ in found),
            already_there=sum(r is Outcome.ALREADY_THERE for r, _ in found),
            size_bytes=sum(size for r, size in found if isinstance(r, Outcome)),
            refused=tuple(refused),
            differing=tuple(sorted(differing, key=lambda d: d.name)),
        )

    @property
    def files(self) -> int:
        """How many files were read."""
        return self.stored + self.already_there + len(self.refused)


def keep_report(records: Bucket, report: IngestReport) -> str:
    """Write an import's report among the records; returns its key."""
    digest = hashlib.sha256(report.to_json()).hexdigest()[:16]
    key = keys.ingest_report(report.origin.campaign, digest)
    records.put_once(key, report.to_json())
    return key


def check_writable(path: Path) -> None:
    """Check that a report can be written there, before hours of work; an existing file is kept.

    Raises:
        InvalidInputError: It cannot.
    """
    try:
        path.open("a", encoding="utf-8").close()
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be written: {error}"
        raise InvalidInputError(msg) from error


def write_refusals(path: Path, report: IngestReport) -> None:
    """Write what was left out as CSV: name, reason, detail; no cell is a formula.

    Raises:
        InvalidInputError: The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("name", "reason", "detail"))
            rows.writerows(
                [without_formula(text) for text in (r.name, r.reason.value, r.detail)]
                for r in report.refused
            )
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise InvalidInputError(msg) from error
