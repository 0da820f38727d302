"""Only the token that was handed out proves its contributor, and only as long as it is good."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.contributors import (
    MOST_REMEMBERED,
    REMEMBERED_SECONDS,
    ContributorRepository,
    token_hash,
)
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_proves_its_contributor(lake: Lake, scheme: str) -> None:
    token = lake.contributors.give_token("c-4711", now=NOON)
    assert lake.contributors.proven_by(f"{scheme} {token}") == "c-4711"


def test_the_secret_is_kept_nowhere_and_its_hash_is_no_token(lake: Lake) -> None:
    token = lake.contributors.give_token("c-4711", now=NOON)
    record = lake.records.bucket.get(keys.contributor("c-4711"))
    assert token.split(".")[1].encode() not in record
    assert lake.contributors.proven_by(f"Bearer c-4711.{token_hash(token)}") is None


def test_a_borrowed_or_older_token_proves_nobody(lake: Lake) -> None:
    contributors = lake.contributors
    old = contributors.give_token("c-4711", now=NOON)
    new = contributors.give_token("c-4711", now=NOON)
    other = contributors.give_token("c-4712", now=NOON)
    assert contributors.proven_by(f"Bearer {old}") is None
    assert contributors.proven_by(f"Bearer {new.replace('4711', '4712')}") is None
    assert contributors.proven_by(f"Bearer {other}") == "c-4712"


def test_a_revoked_token_ends_within_half_a_minute_elsewhere(lake: Lake) -> None:
    clock = Clock()
    far_away = ContributorRepository(lake.records, clock)
    header = f"Bearer {lake.contributors.give_token('c-4711', now=NOON)}"
    assert far_away.proven_by(header) == "c-4711"
    lake.contributors.revoke("c-4711", now=NOON)
    clock.now = REMEMBERED_SECONDS + 1
    assert far_away.proven_by(header) is None


def test_a_new_token_is_good_at_once_also_where_the_older_one_was_just_seen(lake: Lake) -> None:
    clock = Clock()
    far_away = ContributorRepository(lake.records, clock)
    assert far_away.proven_by(f"Bearer c-4711.{'x' * 43}") is None
    first = lake.contributors.give_token("c-4711", now=NOON)
    clock.now += 2
    assert far_away.proven_by(f"Bearer {first}") == "c-4711"
    second = lake.contributors.give_token("c-4711", now=NOON)
    clock.now += 2
    assert far_away.proven_by(f"Bearer {second}") == "c-4711"
    assert far_away.proven_by(f"Bearer {first}") is None


def test_who_was_never_there_cannot_be_revoked(lake: Lake) -> None:
    with pytest.raises(InvalidInputError, match="contributors list"):
        lake.contributors.revoke("c-4711", now=NOON)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text().map(lambda text: f"Bearer {text}"))
def test_no_other_header_proves_anybody(lake: Lake, header: str) -> None:
    assert lake.contributors.proven_by(header) is None


def test_thought_up_names_do_not_fill_the_memory(lake: Lake) -> None:
    contributors = lake.contributors
    contributors._read.update({f"c-{n}": (0.0, None) for n in range(MOST_REMEMBERED)})
    assert contributors.proven_by(f"Bearer c-new1.{'x' * 43}") is None
    assert len(contributors._read) == 1


@pytest.mark.parametrize("name", ["", "Anna", "a.b1", "a@b.de1", "1" * 65, "a1\n"])
def test_a_name_or_an_address_gets_no_token(lake: Lake, name: str) -> None:
    with pytest.raises(InvalidInputError, match="token"):
        lake.contributors.give_token(name, now=NOON)
