"""A piece of work that does what hostile bytes can make a decoder do, when it is told to."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from farmy_assets.execution.guard import Message


def worker(settings: str) -> Callable[[Message], Message]:
    """Misbehaves as the message's `do` says; a file, `settings`, remembers deaths."""

    def work(message: Message) -> Message:
        match message.header["do"]:
            case "hang":
                time.sleep(3600)
            case "crash":
                ctypes.string_at(0)
            case "be killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "be killed once" if _is_first(settings):
                os.kill(os.getpid(), signal.SIGKILL)
            case "eat once" if _is_first(settings):
                return Message({"ate": len(bytearray(2**30))})
            case "eat":
                return Message({"ate": len(bytearray(2**30))})
            case "tell what it knows":
                return Message({"environment": dict(os.environ), "files": _open_files()})
            case "talk":
                os.write(1, b"a library's words")
        return Message({"pid": os.getpid()}, message.content)

    return work


def _is_first(memory: str) -> bool:
    """Whether nobody died of this before; a child may write no file, but change its times."""
    is_first = Path(memory).stat().st_mtime != 0
    os.utime(memory, (0, 0))
    return is_first


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
            case "write a file":
                Path(__file__).with_suffix(".written").write_text("by hostile bytes")
            case "change a file":
                with Path(__file__).open("r+b"):
                    pass
            case "make a folder":
                Path(__file__).with_suffix(".made").mkdir()
            case "make a link":
                Path(__file__).with_suffix(".link").symlink_to(__file__)
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
