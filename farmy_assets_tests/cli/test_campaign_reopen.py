"""farmy campaign reopen as a person types it, on a lake in memory."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.cli import campaign, campaign_reopen
from farmy_assets.cli.campaign_status import status_lines
from farmy_assets.cli.main import app
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_status import campaign_status
from farmy_assets_tests.workflow.settled_campaign import IMAGES, image_id, settled_campaign

run = CliRunner().invoke


@pytest.fixture
def rules(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    for module in (campaign, campaign_reopen):
        monkeypatch.setattr(module, "open_lake", lambda: lake)
    return settled_campaign(lake, exports=("coco",))


def reopened(rules: Campaign, *words: str) -> str:
    result = run(app, ["campaign", "reopen", rules.name, *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_settled_images_are_open_again_and_hold_the_release_back(
    lake: Lake, rules: Campaign
) -> None:
    wanted = image_id(0), image_id(1)
    told = reopened(rules, *wanted, "--reason", "too large")
    assert "2 images of weeds-2026 are open again; cara gets them by the sensor" in told
    status = campaign_status(lake, rules.name, now=datetime.now(UTC))
    assert (status.images["in_review"], status.images["single"]) == (2, IMAGES - 2)
    assert any("2 images wait for a review" in line for line in status.blocks)
    shown = json.loads(run(app, ["campaign", "status", rules.name, "--json"]).output)
    assert shown[0]["images"]["in_review"] == 2
    summary = lake.evaluations.summary(rules.name)
    assert summary is not None
    assert not summary.conflicts_handed_over  # which the sensor looks at


def test_the_status_tells_what_came_of_reviews_and_how_much_was_sent_back(
    lake: Lake, rules: Campaign
) -> None:
    found = campaign_status(lake, rules.name, now=datetime.now(UTC))
    assert (found.reviews, found.sent_back) == ({}, 0)
    results = {"accepted": 3, "edited": 0, "rejected": 1, "left out": 0}
    told = status_lines(found.model_copy(update={"reviews": {"anna": results}, "sent_back": 1}))
    lines = [" ".join(line.split()) for line in told]
    assert "sent back to annotators: 1 image" in lines
    assert "annotator reviews accepted edited rejected left out" in lines
    assert "anna 4 3 (75 %) 0 (0 %) 1 (25 %) 0 (0 %)" in lines


def test_said_again_it_changes_nothing(lake: Lake, rules: Campaign) -> None:
    reopened(rules, image_id(0), "--reason", "too large")
    before = list(lake.records.bucket.keys("reviews/"))
    reopened(rules, image_id(0), "--reason", "too large")
    assert list(lake.records.bucket.keys("reviews/")) == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nothing", "--reason", "x"], "has given out no such image: nothing"),
        ([image_id(0), "--reason", " "], "--reason: write 1 to 2,000 characters"),
    ],
)
def test_what_cannot_be_reopened_is_refused_with_the_reason(
    lake: Lake, rules: Campaign, words: list[str], problem: str
) -> None:
    result = run(app, ["campaign", "reopen", rules.name, *words])
    assert result.exit_code == 1
    assert problem in result.output
    assert list(lake.records.bucket.keys("reviews/")) == []
