from datetime import timedelta

from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON


def vote(number: int) -> Vote:
    return Vote(
        vote_id=f"{number:064x}",
        campaign="weeds",
        campaign_version=1,
        phase=Phase.ANNOTATION,
        task_key=f"task {number}",
        image_id=f"image {number}",
        inbox_person="anna",
        person="anna",
        email="anna@example.com",
        submitted_at=NOON + timedelta(seconds=number),
        lead_time_s=1.0,
        outcome=Outcome.SUBMITTED,
    )


def test_votes_copied_twice_count_once(lake: Lake) -> None:
    lake.votes.add("weeds", [vote(1), vote(2)])
    lake.votes.add("weeds", [vote(2), vote(3)])
    lake.votes.add("weeds", [vote(2), vote(1)])
    assert lake.votes.all("weeds") == (vote(1), vote(2), vote(3))
    assert lake.votes.all("other") == ()
