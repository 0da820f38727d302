"""Sequencers are ordered as S3 says, whatever their lengths, in both forms that are stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.catalog.sequencers import BEFORE_ALL_EVENTS, comparable_sequencer, is_later
from farmy_assets.errors import InvalidInputError

SEQUENCERS = st.text("0123456789abcdefABCDEF", min_size=1, max_size=40)


def sign(a: str, b: str) -> int:
    return (a > b) - (a < b)


def by_the_rule_of_s3(a: str, b: str) -> int:
    """Pad the shorter one on the right with zeros, then compare as text."""
    width = max(len(a), len(b))
    return sign(a.upper().ljust(width, "0"), b.upper().ljust(width, "0"))


@given(SEQUENCERS, SEQUENCERS)
def test_the_stored_form_compares_as_text_by_the_rule_of_s3(a: str, b: str) -> None:
    assert sign(comparable_sequencer(a), comparable_sequencer(b)) == by_the_rule_of_s3(a, b)


@given(SEQUENCERS, st.integers(0, 40), st.data())
def test_near_each_other_too(a: str, zeros: int, data: st.DataObject) -> None:
    b = a[: data.draw(st.integers(1, len(a)))] + "0" * zeros + data.draw(st.sampled_from("01fF"))
    assert sign(comparable_sequencer(a), comparable_sequencer(b)) == by_the_rule_of_s3(a, b)


NUMBERS = st.from_regex(r"[1-9A-F][0-9A-F]{0,15}", fullmatch=True)


@given(st.integers(0, 6), NUMBERS, NUMBERS)
def test_one_that_was_padded_on_the_left_is_compared_by_the_same_rule(
    zeros: int, before: str, event: str
) -> None:
    before, event = "0" * zeros + before, "0" * zeros + event
    later = is_later(before.rjust(32, "0"), comparable_sequencer(event))
    assert later == (by_the_rule_of_s3(before, event) > 0)


@given(SEQUENCERS)
def test_any_event_comes_after_none(event: str) -> None:
    for none in (BEFORE_ALL_EVENTS, "0" * 32):
        assert not is_later(none, comparable_sequencer(event))


@pytest.mark.parametrize("text", ["", "0x12", "12 ", "\uff11", "12\n", "-1", ".5"])
def test_what_is_no_hexadecimal_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not hexadecimal"):
        comparable_sequencer(text)
