"""What the `farmy` script loads: the whole command, or, where that saves a wait, a part of it.

All the commands together bring boto3, pandas, DuckDB and Dagster's client: seconds in which
`farmy cleanse`, which needs none of them, could have checked a hundred photographs.
"""

from collections.abc import Sequence

import typer

_LIGHT = "cleanse"


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The command that these arguments are for, with all that it needs loaded.

    Args:
        arguments: What a person wrote behind `farmy`.
    """
    if arguments[:1] == [_LIGHT]:
        return _light_app()
    from farmy_assets.cli.main import app  # noqa: PLC0415 - takes seconds to load

    return app


def _light_app() -> typer.Typer:
    """The command with that one part in it; words, options and help are the same."""
    from farmy_assets.cli.cleanse import cleanse  # noqa: PLC0415 - not needed by the others

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(_LIGHT)(cleanse)
    app.callback()(lambda: None)  # so that it is a command with parts, of which this is one
    return app
