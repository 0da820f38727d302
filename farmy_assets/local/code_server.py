"""Dagster's code server, whose runs begin at once: `python -m farmy_assets.local.code_server`.

It takes the arguments of `dagster api grpc`. That server starts each run in a new interpreter, and
that loads Dagster and our code anew: some three seconds of a processor for every run, of a batch of
one photograph as much as of a thousand. Here a run is forked from a process that has loaded
everything and does nothing else: the fork server of Python's own `multiprocessing`. A run that is
under way outlives both, as it would outlive Dagster's own server.
"""

import multiprocessing
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from typing import Any

from dagster._cli.api import grpc_command
from dagster._grpc import server

# What runs need, also what Dagster, Daft and our modules load only when they come to use it.
PRELOADED = (
    "dagster._grpc.impl", "dagster._core.storage.event_log.sqlite",
    "dagster._utils.test.definitions", "farmy_assets.definitions",
    "farmy_assets.execution.image_work", "farmy_assets.local.warm_aws",
    "dagster_aws.s3.compute_log_manager", "label_studio_sdk.client", "pyarrow.parquet", "ray",
    "scipy.optimize",
)  # fmt: skip


def warm_processes() -> ForkServerContext:
    """Processes that begin with everything loaded; the loading begins now, in the background."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    forkserver.ensure_running()
    return context


class WarmCodeServer(server.DagsterApiServer):
    """Dagster's server, which knows no other way than "spawn" to start the process of a run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever Dagster's takes
        super().__init__(*args, **kwargs)
        self._mp_ctx: Any = warm_processes()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    server.DagsterApiServer = WarmCodeServer  # type: ignore[misc]  # the command looks it up there
    grpc_command(sys.argv[1:])


if __name__ == "__main__":
    main()
