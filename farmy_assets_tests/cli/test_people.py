"""farmy people: accounts with a link told once, and a question about an address like another."""

import json
import re

import pytest
from typer.testing import CliRunner

from farmy_assets.cli import people
from farmy_assets.cli.main import app
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> FakeLabelStudio:
    server = FakeLabelStudio()
    settings = StudioSettings("http://studio.test", "0" * 40, "cleansed")
    studio = Studio(settings, transport=server.transport)
    monkeypatch.setattr(people, "open_people", lambda: studio.people)
    return server


def test_the_link_alone_goes_to_standard_output() -> None:
    done = run(app, ["people", "invite", "Anna@Example.com", "--role", "lead", "--name", "Anna"])
    assert done.exit_code == 0
    assert done.stdout == "http://studio.test/farmy/join/2/t0k3n/\n"
    assert "anna@example.com (a lead)" in done.stderr
    assert "2026-01-04 00:00 UTC" in done.stderr


def test_inviting_twice_is_no_error_and_shows_the_present_account() -> None:
    run(app, ["people", "invite", "anna@example.com"])
    done = run(app, ["people", "invite", "ANNA@example.com"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "an annotator) has an account already, and has not signed in yet" in done.stderr
    assert "farmy people invite anna@example.com --reset" in done.stderr


@pytest.mark.parametrize("given", ["n\n", ""])
def test_an_address_like_another_is_asked_about(server: FakeLabelStudio, given: str) -> None:
    run(app, ["people", "invite", "anna@example.com"])
    done = run(app, ["people", "invite", "ana@example.com"], input=given)
    assert done.exit_code == 1
    assert "is like anna@example.com, who has an account" in done.stderr
    assert "--yes" in done.stderr
    assert len(server.users) == 2


@pytest.mark.parametrize(("more", "given"), [((), "y\n"), (("--yes",), "")])
def test_somebody_else_with_such_an_address_is_invited(
    server: FakeLabelStudio, more: tuple[str, ...], given: str
) -> None:
    run(app, ["people", "invite", "anna@example.com"])
    done = run(app, ["people", "invite", "ana@example.com", *more], input=given)
    assert done.stdout.strip().endswith("http://studio.test/farmy/join/3/t0k3n/")
    assert len(server.users) == 3


def test_everybody_is_listed_with_role_and_whether_they_were_there() -> None:
    run(app, ["people", "invite", "anna@example.com", "--role", "adjudicator"])
    rows = [json.loads(row) for row in run(app, ["people", "list", "--json"]).stdout.splitlines()]
    assert [(r["email"], r["role"], r["has_signed_in"]) for r in rows] == [
        ("admin@example.com", "platform", True), ("anna@example.com", "adjudicator", False),
    ]  # fmt: skip
    head, _, anna = run(app, ["people", "list"]).stdout.splitlines()
    assert re.split(r"  +", head.strip()) == ["address", "name", "role", "signed in"]
    assert re.fullmatch(r"anna@example\.com .*adjudicator +not yet *", anna)


def test_what_is_no_address_is_an_error_in_one_line(server: FakeLabelStudio) -> None:
    done = run(app, ["people", "invite", "anna"])
    assert done.exit_code == 1
    assert "is not an e-mail address" in done.stderr
    assert len(server.users) == 1


@pytest.mark.parametrize(
    "command", [["role", "ana@example.com", "lead"], ["invite", "ana@example.com", "--reset"]]
)
def test_an_address_that_nobody_has_is_reported_with_the_nearest_one(command: list[str]) -> None:
    run(app, ["people", "invite", "anna@example.com"])
    done = run(app, ["people", *command])
    assert done.exit_code == 1
    told = "nobody has an account with the address ana@example.com: did you mean anna@example.com?"
    assert told in done.stderr
    assert "materialize" not in done.stderr
