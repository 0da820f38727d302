"""Dagster's three processes: the code server, the web server and the daemon.

The code server holds our code and starts the runs; the other two reach it by the address in a
generated workspace file. The instance's configuration is the checkout's own `dagster.yaml`.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import httpx
from grpc_health.v1 import (  # type: ignore[import-untyped]
    health_pb2,
    health_pb2_grpc,
)

from farmy_assets.local.access.of_servers import dagster_rules
from farmy_assets.local.access.rules import VARIABLE
from farmy_assets.local.processes import Server, clean_environment
from farmy_assets.local.settings import (
    HOST,
    PORT_SETTINGS,
    LocalSettings,
    platform_environment,
    write_private,
)

CODE_SERVER = "code-server"
WEB_SERVER = "dagster"
DAEMON = "dagster-daemon"
CODE_MODULE = "farmy_assets.definitions"
LOCATION = "farmy_assets"
HEALTH_TIMEOUT_SECONDS = 2.0
DAEMON_HEALTH = "{instance{daemonHealth{allDaemonStatuses{required lastHeartbeatTime}}}}"
HEARTBEAT_LIMIT_SECONDS = (
    180  # a daemon beats every 30 s; Dagster itself worries after half an hour
)


def prepare_dagster(settings: LocalSettings) -> None:
    """Make the instance's folder: our `dagster.yaml` linked into it, and the workspace file."""
    home = settings.dagster_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    link = home / "dagster.yaml"
    if not link.is_symlink() or link.readlink() != settings.root / "dagster.yaml":
        link.unlink(missing_ok=True)
        link.symlink_to(settings.root / "dagster.yaml")
    port = settings.ports[CODE_SERVER]
    write_private(
        _workspace(settings),
        f"load_from:\n  - grpc_server: {{host: {HOST}, port: {port}, location_name: {LOCATION}}}\n",
    )


def code_server(settings: LocalSettings, module: str = CODE_MODULE) -> Server:
    """The process that serves `module` and starts the runs; runs are its children."""
    port = settings.ports[CODE_SERVER]
    return Server(
        name=CODE_SERVER,
        title="Dagster code server",
        command=(
            *(sys.executable, "-m", "farmy_assets.local.code_server"),
            f"--module-name={module}",
            f"--host={HOST}",
            f"--port={port}",
            f"--location-name={LOCATION}",
            "--inject-env-vars-from-instance",
        ),
        environment=_environment(settings),
        directory=settings.root,
        healthy=lambda _created: _serves_code(port),
        port=port,
        port_setting=PORT_SETTINGS[CODE_SERVER][0],
        start_seconds=180,
        stop_seconds=30,
    )


def web_server(settings: LocalSettings) -> Server:
    """Dagster's web page, behind the access rules."""
    address = settings.address(WEB_SERVER)
    rules = dagster_rules(settings).to_json()
    return Server(
        name=WEB_SERVER,
        title="Dagster",
        command=(
            *(sys.executable, "-m", "farmy_assets.local.dagster_web"),
            f"--host={HOST}",
            f"--port={settings.ports[WEB_SERVER]}",
            f"--workspace={_workspace(settings)}",
        ),
        environment={**_environment(settings), VARIABLE: rules},
        directory=settings.root,
        healthy=lambda _created: _web_answers(address),
        port=settings.ports[WEB_SERVER],
        port_setting=PORT_SETTINGS[WEB_SERVER][0],
        address=address,
        start_seconds=120,
    )


def daemon(settings: LocalSettings) -> Server:
    """The process behind sensors, schedules, the run queue and run monitoring."""
    address = settings.address(WEB_SERVER)
    return Server(
        name=DAEMON,
        title="Dagster daemon",
        command=(*_program("dagster-daemon", "run"), f"--workspace={_workspace(settings)}"),
        environment=_environment(settings),
        directory=settings.root,
        healthy=lambda created: _daemon_beats(address, created),
        start_seconds=120,
        stop_seconds=30,
    )


def _program(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(Path(sys.executable).with_name(name)), *arguments)


def _workspace(settings: LocalSettings) -> Path:
    return settings.dagster_home / "workspace.yaml"


def _environment(settings: LocalSettings) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name.startswith("FARMY_")}
    return clean_environment({**ours, **platform_environment(settings)})


def _serves_code(port: int) -> bool:
    with (
        suppress(grpc.RpcError),
        grpc.insecure_channel(f"{HOST}:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel,
    ):
        answer = health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service="DagsterApi"), timeout=HEALTH_TIMEOUT_SECONDS
        )
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
    return False


def _web_answers(address: str) -> bool:
    try:
        answer = httpx.get(
            f"{address}/server_info", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def _daemon_beats(address: str, created: float) -> bool:
    """Whether this very daemon process has lately shown a sign of life in all its parts."""
    try:
        answer = httpx.post(
            f"{address}/graphql",
            json={"query": DAEMON_HEALTH},
            timeout=HEALTH_TIMEOUT_SECONDS,
            trust_env=False,
        )
        parts = answer.json()["data"]["instance"]["daemonHealth"]["allDaemonStatuses"]
        beats = [part["lastHeartbeatTime"] or 0.0 for part in parts if part["required"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
    return min(beats, default=0.0) >= max(created, time.time() - HEARTBEAT_LIMIT_SECONDS)
