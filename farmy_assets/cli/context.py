"""What every command shares: the console, the platform's settings, and how an error ends."""

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer
from rich.markup import escape

from farmy_assets.cli.output import PatientConsole
from farmy_assets.errors import FarmyError

if TYPE_CHECKING:
    from farmy_assets.lake.lake import Lake

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


# Progress and messages; results go to standard output (`output.py`).
console = PatientConsole(stderr=True)


def environment() -> Mapping[str, str]:
    """The process's environment, or, where that names no lake, the local platform's."""
    if os.environ.get("FARMY_RAW_BUCKET"):
        return os.environ
    from farmy_assets.local.settings import (  # noqa: PLC0415 - not for every command
        platform_environment,
        read_settings,
    )

    variables = platform_environment(read_settings())
    os.environ.update(variables)  # boto3 reads its credentials from there
    return {**os.environ, **variables}


def open_lake() -> "Lake":
    """The lake that this command works on."""
    from farmy_assets.lake.lake import Lake  # noqa: PLC0415 - brings boto3: half a second

    return Lake.from_environment(environment())


def reports_errors(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """A command whose errors end in one line that says what to do next, and exit code 1."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except FarmyError as error:
            console.print(
                f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True
            )
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            console.print("stopped; run the same command again to continue", highlight=False)
            raise typer.Exit(130) from error

    return run
