"""How far a campaign is, in the one line that the sensor shows."""

import pytest

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.lake.evaluations import EvaluationSummary
from farmy_assets.workflow.progress import CampaignProgress, Flagged
from farmy_assets.workflow.release_blockers import blockers


def progress(**changes: object) -> CampaignProgress:
    fields: dict[str, object] = {
        "name": "weeds", "next_step": None, "statuses": {}, "tasks": 0, "answers": 0,
        "open_batches": 0, "to_redo": (), "to_place": (), "exports": ("coco",), "rulings": "",
    }  # fmt: skip
    return CampaignProgress.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "weeds: no image was given out yet"),
        ({"tasks": 981}, "weeds: 981 tasks given out, no answer yet"),
        ({"tasks": 1, "answers": 1}, "weeds: 1 task given out, 1 answer"),
        ({"statuses": {"waiting": 3}, "tasks": 5}, "weeds: 3 waiting"),
        ({"tasks": 5, "open_batches": 1},
         "weeds: 5 tasks given out, no answer yet, 1 batch under way"),
        ({"open_batches": 2}, "weeds: no image was given out yet, 2 batches under way"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_the_line_counts_tasks_that_were_given_out(changes: dict[str, object], told: str) -> None:
    assert progress(**changes).summary_line() == told


def state(**statuses: int) -> EvaluationSummary:
    return EvaluationSummary(
        campaign="weeds", campaign_version=1, counts=PageCounts(statuses=statuses)
    )


def named(status: ConsensusStatus) -> list[str]:
    count = 1 if status is ConsensusStatus.IN_CONFLICT else 4
    return [f"{status.value} {number}" for number in range(count)]


def test_what_prevents_a_release_is_described_in_good_grammar() -> None:
    one = blockers(
        state(in_conflict=1, waiting=4), open_batches=1, named=named,
        flagged=Flagged(to_redo=("b",), held=1),
    )  # fmt: skip
    assert one == [
        "1 batch is not in the inboxes yet",
        "1 flagged photograph waits for an answer in triage",
        "1 batch is to be cleansed anew after rulings",
        "1 image has an open conflict (in_conflict 0)",
        "4 images wait for answers (waiting 0, waiting 1, waiting 2, ...)",
    ]
    two = blockers(
        state(in_conflict=2), open_batches=2, named=lambda _: ["i0", "i1"],
        flagged=Flagged(to_redo=("b", "c"), held=2),
    )  # fmt: skip
    assert two == [
        "2 batches are not in the inboxes yet",
        "2 flagged photographs wait for an answer in triage",
        "2 batches are to be cleansed anew after rulings",
        "2 images have an open conflict (i0, i1)",
    ]
