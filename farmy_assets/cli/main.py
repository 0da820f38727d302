"""The farmy command."""

import typer

from farmy_assets.cli import (
    campaign,
    catalog,
    cleanse,
    conflicts,
    consensus,
    contributors,
    dataset,
    duplicates,
    gold,
    ingest,
    migrate,
    people,
    platform,
    predict,
    query,
    scrape,
    search,
    studio,
    view,
    votes,
)
from farmy_assets.cli.listing import EPILOG, HELP

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=HELP,
    epilog=EPILOG,
)
app.command("up")(platform.up)
app.command("down")(platform.down)
app.command("status")(platform.status)
app.command("reconcile")(catalog.reconcile)
app.command("redrive")(catalog.redrive)
app.command("migrate")(migrate.migrate)
app.command("ingest")(ingest.ingest)
app.command("scrape")(scrape.scrape)
app.command("cleanse")(cleanse.cleanse)
app.command("conflicts")(conflicts.conflicts)
app.command("predict")(predict.predict)
app.command("query")(query.query)
app.command("search")(search.search)
app.command("view")(view.view)
app.add_typer(campaign.commands, name="campaign")
app.add_typer(consensus.commands, name="consensus")
app.add_typer(contributors.commands, name="contributors")
app.add_typer(dataset.commands, name="dataset")
app.add_typer(duplicates.commands, name="duplicates")
app.add_typer(gold.commands, name="gold")
app.add_typer(people.commands, name="people")
app.add_typer(studio.commands, name="studio")
app.add_typer(votes.commands, name="votes")

if __name__ == "__main__":
    app()
