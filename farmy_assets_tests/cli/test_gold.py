"""farmy gold, as a person types it."""

import json

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.gold_rules import GoldRules
from farmy_assets.cli import campaign, gold
from farmy_assets.cli.main import app
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.gold_scores import score_gold
from farmy_assets_tests.annotation.examples import NOON
from farmy_assets_tests.lake.memory import BucketInMemory
from farmy_assets_tests.workflow.test_evaluation import EVERY_IMAGE, NAME
from farmy_assets_tests.workflow.test_gold import RULES, answer_gold, later_batch, settled

run = CliRunner().invoke


@pytest.fixture(params=[RULES])
def opened(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[Lake, Campaign]:
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    lake, rules = settled(BucketInMemory(), rules=request.param)
    for module in (gold, campaign):
        monkeypatch.setattr(module, "open_lake", lambda: lake)
    return lake, rules


def said(*words: str, wrong: bool = False) -> str:
    """What a command prints to either stream."""
    done = run(app, ["gold", *words])
    assert done.exit_code == wrong, done.output
    return done.output


def test_images_become_gold_are_listed_and_retired(opened: tuple[Lake, Campaign]) -> None:
    assert f"{NAME} has no gold yet" in said("list", NAME)
    assert "say which images" in said("add", NAME, wrong=True)
    assert said("add", NAME, "--agreed-by", "2") == "9 images added, 0 gold already\n"
    assert said("add", NAME, "--agreed-by", "2") == "0 images added, 9 gold already\n"
    listed = [json.loads(line) for line in said("list", NAME, "--json").splitlines()]
    assert [item["image_id"] for item in listed] == sorted(EVERY_IMAGE)
    assert {item["state"] for item in listed} == {"given out"}
    assert said("retire", NAME, EVERY_IMAGE[0]) == "1 image retired\n"
    assert "retired" in said("list", NAME)
    assert "no gold of" in said("retire", NAME, "nowhere", wrong=True)
    assert "give image ids, or --all" in said("retire", NAME, wrong=True)
    assert said("retire", NAME, "--all") == "8 images retired\n"


@pytest.mark.parametrize("opened", [GoldRules()], indirect=True)
def test_named_images_are_added_or_refused_with_the_reason(opened: tuple[Lake, Campaign]) -> None:
    done = run(app, ["gold", "add", NAME, "--ids", "-"], input=f"{EVERY_IMAGE[0]}\nnowhere\n")
    assert "1 image added" in done.stdout
    assert "left out nowhere: the campaign does not know it" in done.stdout
    assert "gives out no gold: write gold: {share: 0.05} in its file" in done.stderr


def test_scores_say_who_is_how_right_and_who_is_paused_and_resume_ends_it(
    opened: tuple[Lake, Campaign],
) -> None:
    lake, rules = opened
    assert "has no gold answers yet" in said("scores", NAME)
    said("add", NAME, "--agreed-by", "2")
    later_batch(lake, rules)
    answer_gold(lake)
    score_gold(lake, rules, now=NOON)
    rows = [json.loads(line) for line in said("scores", NAME, "--json").splitlines()]
    found = {(r["person"], r["label"], r["campaign_version"]): r["accuracy"]["value"] for r in rows}
    assert found["eva", None, None] == 1
    assert found["finn", None, None] == 0
    assert found[None, "weed", None] == 0.5
    assert found["finn", None, 1] == 0
    assert found["finn", "crop", None] is None
    table = said("scores", NAME)
    assert "finn is paused since 2026-06-01 12:00 UTC: 0% of what is known" in table
    assert "eva is not paused" in said("resume", NAME, "eva", wrong=True)
    told = said("resume", NAME, "finn", "--by", "cara@example.com", "--why", "we talked")
    assert "finn gets tasks again; the pause was because 0% of what is known" in told
    change = lake.pauses.current(NAME)["finn"]
    assert (change.is_paused, change.by, change.reason) == (False, "cara@example.com", "we talked")
