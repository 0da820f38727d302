"""Bring the local platform up and down as a whole, and tell how it is.

`up` is a repair as much as a start: what is up and well stays untouched, what is not is started,
and after a stop that was not clean the stack is deployed again, the caller repairs the catalog
from the raw zone, and runs that lost their process are reported as failed.
"""

import fcntl
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from farmy_assets.errors import PlatformError
from farmy_assets.local import dagster_servers, label_studio, ministack, start_site, upload_site
from farmy_assets.local.aws import Aws
from farmy_assets.local.deployment import deploy, stack_state
from farmy_assets.local.ports import require_free_port
from farmy_assets.local.processes import Processes, Say, Server
from farmy_assets.local.settings import LocalSettings, write_environment_file
from farmy_assets.local.stranded_runs import fail_stranded_runs

ALL_PARTS = frozenset({"ministack", "start", "uploads", "label-studio", "dagster"})
DISK_NEEDED_BYTES = 500_000_000
KEY_VARIABLE = "AWS_ACCESS_KEY_ID"


@dataclass(frozen=True)
class ServerStatus:
    """How one server is.

    Attributes:
        name: The server's name.
        title: What people call it.
        state: `up`, `unhealthy` (the process lives and does not answer) or `down`.
        pid: None when down.
        address: What a person opens; empty when there is nothing to open.
        since: When it was started, seconds since 1970; None when down.
        memory_bytes: Resident memory, that of its children included; None when down.
        log: Its log file.
    """

    name: str
    title: str
    state: str
    pid: int | None
    address: str
    since: float | None
    memory_bytes: int | None
    log: Path


@dataclass(frozen=True)
class PlatformStatus:
    """How the platform is.

    Attributes:
        servers: Each server, in the order in which they are started.
        stack: CloudFormation's status of the stack; `unknown` while MiniStack is not up.
        repair_due: The last stop was not clean, or a repair was cut short; `up` repairs.
    """

    servers: tuple[ServerStatus, ...]
    stack: str
    repair_due: bool

    @property
    def all_up(self) -> bool:
        """Whether every server is up and nothing has to be repaired."""
        return not self.repair_due and all(server.state == "up" for server in self.servers)


def up(
    settings: LocalSettings,
    *,
    say: Say,
    repair_catalog: Callable[[], None],
    parts: Collection[str] = ALL_PARTS,
    code_module: str = dagster_servers.CODE_MODULE,
) -> PlatformStatus:
    """Bring the platform up; a quick look when it is up already.

    Args:
        settings: The platform.
        say: Takes each line of progress.
        repair_catalog: Called, with MiniStack up and the stack deployed, when the catalog may lack
            what the raw zone holds.
        parts: The servers wanted, of `ALL_PARTS`.
        code_module: The module that the code server serves.

    Raises:
        PlatformError: A port is taken, a server died or stays silent, or the stack is not what the
            template says. What came up stays up; calling again goes on from there.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(settings):
        _require_space(settings)
        write_environment_file(settings)
        processes = _processes(settings)
        servers = _servers(settings, parts, code_module)
        _stop_those_with_other_keys(settings, processes, servers, say)
        missing = {server.name for server in servers if processes.living(server.name) is None}
        _clear_away(processes, [server for server in servers if server.name in missing], say)

        def start(*names: str) -> None:
            for server in servers:
                if server.name in names and server.name in missing:
                    _prepare(settings, server, say)
                    say(f"{server.title} is starting")
                    processes.start(server)

        def wait(*names: str) -> None:
            for server in servers:
                if server.name in names:
                    processes.wait_healthy(server, say if server.name in missing else _silent)

        start(ministack.NAME, start_site.NAME, upload_site.NAME)
        start(dagster_servers.CODE_SERVER, label_studio.NAME)
        wait(ministack.NAME)
        if "ministack" in parts:
            _deploy_and_repair(settings, say, repair_catalog)
        # Sensors work from the daemon's first second on: only now is there something to ask.
        wait(dagster_servers.CODE_SERVER)
        start(dagster_servers.WEB_SERVER, dagster_servers.DAEMON)
        wait(start_site.NAME, upload_site.NAME)
        wait(label_studio.NAME, dagster_servers.WEB_SERVER, dagster_servers.DAEMON)
    return status(settings, parts=parts)


def down(settings: LocalSettings, *, say: Say) -> None:
    """Stop every server that runs, in the order that loses nothing.

    Raises:
        PlatformError: MiniStack could not save its data; the next `up` repairs.
    """
    if not settings.home.exists():
        return
    with _alone(settings):
        processes = _processes(settings)
        # The longest to stop is asked first; the others go meanwhile.
        processes.ask_to_stop(label_studio.NAME)
        for server in reversed(_servers(settings, ALL_PARTS, dagster_servers.CODE_MODULE)):
            _stop(settings, processes, server, say)


def _stop(settings: LocalSettings, processes: Processes, server: Server, say: Say) -> None:
    was_started = processes.remembered(server.name) is not None
    was_up = processes.living(server.name) is not None
    at_work = bool(processes.leftovers(server.name))
    if server.name == dagster_servers.CODE_SERVER and at_work:
        # The server would wait for its runs to end. They are safe to interrupt: a run that is
        # repeated has the same result.
        say("what is at work is interrupted; the sensors ask for it again")
        processes.ask_leftovers_to_stop(server.name)
    clean = processes.stop(server, say)
    if was_started:
        say(f"{server.title} is down")
    if server.name == dagster_servers.CODE_SERVER and at_work:
        _report_stranded_runs(settings, say)
    if server.name == ministack.NAME and clean:
        ministack.unclean_marker(settings).unlink(missing_ok=True)
    elif server.name == ministack.NAME and was_up:
        msg = "MiniStack was stopped before it had saved its data: `up` will repair"
        raise PlatformError(msg)


def status(settings: LocalSettings, *, parts: Collection[str] = ALL_PARTS) -> PlatformStatus:
    """How the platform is; changes nothing."""
    processes = _processes(settings)
    servers = tuple(
        _server_status(processes, server)
        for server in _servers(settings, parts, dagster_servers.CODE_MODULE)
    )
    aws_up = any(server.name == ministack.NAME and server.state == "up" for server in servers)
    aws_down = processes.living(ministack.NAME) is None
    return PlatformStatus(
        servers=servers,
        stack=stack_state(Aws.of(settings)) if aws_up else "unknown",
        repair_due=ministack.repair_marker(settings).exists()
        or (aws_down and ministack.unclean_marker(settings).exists()),
    )


def _servers(settings: LocalSettings, parts: Collection[str], code_module: str) -> list[Server]:
    """The servers of the parts, in the order in which they are started."""
    servers = []
    if "ministack" in parts:
        servers.append(ministack.ministack_server(settings))
    if "start" in parts:
        servers.append(start_site.start_server(settings))
    if "uploads" in parts:
        servers.append(upload_site.upload_server(settings))
    if "dagster" in parts:
        servers.append(dagster_servers.code_server(settings, code_module))
    if "label-studio" in parts:
        servers.append(label_studio.label_studio_server(settings))
    if "dagster" in parts:
        servers += [dagster_servers.web_server(settings), dagster_servers.daemon(settings)]
    return servers


def _processes(settings: LocalSettings) -> Processes:
    return Processes(settings.run, settings.logs)


def _clear_away(processes: Processes, missing: list[Server], say: Say) -> None:
    """Stop what dead servers left behind, then make sure that every port is free."""
    for server in missing:
        if count := processes.stop_leftovers(server.name):
            say(f"{server.title} had died: {count} processes that it left behind were stopped")
    for server in missing:
        require_free_port(server)


def _stop_those_with_other_keys(
    settings: LocalSettings, processes: Processes, servers: list[Server], say: Say
) -> None:
    """Stop what was started with other keys for AWS, as by an earlier version of this checkout."""
    for server in reversed(servers):
        process = processes.living(server.name)
        wanted = server.environment.get(KEY_VARIABLE)
        if process is None or wanted is None:
            continue
        with suppress(psutil.Error, OSError):
            if process.environ().get(KEY_VARIABLE) != wanted:
                say(f"{server.title} was started with other keys, and is started again")
                _stop(settings, processes, server, say)


def _prepare(settings: LocalSettings, server: Server, say: Say) -> None:
    """What has to be done before a dead or new server may start."""
    if server.name == ministack.NAME:
        marker = ministack.unclean_marker(settings)
        marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if marker.exists():
            say("MiniStack was not stopped cleanly: stack and catalog will be repaired")
            ministack.repair_marker(settings).touch()
        marker.touch()
    elif server.name == label_studio.NAME:
        label_studio.prepare_label_studio(settings, say)
    elif server.name == dagster_servers.CODE_SERVER:
        dagster_servers.prepare_dagster(settings)
        if _processes(settings).remembered(server.name) is not None:
            _report_stranded_runs(settings, say)


def _deploy_and_repair(
    settings: LocalSettings, say: Say, repair_catalog: Callable[[], None]
) -> None:
    marker = ministack.repair_marker(settings)
    if stack_state(Aws.of(settings)) == "missing":
        # Objects may be there from before: the buckets' contents outlive the stack.
        marker.touch()
    deploy(settings, say)
    if marker.exists():
        say("the catalog is compared with the raw zone")
        repair_catalog()
        marker.unlink()


def _report_stranded_runs(settings: LocalSettings, say: Say) -> None:
    if count := fail_stranded_runs(settings.dagster_home):
        say(f"{count} runs had lost their process and were reported as failed")


def _server_status(processes: Processes, server: Server) -> ServerStatus:
    state, pid, since, memory = "down", None, None, None
    if (process := processes.living(server.name)) is not None:
        try:
            since = process.create_time()
            family = [process, *process.children(recursive=True)]
            memory = sum(member.memory_info().rss for member in family if member.is_running())
            pid, state = process.pid, "up" if server.healthy(since) else "unhealthy"
        except psutil.NoSuchProcess:
            state, pid, since, memory = "down", None, None, None
    return ServerStatus(
        name=server.name,
        title=server.title,
        state=state,
        pid=pid,
        address=server.address,
        since=since,
        memory_bytes=memory,
        log=processes.log_path(server.name),
    )


def _require_space(settings: LocalSettings) -> None:
    free = shutil.disk_usage(settings.home).free
    if free < DISK_NEEDED_BYTES:
        msg = f"{settings.home} has {free // 10**6} MB left: free {DISK_NEEDED_BYTES // 10**6} MB"
        raise PlatformError(msg)


def _silent(_line: str) -> None:
    """For servers that were up already: nothing to tell."""


@contextmanager
def _alone(settings: LocalSettings) -> Iterator[None]:
    """Two `up` or `down` at the same time would start things twice: the second waits."""
    with (settings.home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
