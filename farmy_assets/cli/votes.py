"""farmy votes: what was answered on an image, and lost answers put back."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.wording import counted
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_json_lines, print_table
from farmy_assets.cli.studio import open_studio
from farmy_assets.defs.restored_votes import LostAnswer, LostAnswers
from farmy_assets.errors import InvalidInputError
from farmy_assets.workflow.vote_history import WantedAnswers, history

commands = typer.Typer(
    no_args_is_help=True, help="What was answered on an image; lost answers put back."
)


@commands.command("list")
@reports_errors
def show(
    image: Annotated[str, typer.Argument(help="The image's id.")],
    campaign: Annotated[
        str, typer.Option("--campaign", help="In this campaign; by default in all.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show every answer ever given on an image, the oldest first, edits and deletions included."""
    lake = open_lake()
    names = [known_campaign(lake, campaign)] if campaign else lake.campaigns.names()
    found = history(lake, image, campaigns=names)
    if as_json:
        print_json_lines(
            each.vote.model_dump(mode="json") | {"is_current": each.is_current} for each in found
        )
        return
    if not found:
        where = f"campaign {campaign}" if campaign else "any campaign"
        console.print(f"no vote on image {image} in {where}", highlight=False)
        return
    columns = ("given at", "counts", "campaign", "inbox", "author", "outcome", "drawn", "seconds",
               "problems", "vote")  # fmt: skip
    print_table(
        columns,
        [
            (
                f"{v.submitted_at:%Y-%m-%d %H:%M:%S}", "yes" if each.is_current else "no",
                f"{v.campaign} v{v.campaign_version}", f"{v.phase} of {v.inbox_person}", v.voter,
                _outcome(v), _drawn(v), v.lead_time_s, "; ".join(v.problems) or None, v.vote_id,
            )
            for each in found
            for v in [each.vote]
        ],
        numbers={"seconds"},
        ids={"vote"},
    )  # fmt: skip


@commands.command("restore")
@reports_errors
def restore(  # noqa: PLR0913, PLR0917 - one option for each thing that a person can choose
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")],
    image: Annotated[
        list[str] | None, typer.Option("--image", help="Answers on this image; may be repeated.")
    ] = None,
    vote: Annotated[
        list[str] | None, typer.Option("--vote", help="This vote; `farmy votes list` shows ids.")
    ] = None,
    person: Annotated[
        str, typer.Option("--person", help="Answers of this author, by name or address.")
    ] = "",
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Also answers that their authors deleted themselves.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Put them back without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look only; change nothing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For scripts: one JSON object a line.")
    ] = False,
) -> None:
    """Put recorded answers back that Label Studio has lost, under their authors' names.

    Shows first what would be put back, and asks. Whoever has an answer in a task keeps it. A vote
    that stands in the records is not recorded a second time; one that its author deleted counts
    again from now on.
    """
    lake = open_lake()
    rules = lake.campaigns.named(known_campaign(lake, campaign))
    studio = open_studio()
    studio.check()
    answers = LostAnswers(lake, studio, rules)
    wanted = WantedAnswers(
        image_ids=frozenset(image or ()), vote_ids=frozenset(vote or ()), person=person,
        with_deleted=deleted,
    )  # fmt: skip
    lost = answers.find(wanted)
    if as_json:
        print_json_lines(_as_json(each) for each in lost)
    else:
        _print(lost)
    can = [each for each in lost if not each.problem]
    if dry_run or not can:
        return
    if not yes and not typer.confirm(f"Put {counted(len(can), 'answer')} back?", err=True):
        msg = "nothing was put back; --yes does it without asking"
        raise InvalidInputError(msg)
    done = answers.put_back(can)
    console.print(f"{counted(done, 'answer')} put back", highlight=False)


def _print(lost: Sequence[LostAnswer]) -> None:
    if not lost:
        console.print(
            "every recorded answer that was asked for is in Label Studio; answers that their "
            "authors deleted are shown with --deleted",
            highlight=False,
        )
        return
    rows = [
        (
            each.answer.vote.image_id, each.answer.inbox.person, each.answer.vote.voter,
            f"{each.answer.vote.submitted_at:%Y-%m-%d %H:%M:%S}", _outcome(each.answer.vote),
            _drawn(each.answer.vote), _why(each), each.problem or "can be put back",
            each.answer.vote.vote_id,
        )
        for each in lost
    ]  # fmt: skip
    columns = ("image", "inbox", "author", "given at", "outcome", "drawn", "why", "now", "vote")
    print_table(columns, rows, ids={"image", "vote"})


def _why(lost: LostAnswer) -> str:
    withdrawn = lost.answer.withdrawn
    return f"deleted {withdrawn.submitted_at:%Y-%m-%d %H:%M:%S}" if withdrawn else "lost"


def _outcome(vote: Vote) -> str:
    return f"{vote.outcome}: {vote.decision.choice}" if vote.decision else vote.outcome.value


def _drawn(vote: Vote) -> str:
    counts = Counter(region.label for region in vote.regions)
    return ", ".join(f"{count} {label}" for label, count in sorted(counts.items()))


def _as_json(lost: LostAnswer) -> dict[str, Any]:
    vote = lost.answer.vote
    return {
        "vote_id": vote.vote_id, "image_id": vote.image_id, "task_key": vote.task_key,
        "inbox": lost.answer.inbox.key, "author": vote.voter,
        "submitted_at": vote.submitted_at.isoformat(), "outcome": vote.outcome.value,
        "regions": len(vote.regions), "why": _why(lost), "problem": lost.problem,
        "project_id": lost.project_id, "task_id": lost.task_id,
    }  # fmt: skip
