"""What the `farmy` script loads: the whole command, or, where that saves a wait, a part of it.

All the commands together bring boto3, pandas, DuckDB and Dagster's client: seconds in which
`farmy cleanse`, which needs none of them, could have checked a hundred photographs. Its processes
that decode are started before anything else, and load what they need meanwhile.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

_LIGHT = "cleanse"
_LISTED = ((), ("--help",))
_STARTED_AT_ONCE = 4  # of a computer with more cores the others, once the files are counted


def app_for(arguments: Sequence[str]) -> "typer.Typer":
    """The command that these arguments are for, with all that it needs loaded.

    Args:
        arguments: What a person wrote behind `farmy`.
    """
    if is_light(arguments):
        if not {"--help", "--ray"} & set(arguments):
            _start_processes()
        return _light_app()
    if tuple(arguments) in _LISTED and not _is_asked_by_a_shell():
        from farmy_assets.cli.listing import listing  # noqa: PLC0415 - loads none of the commands

        return listing()
    from farmy_assets.cli.main import app  # noqa: PLC0415 - takes seconds to load

    return app


def is_light(arguments: Sequence[str]) -> bool:
    """Whether they are for the command that is loaded alone."""
    return arguments[:1] == [_LIGHT]


def _is_asked_by_a_shell() -> bool:
    """Whether a shell asks for completion: it sets a variable and gives no arguments."""
    return any(name.endswith("_COMPLETE") for name in os.environ)


def _start_processes() -> None:
    # Only for the commands that decode, and before the modules that take long to load.
    from farmy_assets.execution.guard import IMAGE_WORK, start_loading  # noqa: PLC0415

    start_loading(IMAGE_WORK, min(_STARTED_AT_ONCE, os.cpu_count() or 1))


def _light_app() -> "typer.Typer":
    """The command with that one part in it; names, options and help are the same."""
    import typer  # noqa: PLC0415 - the processes above do not wait for it

    from farmy_assets.cli.cleanse import cleanse  # noqa: PLC0415 - not needed by the others

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(_LIGHT)(cleanse)
    app.callback()(lambda: None)  # so that it is a command with parts, of which this is one
    return app
