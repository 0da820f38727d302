"""Start a server apart from us, know it again later, wait until it is healthy, stop it whole.

A server is known by its process id together with its time of creation, because ids are given
again. Whatever a server starts in turn inherits a mark in its environment; that is how what a
killed server left behind is found, wherever it hangs in the process tree.
"""

import atexit
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from farmy_assets.errors import PlatformError
from farmy_assets.local.settings import write_private

Say = Callable[[str], None]

MARK = "FARMY_SERVER"
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "LD_LIBRARY_PATH")
LOG_LIMIT_BYTES = 20_000_000
SHOWN_LOG_LINES = 12
POLL_SECONDS = 0.1

# This process's own children: asked for their state now and then, or they would stay as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


@atexit.register
def _let_go() -> None:
    """Servers outlive the process that started them; unasked, Python would warn of each."""
    for child in _children.values():
        if child.poll() is None:
            child.returncode = 0


@dataclass(frozen=True)
class Server:
    """One process of the platform.

    Attributes:
        name: Used for its record and its log file.
        title: What people call it.
        command: Program and arguments; never a secret.
        environment: Its whole environment but for the mark.
        directory: Where it runs.
        healthy: Whether it answers as it should; asked with the time of the process's creation
            (seconds since 1970), and only while the process lives.
        port: Where it listens; None when it does not.
        port_setting: The variable that moves the port.
        address: What a person opens; empty when there is nothing to open.
        start_seconds: How long it may take to become healthy.
        stop_seconds: How long it may take to stop; a server that saves its data needs all of it.
        while_stopping: What it does meanwhile, for the person who waits.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    healthy: Callable[[float], bool]
    port: int | None = None
    port_setting: str = ""
    address: str = ""
    start_seconds: float = 60
    stop_seconds: float = 20
    while_stopping: str = "stopping"


@dataclass(frozen=True)
class ProcessRecord:
    """What we remember of a process that we started; times are seconds since 1970."""

    pid: int
    created: float


class Processes:
    """The servers' processes of one platform, by their records and logs on disk."""

    def __init__(self, records: Path, logs: Path) -> None:
        self.records = records
        self.logs = logs

    def log_path(self, name: str) -> Path:
        """The server's log file."""
        return self.logs / f"{name}.log"

    def remembered(self, name: str) -> ProcessRecord | None:
        """The last process started under this name, alive or not; None after a clean stop."""
        try:
            return ProcessRecord(**json.loads(self._record_path(name).read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            # A half-written record cannot happen (it is put in place whole); a foreign one can.
            return ProcessRecord(pid=0, created=0)

    def living(self, name: str) -> psutil.Process | None:
        """The server's process, None when it is gone or its id belongs to another by now."""
        record = self.remembered(name)
        if record is None or record.pid == 0:
            return None
        if (child := _children.get(record.pid)) is not None and child.poll() is not None:
            return None
        try:
            process = psutil.Process(record.pid)
            same = abs(process.create_time() - record.created) < 1
            return process if same and not _is_gone(process) else None
        except psutil.NoSuchProcess:
            return None

    def start(self, server: Server) -> None:
        """Start the server in a session of its own, its output going to its log.

        Raises:
            PlatformError: The program is not there, or cannot be run.
        """
        log = self.log_path(server.name)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".1.log"))
        with log.open("ab") as output:
            output.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} starting\n".encode())
            output.flush()
            try:
                child = subprocess.Popen(  # noqa: S603  our own servers
                    server.command,
                    cwd=server.directory,
                    env={**server.environment, MARK: self._mark(server.name)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                msg = f"{server.title} cannot be started ({error}): run `make setup`"
                raise PlatformError(msg) from error
        _children[child.pid] = child
        record = ProcessRecord(pid=child.pid, created=psutil.Process(child.pid).create_time())
        write_private(self._record_path(server.name), json.dumps(asdict(record)) + "\n")

    def wait_healthy(self, server: Server, say: Say) -> None:
        """Wait until the server answers.

        Raises:
            PlatformError: It died, or did not become healthy in time; the text shows its log's end.
        """
        began = time.monotonic()
        reported = began
        while True:
            process = self.living(server.name)
            if process is None:
                raise PlatformError(self._with_log_end(server, "stopped while starting"))
            if server.healthy(process.create_time()):
                say(f"{server.title} is up ({time.time() - process.create_time():.1f} s)")
                return
            now = time.monotonic()
            if now - began > server.start_seconds:
                problem = f"does not answer after {server.start_seconds:.0f} s"
                raise PlatformError(self._with_log_end(server, problem))
            if now - reported >= 5:  # noqa: PLR2004  a sign of life every five seconds
                reported = now
                say(f"{server.title} is starting ({now - began:.0f} s)")
            time.sleep(POLL_SECONDS)

    def ask_to_stop(self, name: str) -> None:
        """Ask a server to stop, without waiting for it."""
        if (process := self.living(name)) is not None:
            with suppress(psutil.NoSuchProcess):
                process.terminate()

    def stop(self, server: Server, say: Say) -> bool:
        """Ask the server to stop, wait, and stop what it leaves behind.

        Returns:
            Whether it ended by itself; False when it was gone already or had to be killed.
        """
        clean = False
        if (process := self.living(server.name)) is not None:
            clean = self._terminate(process, server, say)
        self.stop_leftovers(server.name)
        self._record_path(server.name).unlink(missing_ok=True)
        return clean

    def _terminate(self, process: psutil.Process, server: Server, say: Say) -> bool:
        began = time.monotonic()
        reported = began
        self.ask_to_stop(server.name)
        while self.living(server.name) is not None:
            now = time.monotonic()
            if now - began > server.stop_seconds:
                say(f"{server.title} did not stop in {server.stop_seconds:.0f} s: killing it")
                # Where nobody takes note of its end, a killed process stays as a zombie.
                with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                    process.kill()
                    process.wait(5)
                return False
            if now - reported >= 2:  # noqa: PLR2004  a sign of life every two seconds
                reported = now
                say(f"{server.title} is {server.while_stopping} ({now - began:.0f} s)")
            time.sleep(POLL_SECONDS)
        return True

    def leftovers(self, name: str) -> list[psutil.Process]:
        """What the server started and what still lives, without the server itself."""
        mark = self._mark(name)
        server = self.living(name)
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(MARK) == mark and process.pid != os.getpid():
                    found.append(process)
        return [process for process in found if server is None or process.pid != server.pid]

    def ask_leftovers_to_stop(self, name: str) -> list[psutil.Process]:
        """Ask what the server started to stop, without waiting; what was asked."""
        stray = self.leftovers(name)
        for process in stray:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        return stray

    def stop_leftovers(self, name: str, *, patience_seconds: float = 5) -> int:
        """Stop whatever a stopped or killed server left behind; how many processes that were."""
        stray = self.ask_leftovers_to_stop(name)
        deadline = time.monotonic() + patience_seconds
        while not all(map(_is_gone, stray)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        for process in stray:
            if not _is_gone(process):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        return len(stray)

    def _mark(self, name: str) -> str:
        return f"{self.records.resolve()}:{name}"

    def _record_path(self, name: str) -> Path:
        return self.records / f"{name}.json"

    def _with_log_end(self, server: Server, problem: str) -> str:
        path = self.log_path(server.name)
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_000))
            lines = file.read().decode(errors="replace").splitlines()
        shown = "\n".join(f"    {line}" for line in lines[-SHOWN_LOG_LINES:])
        return f"{server.title} {problem}. The end of its log, {path}:\n{shown}"


def _is_gone(process: psutil.Process) -> bool:
    """Whether it ended; a zombie did, whoever has yet to take note of it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A server's environment: a few variables of ours, and `extra`.

    Not inherited on purpose: PYTHONPATH, proxies, AWS profiles, and names as USERNAME, PASSWORD,
    HOST and PORT, which Label Studio would take for its own settings.
    """
    ours = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**ours, "PYTHONUNBUFFERED": "1", **extra}
