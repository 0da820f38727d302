"""The image work on files of this machine: threads that share the guarded children, and no plan.

A plan (`plan.py`) distributes bytes over workers. Here every child can read the files itself, so
there is nothing to distribute, and nothing of Daft is loaded, which takes as long as the work on a
dozen photographs. Verdicts come from the same function in the same children.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from farmy_assets.execution.work import ImageFile, WorkedText, work_on_files
from farmy_assets.execution.work_order import WorkOrder, guarded_pool

_MOST_AT_ONCE = 8  # their copies are in the memory together
_PORTIONS_EACH = 4
_AHEAD = 2  # portions for each child: it never waits for its next one


def worked_files(files: Sequence[ImageFile], order: WorkOrder) -> Iterator[WorkedText]:
    """The answer for each file, in any order, as they come.

    Args:
        files: What to work on; the large ones need no special care.
        order: The policy, and whether copies and thumbnails are wanted.

    Raises:
        WorkersError: No child can start.
    """
    pool, workers = guarded_pool(order), os.cpu_count() or 1
    threads = ThreadPoolExecutor(workers)
    portions = in_falling_portions(files, workers)
    running: set[Future[list[WorkedText]]] = set()
    try:
        while True:
            while len(running) < _AHEAD * workers and (portion := next(portions, None)):
                running.add(threads.submit(work_on_files, portion, order, pool))
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                yield from one.result()
        threads.shutdown()
    finally:  # after an error nobody waits for what is still being decoded
        threads.shutdown(wait=False, cancel_futures=True)


def in_falling_portions(files: Sequence[ImageFile], workers: int) -> Iterator[Sequence[ImageFile]]:
    """The files in portions that become smaller, so that all workers end at about one time.

    Args:
        files: All of them.
        workers: How many take one portion after the other.
    """
    begin = 0
    while begin < len(files):
        fair = (len(files) - begin) // (_PORTIONS_EACH * workers)
        end = begin + min(_MOST_AT_ONCE, max(1, fair))
        yield files[begin:end]
        begin = end
