"""farmy consensus: other rules for the consensus of a campaign, tried on its votes."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from farmy_assets.annotation.campaign import AgreementPolicy, Campaign, ConsensusPolicy
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import open_lake, reports_errors
from farmy_assets.cli.output import print_result, print_table
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow.consensus_replay import ConsensusReplay, Counted, replay_consensus

commands = typer.Typer(no_args_is_help=True, help="Try other rules on the votes of a campaign.")


class ClassVotes(StrEnum):
    """How votes for a class count."""

    MAJORITY = "majority"
    SKILL_WEIGHTED = "skill_weighted"
    DAWID_SKENE = "dawid_skene"


class SettledShape(StrEnum):
    """Which shape a settled object has."""

    FUSED = "fused"
    NEAREST = "nearest"


@commands.callback()
def _all() -> None:
    """Try other rules on the votes of a campaign."""


@commands.command("replay")
@reports_errors
def replay(
    campaign: Annotated[str, typer.Argument(help="The campaign.")],
    quorum: Annotated[
        int | None, typer.Option(min=2, help="How many people settle an object.")
    ] = None,
    classes: Annotated[ClassVotes | None, typer.Option(help="How votes for a class count.")] = None,
    shape: Annotated[
        SettledShape | None, typer.Option(help="Which shape a settled object has.")
    ] = None,
    iou: Annotated[
        float | None,
        typer.Option(min=0.01, max=1, help="From here on two regions are one object."),
    ] = None,
    tight_iou: Annotated[
        float | None, typer.Option(min=0.01, max=1, help="From here on they are drawn alike.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Try another quorum on the same votes, and compare; nothing is stored.

    What is not given is as in the campaign's file. Images that three and more people answered can
    be settled by a quorum; classes with thresholds of their own keep them.

        farmy consensus replay weeds-2026 --quorum 3
        farmy consensus replay weeds-2026 --quorum 2 --classes dawid_skene --json
    """
    lake = open_lake()
    present = lake.campaigns.named(known_campaign(lake, campaign))
    tried = _with(
        present,
        consensus={"quorum": quorum, "classes": classes, "shape": shape},
        agreement={"match_iou": iou, "tight_iou": tight_iou},
    )
    found = replay_consensus(lake, tried)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    print_table(("", "now", "tried"), _rows(found), numbers=("now", "tried"))
    print_result(f"tried: {found.rules}")
    print_result(f"{counted(found.changed, 'image')} would differ")
    for image_id in found.examples:
        print_result(f"  {image_id}")


def _with(
    campaign: Campaign, *, consensus: dict[str, object], agreement: dict[str, object]
) -> Campaign:
    """The campaign with other rules, as far as they are given."""
    policy = dict(campaign.consensus or ConsensusPolicy()) | _given(consensus)
    thresholds = dict(campaign.agreement) | _given(agreement)
    if thresholds["tight_iou"] < thresholds["match_iou"]:
        msg = (
            f"--tight-iou {thresholds['tight_iou']:g} must not be under --iou "
            f"{thresholds['match_iou']:g}"
        )
        raise InvalidInputError(msg)
    return campaign.model_copy(
        update={
            "consensus": ConsensusPolicy.model_validate(policy),
            "agreement": AgreementPolicy.model_validate(thresholds),
        }
    )


def _given(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _rows(found: ConsensusReplay) -> Iterator[tuple[str, int, int]]:
    yield "settled images", found.present.settled, found.tried.settled
    for title, field in (
        ("images", "statuses"), ("conflicts", "conflicts"), ("settled by a quorum", "outvoted"),
        ("regions", "regions"),
    ):  # fmt: skip
        now, tried = _of(found.present, field), _of(found.tried, field)
        for name in sorted(now.keys() | tried.keys()):
            yield f"{title}: {name}", now.get(name, 0), tried.get(name, 0)


def _of(counted_: Counted, field: str) -> dict[str, int]:
    counts: dict[str, int] = getattr(counted_, field)
    return counts
