"""What the `farmy` script runs: the whole command, or, where that saves a wait, a part of it.

All the commands together bring boto3, pandas, DuckDB and Dagster's client: seconds in which
`farmy cleanse`, which needs none of them, could have checked a hundred photographs.
"""

import sys

import typer

_LIGHT = "cleanse"


def run() -> None:
    """Run the command that the arguments name."""
    if sys.argv[1:2] == [_LIGHT]:
        _light_app()()
    else:
        from farmy_assets.cli.main import app  # noqa: PLC0415 - takes seconds to load

        app()


def _light_app() -> typer.Typer:
    """The command with that one part in it; words, options and help are the same."""
    from farmy_assets.cli.cleanse import cleanse  # noqa: PLC0415 - not needed by the others

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(_LIGHT)(cleanse)
    app.callback()(lambda: None)  # so that it is a command with parts, of which this is one
    return app


if __name__ == "__main__":
    run()
