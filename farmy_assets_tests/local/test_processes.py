import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from farmy_assets.errors import PlatformError
from farmy_assets.local.ports import require_free_port
from farmy_assets.local.processes import Processes, Server, clean_environment

SERVE = "import time; print('ready', flush=True); time.sleep(60)"
DIE = "print('no disk left', flush=True); raise SystemExit(3)"
IGNORE = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVE}"
PARENT = (
    "import subprocess, sys, time;"
    "child = [sys.executable, '-c', 'import time; time.sleep(60)'];"
    "subprocess.Popen(child, start_new_session=True);"
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path / "run", tmp_path / "logs")
    yield made
    if (process := made.living("child")) is not None:
        process.kill()
    made.stop_leftovers("child")


def server(processes: Processes, code: str, *, stop_seconds: float = 30) -> Server:
    log = processes.log_path("child")
    return Server(
        name="child",
        title="The child",
        command=(sys.executable, "-c", code),
        environment=clean_environment({}),
        directory=Path.cwd(),
        healthy=lambda _created: "ready" in log.read_text().rpartition("starting\n")[2],
        start_seconds=20,
        stop_seconds=stop_seconds,
    )


def started(processes: Processes, code: str, *, stop_seconds: float = 30) -> Server:
    child = server(processes, code, stop_seconds=stop_seconds)
    processes.start(child)
    processes.wait_healthy(child, lambda _line: None)
    return child


def silent(_line: str) -> None:
    """Progress is not what these tests are about."""


def test_a_server_starts_is_known_again_and_stops(processes: Processes) -> None:
    child = started(processes, SERVE)
    again = Processes(processes.records, processes.logs)
    process = again.living("child")
    assert process is not None
    assert os.getsid(process.pid) == process.pid
    assert again.stop(child, silent)
    assert again.living("child") is None
    assert again.remembered("child") is None


def test_a_server_that_dies_while_starting_is_reported_with_the_end_of_its_log(
    processes: Processes,
) -> None:
    child = server(processes, DIE)
    processes.start(child)
    with pytest.raises(PlatformError, match="no disk left") as caught:
        processes.wait_healthy(child, silent)
    assert str(processes.log_path("child")) in str(caught.value)


def test_a_program_that_is_not_there_asks_for_the_set_up(processes: Processes) -> None:
    child = Server("child", "The child", ("/nowhere/x",), {}, Path.cwd(), lambda _created: True)
    with pytest.raises(PlatformError, match="make setup"):
        processes.start(child)


def test_a_server_that_will_not_stop_is_killed_and_that_is_no_clean_stop(
    processes: Processes,
) -> None:
    child = started(processes, IGNORE, stop_seconds=0.5)
    assert not processes.stop(child, silent)
    assert processes.living("child") is None


def test_a_killed_server_is_seen_as_dead_at_once(processes: Processes) -> None:
    started(processes, SERVE)
    process = processes.living("child")
    assert process is not None
    process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while processes.living("child") is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.living("child") is None
    assert processes.remembered("child") is not None


def test_what_a_killed_server_left_behind_is_found_even_in_another_session(
    processes: Processes,
) -> None:
    started(processes, PARENT)
    process = processes.living("child")
    assert process is not None
    process.kill()
    process.wait(5)
    (orphan,) = processes.leftovers("child")
    assert processes.stop_leftovers("child") == 1
    ended, _ = psutil.wait_procs([orphan], timeout=30)  # a killed process may wait for its disk
    assert ended or orphan.status() == psutil.STATUS_ZOMBIE


def test_another_process_with_the_remembered_id_is_not_ours(processes: Processes) -> None:
    processes.records.mkdir()
    record = {"pid": os.getpid(), "created": psutil.Process().create_time() - 3600}
    (processes.records / "child.json").write_text(json.dumps(record))
    assert processes.living("child") is None


def test_servers_do_not_inherit_names_that_mean_something_else_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stray = ["USERNAME", "PASSWORD", "HOST", "PORT", "PYTHONPATH", "HTTP_PROXY", "AWS_PROFILE"]
    for name in stray:
        monkeypatch.setenv(name, "stray")
    environment = clean_environment({"OURS": "1"})
    assert "stray" not in environment.values()
    assert environment["PATH"] == os.environ["PATH"]
    assert environment["OURS"] == "1"


def test_a_taken_port_is_reported_with_its_holder_and_the_setting_to_change() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        child = Server(
            name="child",
            title="The child",
            command=(),
            environment={},
            directory=Path.cwd(),
            healthy=lambda _created: True,
            port=port,
            port_setting="FARMY_CHILD_PORT",
        )
        with pytest.raises(PlatformError) as caught:
            require_free_port(child)
    for part in (f"port {port}", "The child", f"process {os.getpid()}", "FARMY_CHILD_PORT="):
        assert part in str(caught.value)
    require_free_port(child)
