"""Where a Daft plan computes: in this process, or on a Ray cluster."""

import logging
import socket
from contextlib import suppress
from functools import cache

import daft
from daft.exceptions import DaftCoreException

from farmy_assets.errors import InvalidInputError

_ANSWERS_WITHIN_S = 5.0


@cache
def use_engine(ray_address: str = "") -> None:
    """Let every plan of this process compute there; a process decides once.

    Args:
        ray_address: `host:port` of a cluster's head for one of its own nodes, `ray://host:port`
            from elsewhere, or empty for this process.

    Raises:
        InvalidInputError: There is no cluster at the address.
    """
    if not ray_address:
        # Unasked, Daft would load ray to see whether it runs in a cluster: a second or more.
        with suppress(DaftCoreException):  # a plan of this process has run before: by the same
            daft.set_runner_native()
        return
    import ray  # noqa: PLC0415 - takes a second, which only a cluster needs

    try:
        # Ray itself would wait for minutes, and end the process.
        host, _, port = ray_address.removeprefix("ray://").rpartition(":")
        socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN_S).close()
        ray.init(address=ray_address, logging_level=logging.ERROR, log_to_driver=False)
    except (OSError, ValueError, RuntimeError) as error:
        msg = (
            f"there is no Ray cluster at {ray_address} ({str(error).splitlines()[0]}). "
            "Start one with `ray start --head`, or leave the address empty to compute here."
        )
        raise InvalidInputError(msg) from error
    daft.set_runner_ray(address=ray_address, noop_if_initialized=True)
