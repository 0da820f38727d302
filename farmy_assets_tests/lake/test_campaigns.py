import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.questions import ImageChoice
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys, record_store
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.annotation.examples import vote
from farmy_assets_tests.lake.rules import campaign


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
        type(lake.campaigns),
        "current",
        lambda repository, name: next(views, real(repository, name)),
    )
    assert lake.campaigns.apply(campaign(overlap_share=0.5)).version == 2


def test_a_record_that_was_damaged_is_named_and_its_number_is_not_used_again(
    lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_store, "_reported", set())  # what is reported once a process
    lake.records.bucket.put(keys.campaign_version("weeds", 1), b"{}")
    assert lake.campaigns.current("weeds") is None
    assert "campaigns/weeds/0001.json is not a Campaign of ours" in caplog.text
    assert lake.campaigns.apply(campaign()).version == 2


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


def test_a_question_that_votes_answer_is_not_taken_out_and_the_way_out_is_said(lake: Lake) -> None:
    asked = ImageChoice(name="quality", values=("good", "bad"))
    lake.campaigns.apply(campaign(choices=(asked,)))
    lake.votes.add("weeds", [vote("anna", campaign="weeds", choices={"quality": "good"})])
    with pytest.raises(InvalidInputError) as refused:
        lake.campaigns.apply(campaign())
    assert "the choice quality would be removed, and votes hold 1 answer of it" in str(
        refused.value
    )
    assert "keep these classes, kinds, questions and values" in str(refused.value)
    more = ImageChoice(name="quality", values=("good", "bad", "so so"))
    assert lake.campaigns.apply(campaign(choices=(more,))).version == 2
