"""The comparison of a whole export: written as it goes on, with one task in the memory at a time.

What is kept until the end: the class that each person gave each object, for the figures, and the
images that the page shows.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.execution.thumbnails import thumbnails
from farmy_assets.label_studio.exports import ExportedTask
from farmy_assets.label_studio.read_configs import ReadConfig
from farmy_assets.workflow.export_agreement import AgreementCounter, ExportAgreement
from farmy_assets.workflow.export_comparison import ComparedImage, compare_task
from farmy_assets.workflow.export_consensus import consensus_task
from farmy_assets.workflow.export_report import WorstImages, conflict_page

SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("image", pa.string()),
        ("kind", pa.string()),
        ("annotators", pa.list_(pa.string())),
        ("class_a", pa.string()),
        ("class_b", pa.string()),
        ("distance", pa.float64()),
        ("region_ids", pa.list_(pa.string())),
        ("sentence", pa.string()),
    ]
)
"""One row a difference; see `FoundConflict`."""

_ROWS_AT_ONCE = 20_000


class Comparison:
    """Compares the tasks of an export one by one."""

    def __init__(
        self, config: ReadConfig, *, policy: AgreementPolicy, quorum: int | None = None
    ) -> None:
        """Begin.

        Args:
            config: The label config that the tasks were answered with.
            policy: When two regions are the same object, and when they are drawn alike.
            quorum: How many people make a consensus; more than half without it.
        """
        self._config, self._policy, self._quorum = config, policy, quorum
        self._counter, self._worst = AgreementCounter(), WorstImages()

    @contextmanager
    def written_to(self, table: Path, consensus: Path) -> Iterator[Callable[[ExportedTask], None]]:
        """Write differences and consensus of each task that is handed over; both files at the end.

        Until then they have the ending `.part`, and after an error they are not there.
        """
        table.parent.mkdir(parents=True, exist_ok=True)
        parts = [path.with_name(f"{path.name}.part") for path in (table, consensus)]
        rows: list[dict[str, object]] = []
        try:
            with pq.ParquetWriter(parts[0], SCHEMA) as writer, parts[1].open("w") as stream:
                written = 0

                def add(task: ExportedTask) -> None:
                    nonlocal written
                    images = self._compared(task)
                    rows.extend(_rows(images))
                    if len(rows) >= _ROWS_AT_ONCE:
                        writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
                        rows.clear()
                    settled = consensus_task(task, images, self._config)
                    stream.write(",\n" if written else "[\n")
                    stream.write(json.dumps(settled, ensure_ascii=True))
                    written += 1

                yield add
                writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
                stream.write("\n]\n" if written else "[]\n")
            for part, path in zip(parts, (table, consensus), strict=True):
                part.replace(path)
        finally:
            for part in parts:
                part.unlink(missing_ok=True)

    def agreement(self, notes: Counter[str]) -> ExportAgreement:
        """The figures of all tasks; `notes` counts what was passed over."""
        return self._counter.agreement(self._policy, notes)

    def pictures(self, find: Callable[[str], bytes | None]) -> dict[str, bytes]:
        """Small pictures of the images that the page shows, decoded in guarded processes.

        Args:
            find: Gives the bytes of the image at an address, or None.
        """
        contents = ((image.image, find(image.image)) for image in self._worst.sorted())
        return thumbnails(
            ((name, content) for name, content in contents if content), policy=CleansingPolicy()
        )

    def page(self, title: str, agreement: ExportAgreement, pictures: Mapping[str, bytes]) -> bytes:
        """The page about the conflicts, worst first."""
        return conflict_page(title, agreement, self._worst.sorted(), pictures)

    def _compared(self, task: ExportedTask) -> list[ComparedImage]:
        images = compare_task(task, self._config, policy=self._policy, quorum=self._quorum)
        for image in images:
            self._counter.add(image)
            self._worst.add(image)
        return images


def _rows(images: list[ComparedImage]) -> list[dict[str, object]]:
    return [
        {
            "task": image.task_id,
            "image": image.image,
            "kind": conflict.kind,
            "annotators": list(conflict.annotators),
            "class_a": conflict.class_a,
            "class_b": conflict.class_b,
            "distance": conflict.distance,
            "region_ids": list(conflict.region_ids),
            "sentence": conflict.sentence,
        }
        for image in images
        for conflict in image.conflicts
    ]
