"""What a guarded child process runs: `python -m farmy_assets.execution.guarded_child`.

It limits its own memory, time and rights, so that it ends even when nobody is left to end it.
"""

import gc
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from farmy_assets.execution.confinement import confine
from farmy_assets.execution.found_files import read_content
from farmy_assets.execution.guard import COUNT, HEAD, OUT_OF_MEMORY, Message, write_message

_MEGABYTE = 2**20
_RARELY = 50_000  # new objects: while modules are loaded nothing becomes garbage
Task = Callable[[Message], Message]


def main(task: str) -> None:
    """Load the task, read its settings, and answer frame by frame until the pipe is closed."""
    gc.set_threshold(_RARELY)
    requests = sys.stdin.buffer
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of a library is no answer
        try:
            module, _, function = task.partition(":")
            make = getattr(importlib.import_module(module), function)
            order = _first_message(requests)
            work: Task = make(order["settings"])
        except Exception as error:  # whatever it is, the parent is to know it
            _tell(answers, Message({"cannot_start": f"{type(error).__name__}: {error}"}))
            raise
        seconds = float(order["seconds"])
        _limit_memory(int(order["memory_mb"]))
        gc.freeze()  # what was loaded stays: no search for garbage has to go through it
        _tell(answers, Message({"not_taken_away": confine()}))
        while head := requests.read(COUNT.size):
            jobs = [_read(requests) for _ in range(COUNT.unpack(head)[0])]
            for asked in jobs:
                try:
                    job = _with_its_file(asked)
                    # Its default action ends the process, wherever in a decoder it may be.
                    signal.setitimer(signal.ITIMER_REAL, seconds)
                    answer = work(job)
                except MemoryError:
                    os._exit(OUT_OF_MEMORY)
                signal.setitimer(signal.ITIMER_REAL, 0)
                _tell(answers, answer)


def _limit_memory(megabytes: int) -> None:
    # Not the address space: libraries reserve a lot of it and never use it.
    limit = megabytes * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(answers: BinaryIO, message: Message) -> None:
    write_message(answers, message)
    answers.flush()


def _first_message(pipe: BinaryIO) -> Mapping[str, str | float]:
    """The settings; the pipe is closed before if there is no work."""
    head = pipe.read(HEAD.size)
    if not head:
        raise SystemExit
    return _message(pipe, head).header


def _read(pipe: BinaryIO) -> Message:
    return _message(pipe, pipe.read(HEAD.size))


def _message(pipe: BinaryIO, head: bytes) -> Message:
    header_size, content_size = HEAD.unpack(head)
    header = json.loads(pipe.read(header_size))
    content = pipe.read(content_size)
    return Message(header, content if header.pop("has") else None, header.pop("file", None))


def _with_its_file(asked: Message) -> Message:
    """The work with its bytes; None where its file cannot be read."""
    if asked.file is None:
        return asked
    path, most = asked.file
    return Message(asked.header, read_content(Path(path), most))


if __name__ == "__main__":
    main(*sys.argv[1:])
