"""Which inboxes are read when answers are copied: those that changed, and those just quiet."""

from datetime import timedelta

import pytest

from farmy_assets.defs.copied_votes import OVERLAP, is_quiet
from farmy_assets.lake.votes import InboxState
from farmy_assets_tests.arrivals import NOON


def state(seconds: float | None, *, answers: int = 3) -> InboxState:
    changed_at = None if seconds is None else NOON + timedelta(seconds=seconds)
    return InboxState(
        changed_at=changed_at, tasks=5, annotations=answers, finished=answers, answers=answers
    )


LATER = OVERLAP.total_seconds()


@pytest.mark.parametrize(
    ("copied", "seen", "expected"),
    [
        ({}, {"anna": state(0)}, False),
        ({"anna": state(0)}, {"anna": state(1)}, False),
        ({"anna": state(0)}, {"anna": state(0, answers=4)}, False),
        ({"anna": state(0)}, {}, False),
        ({"anna": state(0), "ben": state(LATER - 1)}, {"anna": state(0)}, False),
        ({"anna": state(0), "ben": state(LATER)}, {"anna": state(0)}, True),
        ({"anna": state(None), "ben": state(0)}, {"anna": state(None)}, True),
    ],
    ids=["never copied", "changed", "more answers", "gone", "just quiet", "long quiet", "empty"],
)
def test_an_inbox_is_passed_over_once_it_was_quiet_when_it_was_copied(
    copied: dict[str, InboxState], seen: dict[str, InboxState], expected: bool
) -> None:
    assert is_quiet("anna", seen, copied) is expected
