"""The tasks of an export in portions, compared on all cores.

A portion is compared in a process of its own kind, and comes back as what has to be written and
what has to be counted; the regions themselves stay there, but for the images of the page.
"""

import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import NamedTuple

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.label_studio.exports import TaskEntry, exported_task
from farmy_assets.label_studio.read_configs import ReadConfig
from farmy_assets.workflow.export_agreement import AgreementCounter
from farmy_assets.workflow.export_comparison import ComparedImage, compare_task
from farmy_assets.workflow.export_consensus import consensus_task
from farmy_assets.workflow.export_report import WorstImages

TASKS_A_PORTION = 250
_AHEAD = 2  # portions for each process: it never waits for its next one

Row = dict[str, object]


class ComparedPart(NamedTuple):
    """What a portion of the tasks came to.

    Attributes:
        rows: One for each difference.
        consensus: One JSON object for each task.
        counter: What the figures need.
        worst: What the page shows.
        notes: What was passed over, in sentences, and how often.
    """

    rows: list[Row]
    consensus: list[str]
    counter: AgreementCounter
    worst: WorstImages
    notes: Counter[str]


def compare_part(
    entries: Sequence[TaskEntry],
    config: ReadConfig,
    policy: AgreementPolicy,
    quorum: int | None,
) -> ComparedPart:
    """Compare some tasks; see `compare_task`.

    Raises:
        InvalidInputError: An entry is something else than a task.
    """
    part = ComparedPart([], [], AgreementCounter(), WorstImages(), Counter())
    for task in map(exported_task, entries):
        part.notes.update(task.notes)
        images = compare_task(task, config, policy=policy, quorum=quorum)
        for image in images:
            part.counter.add(image)
            part.worst.add(image)
        part.rows.extend(_rows(images))
        part.consensus.append(json.dumps(consensus_task(task, images, config), ensure_ascii=True))
    return part


def compared_parts(
    tasks: Iterable[TaskEntry], compare: Callable[[Sequence[TaskEntry]], ComparedPart]
) -> Iterator[ComparedPart]:
    """The portions of the tasks in their order, compared on all cores; few tasks right here.

    Args:
        tasks: Read as they are needed.
        compare: What is done with a portion; a function that another process can find by its name.
    """
    portions = _portions(tasks)
    first = list(islice(portions, 2))
    if len(first) < 2:  # noqa: PLR2004 - nothing to share out
        yield compare(first[0] if first else [])
        return
    processes = os.cpu_count() or 1
    running: deque[Future[ComparedPart]] = deque()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for portion in chain(first, portions):
            running.append(pool.submit(compare, portion))
            if len(running) > _AHEAD * processes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _portions(tasks: Iterable[TaskEntry]) -> Iterator[list[TaskEntry]]:
    left = iter(tasks)
    while some := list(islice(left, TASKS_A_PORTION)):
        yield some


def _rows(images: Iterable[ComparedImage]) -> Iterator[Row]:
    for image in images:
        for conflict in image.conflicts:
            yield {
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
