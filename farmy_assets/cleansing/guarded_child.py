"""What a guarded child process runs: `python -m farmy_assets.cleansing.guarded_child`.

It limits its own memory, time and rights, so that it ends even when nobody is left to end it.
"""

import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

from farmy_assets.cleansing.confinement import confine
from farmy_assets.cleansing.guard import COUNT, HEAD, OUT_OF_MEMORY, Message, write_message

_MEGABYTE = 2**20
Task = Callable[[Message], Message]


def main(task: str, settings: str, seconds: str, memory_mb: str) -> None:
    """Answer frame by frame until the other end is closed."""
    requests = sys.stdin.buffer
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library's words are no answer
        try:
            module, _, function = task.partition(":")
            work: Task = getattr(importlib.import_module(module), function)(settings)
        except Exception as error:  # whatever it is, the parent is to know it
            _tell(answers, Message({"cannot_start": f"{type(error).__name__}: {error}"}))
            raise
        _limit_memory(int(memory_mb))
        _tell(answers, Message({"not_taken_away": confine()}))
        while head := requests.read(COUNT.size):
            jobs = [_read(requests) for _ in range(COUNT.unpack(head)[0])]
            for job in jobs:
                # Its default action ends the process, wherever in a decoder it may be.
                signal.setitimer(signal.ITIMER_REAL, float(seconds))
                try:
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


def _read(pipe: BinaryIO) -> Message:
    header_size, content_size = HEAD.unpack(pipe.read(HEAD.size))
    header = json.loads(pipe.read(header_size))
    content = pipe.read(content_size)
    return Message(header, content if header.pop("has") else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
