"""farmy campaign agreement and farmy consensus replay, on the votes of a campaign in memory."""

import json
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign import ConsensusPolicy
from farmy_assets.cli import campaign_agreement, consensus
from farmy_assets.cli.main import app
from farmy_assets.lake.lake import Lake
from farmy_assets.query.table_sources import table_sources
from farmy_assets.query.tables import TABLES
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.test_agreement import answered, open_campaign
from farmy_assets_tests.workflow.test_evaluation import BATCHES, EVERY_IMAGE, NAME, place

run = CliRunner().invoke


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Lake:
    found = lake_in_memory(BucketInMemory())
    open_campaign(found, ConsensusPolicy(quorum=2))
    place(found, BATCHES[0], people=("anna", "ben", "dan"))
    for module in (campaign_agreement, consensus):
        monkeypatch.setattr(module, "open_lake", lambda: found)
    return found


def rows(lake: Lake, table: str) -> Sequence[dict[str, object]]:
    source = table_sources(lake)[table]
    found = [row for each in source.sources() for row in source.rows(each)]
    assert all(row.keys() <= {c.name for c in TABLES[table].columns} for row in found)
    return found


def test_the_agreement_is_shown_for_people_and_for_scripts(lake: Lake) -> None:
    answered(lake, EVERY_IMAGE[:2], ("weed", "weed", "crop"))
    done = run(app, ["campaign", "agreement", NAME])
    assert done.exit_code == 0, done.output
    assert "2 images answered by two or more; alpha" in done.stdout
    assert "anna and ben" in done.stdout
    assert "conflicts: 2 settled (2 by quorum)" in done.stdout
    found = json.loads(run(app, ["campaign", "agreement", NAME, "--json"]).stdout)
    assert found["regions"]["without"]["dan"] is None  # everybody says the same: undefined
    assert found["conflicts"] == {"settled": 2}


def test_another_quorum_is_compared_with_the_present_one(lake: Lake) -> None:
    answered(lake, EVERY_IMAGE[:2], ("weed", "weed", "crop"))
    done = run(app, ["consensus", "replay", NAME, "--quorum", "3"])
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "settled images 2 0" in lines
    assert "conflicts: other_class 0 2" in lines
    assert "2 images would differ" in lines
    found = json.loads(run(app, ["consensus", "replay", NAME, "--iou", "0.3", "--json"]).stdout)
    assert (found["changed"], found["tried"]["regions"]) == (0, {"weed": 2})


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([NAME, "--tight-iou", "0.2"], "must not be under --iou"),
        (["wheat"], "there is no campaign wheat"),
        ([NAME], "was judged yet"),
    ],
)
def test_what_makes_no_sense_ends_with_one_line(
    lake: Lake, words: Sequence[str], reason: str
) -> None:
    done = run(app, ["consensus", "replay", *words])
    assert done.exit_code == 1
    assert reason in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_conflicts_and_agreement_are_tables(lake: Lake) -> None:
    answered(lake, EVERY_IMAGE[:1], ("weed", "weed", "crop"))
    answered(lake, EVERY_IMAGE[1:2], ("weed", "crop", "other"), at=2)
    answered(lake, EVERY_IMAGE[2:3], ("weed", "crop", "other"), at=3)
    answered(lake, EVERY_IMAGE[2:3], ("weed", "weed", "weed"), at=4)
    found = [
        (row["image_id"], row["state"], row.get("settled_how")) for row in rows(lake, "conflicts")
    ]
    assert sorted(found) == sorted(
        [
            (EVERY_IMAGE[0], "settled", "quorum"),
            (EVERY_IMAGE[1], "open", None),
            (EVERY_IMAGE[2], "settled", "other_answer"),
            (EVERY_IMAGE[2], "settled", "quorum"),  # while the third one had not changed yet
        ]
    )
    assert rows(lake, "agreement_pairs") == []
    run(app, ["campaign", "agreement", NAME])
    assert {(row["person_a"], row["person_b"]) for row in rows(lake, "agreement_pairs")} == {
        ("anna", "ben"), ("anna", "dan"), ("ben", "dan"),
    }  # fmt: skip
    assert {row["label"] for row in rows(lake, "agreement_classes")} == {
        None, "crop", "other", "weed",
    }  # fmt: skip
