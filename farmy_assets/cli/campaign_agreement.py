"""farmy campaign agreement: how far the people of a campaign say the same."""

from typing import Annotated

import typer

from farmy_assets.annotation.agreement.campaign_agreement import CampaignAgreement
from farmy_assets.annotation.agreement.intervals import Estimate
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import open_lake, reports_errors
from farmy_assets.cli.output import print_result, print_table
from farmy_assets.workflow.agreement import update_agreement

_UNDEFINED = "undefined"


@reports_errors
def agreement(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show how far a campaign's people agree: in all, by class, person, pair and file version.

    Brings the figures up to date first, from the images of which something is new. Alpha is
    Krippendorff's, over objects with "nothing drawn" as a value; intervals are of 95 %. What is
    undefined is null in JSON.
    """
    lake = open_lake()
    found = update_agreement(lake, lake.campaigns.named(known_campaign(lake, name)))
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    regions = found.regions
    print_result(
        f"{counted(found.images, 'image')} answered by two or more; "
        f"alpha {_figure(regions.alpha)}, mean of the images' {_figure(regions.image_mean)}, "
        f"Fleiss's kappa {_figure(regions.fleiss)}"
    )
    print_table(
        ("class", "alpha"), [(label, _figure(value)) for label, value in regions.by_class.items()]
    )
    print_table(
        ("person", "with the majority", "accuracy", "alpha without"),
        [
            (
                person,
                *map(_number, (each.with_majority, each.accuracy, regions.without.get(person))),
            )
            for person, each in found.people.items()
        ],
    )
    print_table(
        ("pair", "images", "F1", "kappa"),
        [
            (" and ".join(pair.people), pair.images, _number(pair.f1), _figure(pair.kappa))
            for pair in regions.pairs
        ],
        numbers=("images",),
    )
    print_table(
        ("version of the file", "images", "alpha"),
        [(number, each.images, _figure(each.alpha)) for number, each in found.versions.items()],
        numbers=("images",),
    )
    _print_conflicts(found)


def _print_conflicts(found: CampaignAgreement) -> None:
    states = ", ".join(f"{count} {state}" for state, count in found.conflicts.items()) or "none"
    ways = ", ".join(f"{count} by {way.replace('_', ' ')}" for way, count in found.settled.items())
    print_result(f"conflicts: {states}{f' ({ways})' if ways else ''}")
    if found.hardest:
        print_result("images with the lowest alpha:")
    for image in found.hardest:
        print_result(f"  {image.image_id} {image.alpha:.3f}")


def _figure(found: Estimate) -> str:
    if found.value is None:
        return _UNDEFINED
    if found.low is None or found.high is None:
        return f"{found.value:.3f}"
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _number(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.3f}"
