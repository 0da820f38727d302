"""What is a trouble: computed from small records, the same at every look until it has passed."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum

from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted, listed, verb
from farmy_assets.lake.alerts import Trouble
from farmy_assets.lake.campaign_pages import MadePage

_SHOWN_PEOPLE = 5
_SHOWN_CHARACTERS = 500


class TroubleKind(StrEnum):
    """The kinds of trouble; a trouble's key begins with its kind."""

    RUN_FAILURE = "run-failure"
    STALE_TASKS = "stale-tasks"
    CONFLICT_RATE = "conflict-rate"
    PAUSED = "paused"


class TroubleLimits(Record):
    """From when on something is a trouble.

    Attributes:
        stale_days: Tasks of batches that were sealed longer ago than this are stale.
        conflict_share: Of the images that two or more answered, so many in conflict are too many.
        conflict_images: With fewer of these images the share says nothing.
    """

    stale_days: int = 7
    conflict_share: float = 0.4
    conflict_images: int = 30


def campaign_troubles(
    campaign: str,
    made: MadePage | None,
    *,
    paused: Mapping[str, str],
    limits: TroubleLimits,
    today: date,
) -> Iterator[Trouble]:
    """The troubles of one campaign.

    Args:
        campaign: Its name.
        made: Its page as it was last made; None before the first time.
        paused: Who is paused, and why.
        limits: From when on something is a trouble.
        today: The day, in UTC.
    """
    for person, why in sorted(paused.items()):
        yield Trouble(
            key=_key(TroubleKind.PAUSED, campaign, person),
            title=f"{person} is paused in {campaign}",
            text=f"{why} What this person has not answered goes to others.",
        )
    if made is None:
        return
    stale = {
        name: count
        for name, days in made.open_tasks.items()
        if (count := _older(days, today - timedelta(days=limits.stale_days)))
    }
    if stale:
        number = sum(stale.values())
        most = sorted(stale, key=lambda name: (-stale[name], name))
        people = listed([f"{name} ({stale[name]:,})" for name in most], shown=_SHOWN_PEOPLE)
        yield Trouble(
            key=_key(TroubleKind.STALE_TASKS, campaign),
            title=f"{counted(number, 'task')} of {campaign} {verb(number, 'is', 'are')} stale",
            text=f"Open for more than {counted(limits.stale_days, 'day')}: {people}. "
            f"See farmy campaign status {campaign}.",
        )
    if made.answered_twice >= limits.conflict_images:
        share = made.disputed_twice / made.answered_twice
        if share > limits.conflict_share:
            yield Trouble(
                key=_key(TroubleKind.CONFLICT_RATE, campaign),
                title=f"{campaign}: annotators disagree on {share:.0%} of their images",
                text=f"Of {made.answered_twice:,} images that two or more answered, "
                f"{made.disputed_twice:,} were in conflict; more than "
                f"{limits.conflict_share:.0%} is an alert. The campaign's page names the classes "
                "and images that people disagree about.",
            )


def failed_run(job: str, partition: str, run_id: str, error: str) -> Trouble:
    """That a job failed; the same trouble however often it fails for the same partition.

    Args:
        job: The job's name.
        partition: The batch or campaign that it worked on; empty without one.
        run_id: The run.
        error: What it failed by; only the beginning of its first line is told.
    """
    what = f"{job} of {partition}" if partition else job
    first = (error.strip().splitlines() or ["no error was recorded"])[0]
    return Trouble(
        key=_key(TroubleKind.RUN_FAILURE, job, partition),
        title=f"{what} failed",
        text=f"Run {run_id}: {first[:_SHOWN_CHARACTERS]}",
    )


def failed_job_of(key: str) -> tuple[str, str] | None:
    """Job and partition in the key of a failed run's trouble; None for another trouble's."""
    kind, _, rest = key.partition(":")
    job, _, partition = rest.partition(":")
    return (job, partition) if kind == TroubleKind.RUN_FAILURE else None


def _key(kind: TroubleKind, *about: str) -> str:
    return ":".join((kind.value, *about))


def _older(by_day: dict[str, int], last: date) -> int:
    return sum(count for day, count in by_day.items() if day < last.isoformat())
