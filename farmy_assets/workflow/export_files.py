"""The comparison of a whole export: written as it goes on, with few tasks in the memory at a time.

What is kept until the end: the class that each person gave each object, for the figures, and the
images that the page shows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.execution.thumbnails import thumbnails
from farmy_assets.label_studio.exports import TaskEntry
from farmy_assets.label_studio.read_configs import ReadConfig
from farmy_assets.workflow.export_agreement import AgreementCounter, ExportAgreement
from farmy_assets.workflow.export_parts import compare_part, compared_parts
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

_PICTURE_PX = 720  # the page shows them at half of that, for screens of twice the density


class Comparison:
    """Compares the tasks of an export."""

    def __init__(
        self, config: ReadConfig, *, policy: AgreementPolicy, quorum: int | None = None
    ) -> None:
        """Begin.

        Args:
            config: The label config that the tasks were answered with.
            policy: When two regions are the same object, and when they are drawn alike.
            quorum: How many people make a consensus; half of them without it.
        """
        self._config, self._policy, self._quorum = config, policy, quorum
        self._counter, self._worst = AgreementCounter(), WorstImages()
        self._notes: Counter[str] = Counter()

    def write(self, tasks: Iterable[TaskEntry], *, table: Path, consensus: Path) -> None:
        """Compare tasks, and write their differences and their consensus; both files at the end.

        Until then they have the ending `.part`, and after an error they are not there.

        Args:
            tasks: Read as they are needed.
            table: The Parquet file of the differences, of `SCHEMA`.
            consensus: The JSON file of the consensus.
        """
        table.parent.mkdir(parents=True, exist_ok=True)
        halves = [path.with_name(f"{path.name}.part") for path in (table, consensus)]
        compare = partial(
            compare_part, config=self._config, policy=self._policy, quorum=self._quorum
        )
        with ExitStack() as stack:
            for half in halves:
                stack.callback(half.unlink, missing_ok=True)
            with pq.ParquetWriter(halves[0], SCHEMA) as writer, halves[1].open("w") as stream:
                stream.write("[")
                for number, part in enumerate(compared_parts(tasks, compare)):
                    self._counter.add_part(part.counter)
                    self._worst.add_part(part.worst)
                    self._notes.update(part.notes)
                    writer.write_table(pa.Table.from_pylist(part.rows, SCHEMA))
                    stream.write((",\n" if number else "\n") + ",\n".join(part.consensus))
                stream.write("\n]\n")
            for half, path in zip(halves, (table, consensus), strict=True):
                half.replace(path)

    def agreement(self) -> ExportAgreement:
        """The figures of all tasks."""
        return self._counter.agreement(self._policy, self._notes)

    def pictures(self, find: Callable[[str], bytes | None]) -> dict[str, bytes]:
        """Small pictures of the images that the page shows, decoded in guarded processes.

        Args:
            find: Gives the bytes of the image at an address, or None.
        """
        contents = ((image.image, find(image.image)) for image in self._worst.sorted())
        return thumbnails(
            ((name, content) for name, content in contents if content),
            policy=CleansingPolicy(),
            long_side_px=_PICTURE_PX,
        )

    def page(self, title: str, agreement: ExportAgreement, pictures: Mapping[str, bytes]) -> bytes:
        """The page about the conflicts, worst first."""
        return conflict_page(title, agreement, self._worst.sorted(), pictures)
