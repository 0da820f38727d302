"""farmy up, down, status: the local platform."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_result, print_table
from farmy_assets.errors import FarmyError
from farmy_assets.local import platform
from farmy_assets.local.platform import PlatformStatus
from farmy_assets.local.settings import load_secrets, read_settings
from farmy_assets.workflow.audit import phases
from farmy_assets.workflow.reconcile import Reconciler

MEBIBYTE = 2**20


def say(line: str) -> None:
    """One line of progress."""
    console.print(f"[dim]·[/] {line}", highlight=False)


def repair_catalog() -> None:
    """Make the catalog agree with S3 again, and tell what differed."""
    say(Reconciler.of(open_lake()).reconcile(now=datetime.now(UTC)).repairs)


@reports_errors
def up() -> None:
    """Start the local platform, or repair what is down; a quick check when all is up.

    Starts MiniStack (S3, SQS, Lambda, DynamoDB, Glue), Label Studio and Dagster on 127.0.0.1,
    deploys the stack, and after a stop that was not clean repairs the catalog from S3.
    """
    settings = read_settings()
    status_now = platform.up(settings, say=say, repair_catalog=repair_catalog)
    print_result(f"start page: {settings.address('start')}")
    _print_servers(status_now)
    secrets = load_secrets(settings)
    console.print(
        f"Label Studio log-in: {secrets.label_studio_email}, its password is in "
        f"{settings.home / 'secrets.json'}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@reports_errors
def down() -> None:
    """Stop the local platform; everything is kept (MiniStack may need a minute to save)."""
    platform.down(read_settings(), say=say)


@reports_errors
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON object.")] = False,
) -> None:
    """Show the servers, and in which phase the images are. Exit code 1 when something is down.

    An image that several campaigns have counts once in each of them.
    """
    status_now = platform.status(read_settings())
    counts = _phase_counts(status_now)
    if as_json:
        servers = {s.name: {"state": s.state, "address": s.address} for s in status_now.servers}
        answer = {"servers": servers, "stack": status_now.stack, "images": counts}
        typer.echo(json.dumps(answer, indent=1))
    else:
        _print_servers(status_now)
        _print_phases(counts)
    if not status_now.all_up:
        raise typer.Exit(1)


def _phase_counts(status_now: PlatformStatus) -> dict[str, int] | None:
    """Images by phase, in the order of the phases; None while the lake does not answer.

    An image that several campaigns have counts once in each of them.
    """
    if status_now.servers[0].state != "up":
        return None
    try:
        counts = Counter(image.phase for image in phases(open_lake()))
    except FarmyError as error:
        console.print(f"the lake cannot be read: {error}", highlight=False)
        return None
    return {phase.value: counts[phase] for phase in ImagePhase if counts[phase]}


def _print_servers(status_now: PlatformStatus) -> None:
    colours = {"up": "green", "unhealthy": "yellow", "down": "red"}
    servers = status_now.servers
    print_table(
        ("server", "state", "address", "pid", "memory"),
        [
            (
                server.title, server.state, server.address, server.pid,
                f"{server.memory_bytes // MEBIBYTE} MiB" if server.memory_bytes else None,
            )
            for server in servers
        ],
        styles=[colours.get(server.state, "") for server in servers],
    )  # fmt: skip
    print_result(f"stack: {status_now.stack}; logs: {read_settings().logs}")
    if status_now.repair_due:
        console.print("the last stop was not clean: run `make up`, it repairs", highlight=False)


def _print_phases(counts: dict[str, int] | None) -> None:
    if counts is None:
        return
    if not counts:
        console.print("no images yet: farmy ingest DIR --source mobile --campaign NAME")
        return
    print_table(("phase", "images"), list(counts.items()), numbers={"images"})
