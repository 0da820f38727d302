"""farmy campaign predictions: what annotators made of what a model drew for them."""

import json
from typing import Annotated

import typer

from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_table
from farmy_assets.workflow.prediction_figures import ClassUse, by_class, by_person
from farmy_assets.workflow.prediction_use import count_prediction_use


@reports_errors
def show_use(
    name: Annotated[str, typer.Argument(help="The campaign.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON object.")] = False,
) -> None:
    """Show what became of predicted regions: accepted, edited, relabelled, deleted, added.

    By model and class. Edits are measured as 1 minus the likeness (IoU) of what was predicted and
    what was submitted. Only the first answer to a task counts.
    """
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    use = count_prediction_use(lake, campaign)
    figures = by_class(use)
    if as_json:
        found = {
            "campaign": name,
            "classes": [each.model_dump(mode="json") for each in figures],
            "people": by_person(use),
        }
        typer.echo(json.dumps(found, indent=1))
        return
    if not figures:
        hint = "farmy predict stores predictions, `predictions: {model: NAME}` shows them"
        console.print(f"nobody answered with a prediction of {name} yet; {hint}", highlight=False)
        return
    rows = [[each.row()[column] for column in ClassUse.COLUMNS] for each in figures]
    print_table(ClassUse.COLUMNS, rows, numbers=set(ClassUse.COLUMNS) - {"model", "label"})
