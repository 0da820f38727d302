"""Whether a server's port is free, and what to tell a person when it is not."""

import socket
import textwrap
from contextlib import suppress

import psutil

from farmy_assets.errors import PlatformError
from farmy_assets.local.processes import Server
from farmy_assets.local.settings import HOST

SHOWN_COMMAND = 100  # characters


def require_free_port(server: Server) -> None:
    """Raise when the server's port is taken.

    Raises:
        PlatformError: Names the port, who holds it as far as we may see, and what to change.
    """
    if server.port is None or _port_is_free(server.port):
        return
    other = next(port for port in range(server.port + 1, 2**16) if _port_is_free(port))
    msg = (
        f"port {server.port}, which {server.title} needs, is taken by {_holder(server.port)}: "
        f"stop that, or choose another port, for example export {server.port_setting}={other}"
    )
    raise PlatformError(msg)


def _port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            at_port = getattr(connection.laddr, "port", None) == port
            if at_port and connection.status == psutil.CONN_LISTEN and connection.pid:
                process = psutil.Process(connection.pid)
                command = " ".join(process.cmdline())
                shown = textwrap.shorten(command, SHOWN_COMMAND, placeholder=" ...")
                return f"process {process.pid} ({shown or process.name()})"
    return "a process that this user may not see"
