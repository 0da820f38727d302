"""farmy duplicates: which photographs were left out as copies, and how to get one back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated

import typer

from farmy_assets.cli.context import console, ends_plainly, open_lake
from farmy_assets.cli.output import print_json_lines, print_result

commands = typer.Typer(no_args_is_help=True, help="See duplicates, and get one back.")

Images = Annotated[list[str], typer.Argument(help="Image ids, as `farmy duplicates list` shows.")]
By = Annotated[str, typer.Option(help="Who says so: an e-mail address.")]
Why = Annotated[str, typer.Option(help="The reason, for those who come later.")]


@commands.command("list")
@ends_plainly
def show(
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show each photograph that was kept, with those that were left out for its sake."""
    found = open_lake().duplicate_rulings.duplicates(campaign)
    if as_json:
        print_json_lines(item.model_dump(mode="json") for item in found)
        return
    if not found:
        console.print(f"campaign {campaign} has no duplicates", highlight=False)
    for kept, copies in groupby(found, key=lambda item: item.duplicate_of):
        print_result(f"kept: {kept}")
        for copy in copies:
            reasons = ", ".join(copy.reasons)
            print_result(f"  left out: {copy.image_id} ({reasons})")


@commands.command("restore")
@ends_plainly
def restore(images: Images, by: By, why: Why = "") -> None:
    """Say that photographs are no duplicates: they go on, beside those they look like."""
    batches = open_lake().duplicate_rulings.restore(images, by=by, why=why, now=datetime.now(UTC))
    _tell(images, "goes on to annotation", batches)


@commands.command("exclude")
@ends_plainly
def exclude(images: Images, by: By, why: Why = "") -> None:
    """Say that restored photographs are duplicates after all."""
    batches = open_lake().duplicate_rulings.exclude(images, by=by, why=why, now=datetime.now(UTC))
    _tell(images, "is left out again", batches)


def _tell(images: Sequence[str], what: str, batches: Sequence[str]) -> None:
    for image_id in images:
        console.print(f"{image_id} {what}", highlight=False, soft_wrap=True)
    console.print(f"to be cleansed anew, by the sensor: {', '.join(batches)}",
                  highlight=False, soft_wrap=True)  # fmt: skip
