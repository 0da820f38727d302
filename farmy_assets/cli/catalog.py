"""farmy reconcile, redrive: the catalog's repair."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_result
from farmy_assets.ingestion.dead_letters import DeadLetter, DeadLetters
from farmy_assets.workflow.reconcile import Reconciler


@reports_errors
def reconcile(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write every entry anew from S3, also the right ones.")
    ] = False,
) -> None:
    """Compare the catalog with S3, both ways, and repair what differs.

    An empty catalog comes back whole, with the batches of its images.
    """
    drift = Reconciler.of(open_lake()).reconcile(now=datetime.now(UTC), rebuild=rebuild)
    typer.echo(drift.model_dump_json(indent=1))


@reports_errors
def redrive(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look only; move nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON array.")] = False,
) -> None:
    """Show the events that five deliveries could not catalogue, and move them back to the queue.

    Nothing is thrown away: what cannot be handled comes back here after five more deliveries.
    """
    letters = DeadLetters.connect(open_lake().settings).redrive(move=not dry_run)
    if as_json:
        typer.echo(f"[{','.join(letter.model_dump_json() for letter in letters)}]")
        return
    for letter in letters:
        _print(letter)
    done = "looked at" if dry_run else "moved back to the ingest queue"
    console.print(f"{len(letters)} dead letters {done}", highlight=False)


def _print(letter: DeadLetter) -> None:
    about = ", ".join(letter.keys) or letter.body[:80]
    sent = f"{letter.sent_at:%Y-%m-%d %H:%M:%S} " if letter.sent_at else ""
    print_result(f"{sent}{about!r}: {letter.reason}")
