"""farmy migrate: bring records that an older version wrote into today's form."""

import typer

from farmy_assets.catalog.wording import counted
from farmy_assets.cli.context import open_lake, reports_errors
from farmy_assets.workflow.migration import (
    migrate_cleansed_sets,
    migrate_evaluations,
    rebuild_sharing_counters,
)


@reports_errors
def migrate() -> None:
    """Bring records of older versions into today's form; changes nothing where that is done.

    The platform does the same by itself when it first needs a record. The servers may go on
    running, and the command can be stopped and run again.
    """
    lake = open_lake()
    moved, counters = migrate_cleansed_sets(lake), rebuild_sharing_counters(lake)
    migrated = migrate_evaluations(lake)
    if moved:
        typer.echo(f"{counted(moved, 'cleansed set')} moved to their campaigns")
    if counters:
        typer.echo(f"{counted(counters, 'counter')} of what was assigned made from the records")
    for name, counts in migrated.items():
        typer.echo(f"{name}: the evaluation of {counted(counts.images, 'image')} is in pages now")
    if not (moved or counters or migrated):
        typer.echo("nothing to migrate: every record is in today's form")
