"""A look at everything that can be a trouble, and the messages that follow.

Reads: the rules of each campaign, the record of its page (some kilobytes each), and the one record
of troubles. A message is sent first and noted then: killed between the two, it is sent twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.errors import AlertNotSentError
from farmy_assets.lake.alerts import AlertState, Trouble
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.workflow.alerts.channels import Channel
from farmy_assets.workflow.alerts.messages import Message, due, reachable, seen, with_sent
from farmy_assets.workflow.alerts.troubles import (
    TroubleLimits,
    campaign_troubles,
    failed_job_of,
)

MESSAGES_A_LOOK = 20


@dataclass(frozen=True)
class SendingResult:
    """What a look came to: open troubles, messages that were sent, why others were not."""

    open_troubles: int
    sent: int
    problems: tuple[str, ...]


def note_trouble(lake: Lake, trouble: Trouble, *, now: datetime) -> None:
    """Keep a trouble that something else has seen; the next look tells of it."""
    lake.alerts.change(lambda state: seen(state, [trouble], passed=(), now=now))


def observe(
    lake: Lake,
    *,
    limits: TroubleLimits,
    has_passed: Callable[[str, str], bool],
    now: datetime,
) -> AlertState:
    """See which troubles there are by now.

    Args:
        lake: Where campaigns, their pages and the known troubles are.
        limits: From when on something is a trouble.
        has_passed: Tells whether a job's failure for a partition is over.
        now: The time, in UTC.
    """
    found = {
        trouble.key: trouble
        for some in in_threads(lambda name: _of_campaign(lake, name, limits, now),
                               lake.campaigns.names())
        for trouble in some
    }  # fmt: skip
    passed = set()
    for key in lake.alerts.state().troubles:
        job = failed_job_of(key)
        if has_passed(*job) if job else key not in found:
            passed.add(key)
    return lake.alerts.change(lambda state: seen(state, found.values(), passed=passed, now=now))


def send_due(
    lake: Lake, channels: Mapping[str, Channel], *, repeat_after: timedelta, now: datetime
) -> SendingResult:
    """Send what is due, at most twenty messages; what fails is tried at the next look."""
    state = lake.alerts.change(lambda state: reachable(state, channels.keys()))
    sent = 0
    problems: dict[str, str] = {}
    messages = due(state, channels, repeat_after=repeat_after, now=now)
    for message in islice(messages, MESSAGES_A_LOOK):
        if message.channel in problems:
            continue
        try:
            channels[message.channel].send(message.title, message.text)
        except AlertNotSentError as error:
            problems[message.channel] = f"{message.channel}: {error}"
            continue
        sent += 1
        _note(lake, message, now)
    return SendingResult(len(state.open_troubles()), sent, tuple(problems.values()))


def _note(lake: Lake, message: Message, now: datetime) -> None:
    lake.alerts.change(lambda state: with_sent(state, message, now=now))


def _of_campaign(lake: Lake, name: str, limits: TroubleLimits, now: datetime) -> list[Trouble]:
    campaign = lake.campaigns.current(name)
    if campaign is None:
        return []
    made, paused = lake.campaign_pages.made(name), _paused(lake, campaign)
    return list(campaign_troubles(name, made, paused=paused, limits=limits, today=now.date()))


def _paused(lake: Lake, campaign: Campaign) -> dict[str, str]:
    """Who is paused, and why: by the campaign's file, or by the rule about gold."""
    by_file = {p.name: "The campaign file says so." for p in campaign.annotators if p.paused}
    by_rule = {
        name: change.reason
        for name, change in lake.pauses.current(campaign.name).items()
        if change.is_paused
    }
    return by_rule | by_file
