"""farmy contributors: a token told once, a link for a phone, and an end to both."""

import re

import pytest
from typer.testing import CliRunner

from farmy_assets.cli import contributors
from farmy_assets.cli.main import app
from farmy_assets.lake.lake import Lake

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contributors, "open_lake", lambda: lake)


def test_a_token_goes_to_standard_output_and_the_link_beside_it(lake: Lake) -> None:
    done = run(app, ["contributors", "add", "c-4711", "--campaign", "weeds"])
    token = done.stdout.strip()
    assert lake.contributors.proven_by(f"Bearer {token}") == "c-4711"
    assert re.search(rf"http://127\.0\.0\.1:\d+/#token={token}&campaign=weeds", done.stderr)
    elsewhere = run(app, ["contributors", "add", "c-4712", "--page", "https://up.example.org/"])
    assert "https://up.example.org/#token=c-4712." in elsewhere.stderr


def test_a_revoked_contributor_is_listed_as_such_and_proves_nobody(lake: Lake) -> None:
    token = run(app, ["contributors", "add", "c-4711"]).stdout.strip()
    run(app, ["contributors", "add", "c-4712"])
    assert run(app, ["contributors", "revoke", "c-4711"]).exit_code == 0
    head, first, second = run(app, ["contributors", "list"]).stdout.splitlines()
    assert head.split() == ["contributor", "token", "since"]
    assert re.fullmatch(r"c-4711 +revoked +20\d\d-\d\d-\d\d \d\d:\d\d UTC", first)
    assert re.fullmatch(r"c-4712 +may upload +20\d\d-\d\d-\d\d \d\d:\d\d UTC", second)
    assert token not in first + second
    assert lake.contributors.proven_by(f"Bearer {token}") is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "Anna"], "no name and no e-mail"),
        (["add", "c-4711", "--campaign", "No Name"], "campaign: "),
        (["revoke", "c-0"], "contributors list"),
    ],
)
def test_what_cannot_be_is_reported_in_one_line(arguments: list[str], told: str) -> None:
    done = run(app, ["contributors", *arguments])
    assert done.exit_code == 1
    assert told in done.stderr.replace("\n", " ")


def test_an_empty_list_says_what_to_do_next() -> None:
    assert "farmy contributors add" in run(app, ["contributors", "list"]).stderr
