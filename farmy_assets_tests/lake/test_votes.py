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


def test_votes_are_numbered_and_what_others_added_meanwhile_is_not_added_again(
    lake: Lake,
) -> None:
    lake.votes.add("weeds", [vote(1)])
    lake.votes.add("weeds", [vote(2)])  # somebody else is quicker
    lake.votes.add("weeds", [vote(2), vote(3)], after=1)
    lake.votes.add("weeds", [vote(3)], after=1)
    found = list(lake.records.bucket.keys("votes/weeds/"))
    assert found == [f"votes/weeds/log/{number:08d}.jsonl" for number in (1, 2, 3)]
    assert lake.votes.log("weeds").after(1) == [2, 3]
    assert list(lake.votes.numbered("weeds", [2, 3])) == [vote(2), vote(3)]


def test_a_number_that_a_foreign_object_has_taken_is_passed_over(lake: Lake) -> None:
    lake.records.bucket.put("votes/weeds/log/00000001.jsonl", b"no vote")
    lake.records.bucket.put("votes/weeds/log/1.jsonl", b"no vote")
    lake.votes.add("weeds", [vote(1)])
    assert lake.votes.log("weeds").after(0) == [1, 2]
    assert lake.votes.all("weeds") == (vote(1),)
