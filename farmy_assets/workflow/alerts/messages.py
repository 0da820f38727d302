"""Which message is due to which channel: at a trouble's begin, after some hours, and at its end.

    unknown --seen--> open --sent--> open --not seen--> ended --sent--> unknown
                       |                                  |
                       +--- repeated after some hours     +--- seen again: open, without a message

A message counts once the channel has taken it: what could not be sent is tried at the next look.
A trouble that passed before anybody heard of it is forgotten.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from farmy_assets.lake.alerts import AlertState, KnownTrouble, Trouble


class Message(NamedTuple):
    """What is to be sent by one channel about one trouble."""

    channel: str
    key: str
    title: str
    text: str


def seen(
    state: AlertState, troubles: Iterable[Trouble], *, passed: Collection[str], now: datetime
) -> AlertState:
    """The state after a look.

    Args:
        state: What was known.
        troubles: What there is.
        passed: Keys of troubles that have passed; of those that are neither there nor passed
            nothing is known.
        now: The time.
    """
    known = dict(state.troubles)
    for trouble in troubles:
        before = known.get(trouble.key)
        if before is None:
            known[trouble.key] = KnownTrouble(trouble=trouble, opened_at=now)
        else:
            known[trouble.key] = before.model_copy(update={"trouble": trouble, "ended_at": None})
    for key in passed:
        before = known.get(key)
        if before is None or before.ended_at:
            continue
        if before.sent:
            known[key] = before.model_copy(update={"ended_at": now})
        else:
            del known[key]
    return AlertState(troubles={key: known[key] for key in sorted(known)})


def due(
    state: AlertState, channels: Iterable[str], *, repeat_after: timedelta, now: datetime
) -> Iterator[Message]:
    """The messages that are to be sent now, the oldest trouble's first."""
    there = list(channels)
    order = sorted(state.troubles.values(), key=lambda k: (k.opened_at, k.trouble.key))
    for known in order:
        for channel in there:
            last, trouble = known.sent.get(channel), known.trouble
            if known.ended_at:
                if last:
                    title = f"Passed: {trouble.title}"
                    yield Message(channel, trouble.key, title, f"It began {_moment(known)}.")
            elif last is None:
                yield Message(channel, trouble.key, trouble.title, trouble.text)
            elif now - last >= repeat_after:
                title = f"Still: {trouble.title}"
                text = f"{trouble.text} Since {_moment(known)}."
                yield Message(channel, trouble.key, title, text)


def with_sent(state: AlertState, message: Message, *, now: datetime) -> AlertState:
    """The state after a channel took a message."""
    known = state.troubles.get(message.key)
    if known is None:
        return state
    others = {key: one for key, one in state.troubles.items() if key != message.key}
    if known.ended_at is None:
        others[message.key] = known.model_copy(
            update={"sent": {**known.sent, message.channel: now}}
        )
    elif left := {name: at for name, at in known.sent.items() if name != message.channel}:
        others[message.key] = known.model_copy(update={"sent": left})
    return AlertState(troubles={key: others[key] for key in sorted(others)})


def reachable(state: AlertState, channels: Collection[str]) -> AlertState:
    """The state without troubles that have passed and of which only former channels had heard."""
    return AlertState(
        troubles={
            key: known
            for key, known in state.troubles.items()
            if known.ended_at is None or any(name in channels for name in known.sent)
        }
    )


def _moment(known: KnownTrouble) -> str:
    return f"{known.opened_at:%Y-%m-%d %H:%M} UTC"
