"""farmy campaign reopen: have settled images decided on again."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from farmy_assets.annotation.reviews import MAX_REASON_CHARACTERS
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import open_lake, reports_errors
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow import reviews


@reports_errors
def reopen(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    images: Annotated[list[str], typer.Argument(help="Ids of settled images.")],
    reason: Annotated[str, typer.Option("--reason", help="What whoever decides is told.")],
) -> None:
    """Have settled images decided on again, by the adjudicator.

    Nothing is lost: answers and decisions stay, and so do versions that were released. The next
    version waits until the images are decided on; said again, it changes nothing.
    """
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    text = reason.strip()
    if not 0 < len(text) <= MAX_REASON_CHARACTERS:
        msg = f"--reason: write 1 to {MAX_REASON_CHARACTERS:,} characters"
        raise InvalidInputError(msg)
    found = reviews.reopen(lake, campaign, images, reason=text, now=datetime.now(UTC))
    count = len(found)
    typer.echo(
        f"{counted(count, 'image')} of {name} {verb(count, 'is', 'are')} open again; "
        f"{campaign.adjudicator.name} gets {verb(count, 'it', 'them')} by the sensor"
    )
