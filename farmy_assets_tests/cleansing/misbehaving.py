"""A piece of work that does what hostile bytes can make a decoder do, when it is told to."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from farmy_assets.cleansing.guard import Message


def worker(settings: str) -> Callable[[Message], Message]:
    """Misbehaves as the message's `do` says; `settings` is a file in which it remembers deaths."""
    memory = Path(settings)

    def work(message: Message) -> Message:
        match message.header["do"]:
            case "hang":
                time.sleep(3600)
            case "crash":
                ctypes.string_at(0)
            case "be killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "be killed once" if not memory.exists():
                memory.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case "eat once" if not memory.exists():
                memory.touch()
                return Message({"ate": len(bytearray(2**30))})
            case "eat":
                return Message({"ate": len(bytearray(2**30))})
            case "talk":
                os.write(1, b"a library's words")
        return Message({"pid": os.getpid()}, message.content)

    return work


def no_worker(settings: str) -> Callable[[Message], Message]:
    """A task whose machine lacks something."""
    msg = f"no {settings} here"
    raise ImportError(msg)
