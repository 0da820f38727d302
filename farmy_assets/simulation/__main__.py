"""`make demo`: the whole loop on this machine, from photographs to a data set version."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from farmy_assets.errors import FarmyError
from farmy_assets.local.settings import read_settings
from farmy_assets.simulation.demo import DemoOptions, run
from farmy_assets.simulation.demo_display import Screen, demo_console

INTERRUPTED = 130  # what a shell expects after Ctrl-C

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    images: Annotated[
        Path | None, typer.Option(help="A folder of your own photographs in place of drawn ones.")
    ] = None,
    count: Annotated[int, typer.Option(help="How many photographs are drawn; 20 or more.")] = 200,
    seed: Annotated[int, typer.Option(help="Another number draws other photographs.")] = 1,
) -> None:
    """Bring photographs in and watch them become a data set: nobody moves anything by hand.

    Starts the local platform, leaves it running, and ends with `demo ok`. A second run finds
    everything done and only tells it again.
    """
    screen = Screen(demo_console())
    try:
        run(read_settings(), DemoOptions(images=images, count=count, seed=seed), screen)
    except FarmyError as error:
        screen.console.print()
        where = f" ({screen.part})" if screen.part else ""
        screen.console.print(Text.assemble((f"demo failed{where}: ", "bold red"), str(error)),
                             soft_wrap=True)  # fmt: skip
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        screen.console.print()
        screen.console.print(
            "demo stopped; `make demo` goes on from here, `make down` stops the platform"
        )
        raise typer.Exit(INTERRUPTED) from error
    screen.console.print()
    screen.console.print("[bold green]demo ok[/]")


if __name__ == "__main__":
    sys.exit(app())
