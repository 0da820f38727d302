"""Work on hostile bytes in processes that may be killed, each of them worth one retry.

A decoder that is given hostile bytes can hang, swallow all memory, or take its process with it.
So the bytes go to a child process over a pipe, and rows come back. What exceeds its time or its
memory, or kills its child twice, becomes a `Failure` of that one piece of work; the rest continues.

A frame on the pipe is two lengths (32 bits each, big-endian), a JSON object, and bytes. Children
are given the task by name (`module:function`); they answer with JSON, never with pickled objects.
They inherit no secret and no open file, and have no network (`confinement.py`).
Before it takes work a child says that it is ready, or why it cannot be: then no file is to blame.

A piece of work may name a file instead of bringing its bytes: large photographs are then read where
they are needed, and do not pass through a pipe.
"""

import json
import logging
import os
import select
import signal
import struct
import subprocess
import sys
import weakref
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from queue import Empty, LifoQueue
from typing import IO, Any, NamedTuple

from farmy_assets.errors import WorkersError
from farmy_assets.execution.confinement import child_environment

HEAD = struct.Struct("!II")
COUNT = struct.Struct("!I")
OUT_OF_MEMORY = 77
"""The exit code of a child that needed more than it may have."""

IMAGE_WORK = "farmy_assets.execution.work:worker"
"""The task of the checks; defined here because this module imports quickly."""

_log = logging.getLogger(__name__)
_GRACE_S = 10.0  # a child ends itself when its time is over; this is for one that cannot
_START_S = 60.0
_READ_S = 60.0  # for a file that the child reads itself: the time of the work begins after it
_STARTS = 3
_ONE_THREAD_EACH = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# glibc would give every picture's memory back, and have the kernel clear it anew for the next one:
# a tenth of a child's time. 32 MB is the most that it takes as the first of the two.
_KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}


class Message(NamedTuple):
    """A piece of work, or its answer.

    Of work whose content is None the child reads `file` instead: its path, and how many bytes of
    it at most.
    """

    header: dict[str, Any]
    content: bytes | None = None
    file: tuple[str, int] | None = None


class Failure(NamedTuple):
    """Why a piece of work has no answer."""

    detail: str


def write_message(pipe: IO[bytes], message: Message) -> None:
    """One frame; the header's `has` distinguishes absent content from empty content."""
    header = {**message.header, "has": message.content is not None}
    if message.file:
        header["file"] = message.file
    _write(pipe, json.dumps(header).encode(), message.content or b"")


def _write(pipe: IO[bytes], header: bytes, content: bytes) -> None:
    pipe.write(HEAD.pack(len(header), len(content)) + header)
    pipe.write(content)


class _Order(NamedTuple):
    """The first message to a child; `guarded_child` reads these names."""

    settings: str
    seconds: float
    memory_mb: int


_loading: dict[str, list[subprocess.Popen[bytes]]] = {}


def start_loading(task: str, count: int) -> None:
    """Have processes load what a task needs before its settings are known.

    The next pools for this task take them over. They end with this process, as all children do.

    Args:
        task: As for `GuardedPool`.
        count: How many.
    """
    with suppress(OSError):  # reported when work is requested
        for _ in range(count):
            _loading.setdefault(task, []).append(_started(task))


def _started(task: str) -> subprocess.Popen[bytes]:
    # -P: a module must never come from the folder of photographs that is worked in.
    command = (sys.executable, "-P", "-m", "farmy_assets.execution.guarded_child", task)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=child_environment(os.environ) | _ONE_THREAD_EACH | _KEPT_MEMORY,
        start_new_session=True,  # an interrupt from the keyboard is the parent's to handle
    )  # fmt: skip


class _ChildGoneError(Exception):
    """The child ended; the message says how."""

    def __init__(self, detail: str, *, worth_a_retry: bool) -> None:
        super().__init__(detail)
        self.worth_a_retry = worth_a_retry


class _Child:
    """One process at work; its limits are its own to keep, `_GRACE_S` is for when it cannot."""

    def __init__(self, task: str, order: "_Order") -> None:
        self._seconds, self._memory_mb = order.seconds, order.memory_mb
        loading = _loading.get(task)
        self._process = loading.pop() if loading else _started(task)
        self.is_ready = False
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - opened where it was started
        with suppress(OSError):  # one that has ended already is found out when it is to be ready
            write_message(pipe, Message(order._asdict()))
            pipe.flush()

    def wait_until_ready(self) -> None:
        header = self.receive().header
        if problem := header.get("cannot_start"):
            self.end()
            raise _ChildGoneError(problem, worth_a_retry=False)
        _warn_of(tuple(header["not_taken_away"]))
        self.is_ready = True

    def send(self, jobs: Sequence[Message]) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - opened above
        try:
            pipe.write(COUNT.pack(len(jobs)))
            for job in jobs:
                write_message(pipe, job)
            pipe.flush()
        except OSError as error:
            raise self._gone() from error

    def receive(self, *, reads_file: bool = False) -> Message:
        header_size, content_size = HEAD.unpack(
            self._read(HEAD.size, _READ_S if reads_file else 0.0)
        )
        header: dict[str, Any] = json.loads(self._read(header_size))
        content = self._read(content_size)
        return Message(header, content if header.pop("has") else None)

    def _read(self, size: int, longer_s: float = 0.0) -> bytes:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - opened above
        parts = []
        while size:
            waited = self._seconds + _GRACE_S + (longer_s if self.is_ready else _START_S)
            poll = select.poll()
            poll.register(pipe, select.POLLIN)
            if not poll.poll(waited * 1000):
                self._process.kill()
            part = os.read(pipe.fileno(), size)
            if not part:
                raise self._gone()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _gone(self) -> _ChildGoneError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)  # so that its own way to end is seen
        self.end()
        code = self._process.returncode
        if code == OUT_OF_MEMORY:
            # Files before this one may have left their traces: alone in a new child it may do.
            detail = f"needed more than {self._memory_mb} MB of memory"
            return _ChildGoneError(detail, worth_a_retry=True)
        if code == -signal.SIGALRM:
            return _ChildGoneError(f"took more than {self._seconds:g} s", worth_a_retry=False)
        exit_text = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return _ChildGoneError(f"ended its process ({exit_text})", worth_a_retry=True)

    def end(self) -> None:
        """Stop it at once; it holds nothing that would be lost."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # what was not yet written has no reader any more
                    pipe.close()


class GuardedPool:
    """Children for any number of threads: each call of `work` has one of them for itself.

    Args:
        task: `module:function`; the function takes `settings` and gives back what turns one
            `Message` into another.
        settings: Text for the task.
        seconds: Time for one piece of work.
        memory_mb: Memory for one child, in megabytes.
    """

    def __init__(self, task: str, settings: str, *, seconds: float, memory_mb: int) -> None:
        self._task, self._order = task, _Order(settings, seconds, memory_mb)
        self._idle: LifoQueue[_Child] = LifoQueue()
        weakref.finalize(self, _end_all, self._idle)

    def start(self, count: int) -> None:
        """Have children begin to load what they need, and do not wait for them.

        Args:
            count: How many are to be there; those that are count.
        """
        with suppress(OSError):  # reported when work is requested
            for _ in range(count - self._idle.qsize()):
                self._idle.put(_Child(self._task, self._order))

    def work(self, jobs: Sequence[Message]) -> list[Message | Failure]:
        """One answer for each piece of work, in the same order.

        Raises:
            WorkersError: No child can start.
        """
        answers: list[Message | Failure] = []
        tried_before = False
        while len(answers) < len(jobs):
            left = jobs[len(answers) :][: 1 if tried_before else None]
            child = self._child()
            try:
                child.send(left)
                for job in left:
                    answers.append(child.receive(reads_file=job.file is not None))
                    tried_before = False
            except _ChildGoneError as gone:
                if tried_before or not gone.worth_a_retry:
                    answers.append(Failure(str(gone)))
                    tried_before = False
                else:
                    tried_before = True
            except BaseException:
                child.end()
                raise
            else:
                self._idle.put(child)
        return answers

    def close(self) -> None:
        """End all children; they end as well when the pool is forgotten, or its process ends."""
        _end_all(self._idle)

    def _child(self) -> _Child:
        starts_left = _STARTS
        while True:
            try:
                child = self._idle.get_nowait()
            except Empty:
                child = _Child(self._task, self._order)
            if child.is_ready:
                return child
            try:
                child.wait_until_ready()
            except _ChildGoneError as gone:
                starts_left = starts_left - 1 if gone.worth_a_retry else 0
                if not starts_left:
                    msg = (
                        f"the guarded processes cannot start ({gone}); "
                        "is farmy-assets wholly installed on this machine?"
                    )
                    raise WorkersError(msg) from gone
            except BaseException:
                child.end()
                raise
            else:
                return child


@cache
def _warn_of(not_taken_away: tuple[str, ...]) -> None:
    """Once a process: what children could still do if hostile bytes took them over."""
    if not_taken_away:
        _log.warning(
            "this machine cannot take these away from processes that decode: %s",
            ", ".join(not_taken_away),
        )


def _end_all(children: "LifoQueue[_Child]") -> None:
    while not children.empty():
        children.get_nowait().end()
