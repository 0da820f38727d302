"""A piece of work that does what hostile bytes can make a decoder do, when it is told to."""

import ctypes
import os
import signal
import socket
import subprocess
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
            case "tell what it knows":
                return Message({"environment": dict(os.environ), "files": _open_files()})
            case "talk":
                os.write(1, b"a library's words")
        return Message({"pid": os.getpid()}, message.content)

    return work


def curious_worker(settings: str) -> Callable[[Message], Message]:
    """Tries what hostile code in a decoder might try."""
    return lambda message: Message({"refused": _refusal(message.header["do"])})


def _refusal(attempt: str) -> str:
    """The error that an attempt ends with; empty when it succeeds."""
    try:
        match attempt:
            case "connect":
                socket.create_connection(("127.0.0.1", 9), timeout=1)
            case "listen":
                socket.socket(socket.AF_UNIX)
            case "run a program":
                subprocess.run(["/bin/true"], check=True)
            case "look at the parent":
                Path(f"/proc/{os.getppid()}/environ").read_bytes()
    except OSError as error:
        return type(error).__name__
    return ""


def _open_files() -> list[str]:
    """What the open files but the first three are, apart from the pipe for the answers."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append((int(entry.name), str(entry.readlink())))
        except OSError:  # the one that lists them
            continue
    return [target for number, target in found if number > 2 and not target.startswith("pipe:")]


def no_worker(settings: str) -> Callable[[Message], Message]:
    """A task whose machine lacks something."""
    msg = f"no {settings} here"
    raise ImportError(msg)
