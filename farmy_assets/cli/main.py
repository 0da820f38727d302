"""The farmy command."""

import typer

from farmy_assets.cli import campaign, cleanse, ingest, platform, query

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Field photographs in, data sets that people can trust out.",
    epilog="Start with: farmy up, then farmy ingest DIR --campaign NAME.",
)
app.command("up")(platform.up)
app.command("down")(platform.down)
app.command("status")(platform.status)
app.command("reconcile")(platform.reconcile)
app.command("ingest")(ingest.ingest)
app.command("cleanse")(cleanse.cleanse)
app.command("query")(query.query)
app.add_typer(campaign.commands, name="campaign")

if __name__ == "__main__":
    app()
