"""farmy campaign page: the page of a campaign, its scorecards and CSV files."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_result
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.campaign_pages import INDEX


@reports_errors
def page(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the files to this folder; it is made.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Count everything again, and not only what changed.")
    ] = False,
) -> None:
    """Make the campaign's page now: index.html, scorecards/NAME.html and CSV files.

    The platform does so by itself every few minutes while answers come, and each morning. Without
    --out the page that the start page shows is replaced. A scorecard has the figures of one
    person and no other name: it can be shown to him or her.
    """
    from farmy_assets.workflow.campaign_pages.making import (  # noqa: PLC0415 - help is quick
        make_page,
        publish_page,
    )

    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    now = datetime.now(UTC)
    with console.status(f"{name}: its figures are brought up to date"):
        if out is None:
            made = publish_page(lake, campaign, now=now, anew=anew)
        else:
            made = make_page(lake, campaign, now=now, anew=anew)
            _write(out, made.files)
    where = out / INDEX if out else lake.web_address(
        lake.records.bucket, keys.campaign_page(name, INDEX)
    )  # fmt: skip
    print_result(f"{counted(len(made.files), 'file')}: {where}")


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    try:
        for path, content in files.items():
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror}; give another folder with --out"
        raise InvalidInputError(msg) from error
