import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign, parse_campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.lake import keys, record_store
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON

BATCH = "000001-20260514T120000Z"
IMAGES = ["image 1", "image 2", "image 3"]
RULES = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
"""


def campaign(**changes: object) -> Campaign:
    return parse_campaign(RULES).model_copy(update=changes)


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


def test_a_campaign_applied_twice_has_one_version(lake: Lake) -> None:
    first = lake.campaigns.apply(campaign())
    assert lake.campaigns.apply(campaign()) == first
    assert first.version == 1
    assert lake.campaigns.names() == ["weeds"]


def test_changed_rules_make_a_new_version_and_keep_the_old_one(lake: Lake) -> None:
    lake.campaigns.apply(campaign())
    assert lake.campaigns.apply(campaign(overlap_share=0.5)).version == 2
    assert lake.records.read(keys.campaign_version("weeds", 1), Campaign).overlap_share == 0.3


def test_a_version_taken_by_somebody_else_is_passed_over(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.campaigns.apply(campaign())
    views = iter([None])  # this one has not seen the first version yet
    real = type(lake.campaigns).current
    monkeypatch.setattr(
        type(lake.campaigns), "current", lambda book, name: next(views, real(book, name))
    )
    assert lake.campaigns.apply(campaign(overlap_share=0.5)).version == 2


def test_votes_copied_twice_count_once(lake: Lake) -> None:
    lake.ledger.add_votes("weeds", [vote(1), vote(2)])
    lake.ledger.add_votes("weeds", [vote(2), vote(3)])
    lake.ledger.add_votes("weeds", [vote(2), vote(1)])
    assert lake.ledger.votes("weeds") == (vote(1), vote(2), vote(3))
    assert lake.ledger.votes("other") == ()


def test_a_record_that_was_damaged_is_named_and_its_number_is_not_used_again(
    lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_store, "_reported", set())  # what is reported once a process
    lake.records.bucket.put(keys.campaign_version("weeds", 1), b"{}")
    assert lake.campaigns.current("weeds") is None
    assert "campaigns/weeds/0001.json is not a Campaign of ours" in caplog.text
    assert lake.campaigns.apply(campaign()).version == 2


def test_of_two_who_share_out_one_batch_the_second_sees_the_first(lake: Lake) -> None:
    rules = campaign()
    given: list[str] = []

    def share(earlier: Sequence[Assignment]) -> Sequence[Assignment]:
        if not given:  # while this one thinks, another run of the batch is quicker
            given.append("once")
            lake.ledger.add_assignments(rules, BATCH, share=share)
        return share_out(IMAGES, campaign=rules, batch_id=BATCH, earlier=earlier)

    page = lake.ledger.add_assignments(rules, BATCH, share=share)
    assert sorted({a.image_id for a in page.assignments}) == IMAGES
    assert lake.ledger.assignments(rules.name) == page.assignments


def test_a_batch_that_grew_gives_out_only_what_is_new(lake: Lake) -> None:
    rules = campaign()

    def share(images: list[str], earlier: Sequence[Assignment]) -> Sequence[Assignment]:
        return share_out(images, campaign=rules, batch_id=BATCH, earlier=earlier)

    first = lake.ledger.add_assignments(rules, BATCH, share=partial(share, IMAGES[:2]))
    second = lake.ledger.add_assignments(rules, BATCH, share=partial(share, IMAGES))
    assert second.assignments[: len(first.assignments)] == first.assignments
    assert sorted({a.image_id for a in second.assignments}) == IMAGES


def test_a_page_of_before_people_could_leave_is_still_read(lake: Lake) -> None:
    page = share_out(IMAGES, campaign=campaign(), batch_id=BATCH, earlier=())
    told = [a.model_dump(mode="json") for a in page]
    old = {"batch_id": BATCH, "campaign": "weeds", "campaign_version": 1, "assignments": told}
    lake.records.bucket.put(keys.assignments("weeds", BATCH), json.dumps(old).encode())
    (found,) = lake.ledger.pages("weeds")
    assert (found.assignments, found.taken_back) == (page, ())


def test_what_was_taken_back_is_kept_and_a_page_that_changed_is_not_overwritten(
    lake: Lake,
) -> None:
    given = share_out(IMAGES, campaign=campaign(), batch_id=BATCH, earlier=())
    page = lake.ledger.add_assignments(campaign(), BATCH, share=lambda _: given)
    former = [a for a in given if a.person == "anna"]
    new = [a.model_copy(update={"person": "eva"}) for a in former]
    assert lake.ledger.move(page, former, new)
    assert not lake.ledger.move(page, former, new)  # it was read before the first move
    (found,) = lake.ledger.pages("weeds")
    assert found.taken_back == tuple(former)
    assert {a.person for a in lake.ledger.assignments("weeds")} == {"ben", "eva"}
    more = [new[0].model_copy(update={"image_id": "image 4", "task_key": "image 4"})]
    again = lake.ledger.add_assignments(campaign(), BATCH, share=lambda _: more)
    assert again.taken_back == tuple(former)


def test_pending_work_is_noted_once_and_done_once(lake: Lake) -> None:
    rules = lake.campaigns.apply(campaign())
    assert not lake.pending.of("weeds").is_behind(rules)
    rules = lake.campaigns.apply(campaign(overlap_share=0.5))
    assert lake.pending.of("weeds").is_behind(rules)
    lake.pending.place("weeds", ["b", "a"])
    lake.pending.follow(rules)
    lake.pending.placed("weeds", "a")
    work = lake.pending.of("weeds")
    assert (work.to_place, work.is_behind(rules)) == (("b",), False)
    lake.pending.fall_back(rules)
    assert lake.pending.of("weeds").is_behind(rules)
