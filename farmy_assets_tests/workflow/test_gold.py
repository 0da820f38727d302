"""Gold in the records: named, given out, scored; killed anywhere, it comes to the same end."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.gold_rules import GoldPause, GoldRules
from farmy_assets.annotation.votes import Outcome
from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.gold_images import Added, Wanted, add_gold, gold_images
from farmy_assets.workflow.gold_scores import resume, score_gold
from farmy_assets.workflow.gold_tasks import asked_gold, give_gold
from farmy_assets_tests.annotation.examples import NOON, campaign, person
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.test_evaluation import (
    BATCHES,
    EVERY_IMAGE,
    NAME,
    Killed,
    answer,
    asked,
    cleanse,
    move,
    place,
)

LATER = "000004-20260602T120000Z"
OWN = [f"later-{n}" for n in range(6)]
RULES = GoldRules(share=0.4, pause=GoldPause(below=0.8, after=4, of_last=4))


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)


def settled(bucket: BucketInMemory, *, rules: GoldRules = RULES) -> tuple[Lake, Campaign]:
    """Nine images that anna and ben agree on, and a campaign in which eva and finn go on."""
    lake = lake_in_memory(bucket)
    lake.campaigns.apply(campaign(overlap_share=1))
    for batch_id in BATCHES:
        place(lake, batch_id)
    votes = [answer(i, name, n) for i in EVERY_IMAGE for n, name in enumerate(("anna", "ben"))]
    lake.votes.add(NAME, votes)
    bring_up_to_date(lake, lake.campaigns.named(NAME))
    changed = campaign(annotators=[person("eva"), person("finn")], overlap_share=0)
    return lake, lake.campaigns.apply(changed.model_copy(update={"gold": rules}))


def later_batch(lake: Lake, rules: Campaign, *, people: Sequence[str] = ("eva", "finn")) -> None:
    """Give out a fourth batch, with its gold."""
    cleanse(lake, LATER, OWN)
    page = BatchAssignments(
        batch_id=LATER, campaign=NAME, campaign_version=rules.version,
        assignments=tuple(asked(i, p, LATER) for i in OWN for p in people),
    )  # fmt: skip
    lake.records.write_once(keys.assignments(NAME, LATER), page)
    lake.assignments.shared(NAME).rebuild()
    give_gold(lake, rules, page)


def gold_of(lake: Lake, name: str) -> list[str]:
    return sorted(a.image_id for a in lake.gold.given(NAME).given if a.person == name)


def answer_gold(lake: Lake) -> None:
    """Eva is right, finn takes each weed for a crop; each in a log object of the own."""
    for n, (name, label) in enumerate((("eva", "weed"), ("finn", "crop"))):
        votes = [answer(i, name, 10 + n, label=label) for i in gold_of(lake, name)]
        lake.votes.add(NAME, votes)


def test_images_are_gold_as_soon_as_enough_people_agree_and_only_once() -> None:
    lake, rules = settled(BucketInMemory())
    assert add_gold(lake, rules, Wanted(agreed_by=3)) == Added(added=(), there=0, refused={})
    assert add_gold(lake, rules, Wanted(adjudicated=True)).added == ()
    some = add_gold(lake, rules, Wanted(agreed_by=2, at_most=4))
    assert len(some.added) == 4
    every = add_gold(lake, rules, Wanted(agreed_by=2))
    assert sorted((*some.added, *every.added)) == sorted(EVERY_IMAGE)
    assert add_gold(lake, rules, Wanted(agreed_by=2)) == Added(added=(), there=9, refused={})
    known = lake.gold.known(NAME)[EVERY_IMAGE[0]].gold
    assert (known.settled_by, known.people) == (ConsensusStatus.AGREED, 2)
    assert known.known_to == ("anna", "ben")


def test_a_named_image_that_cannot_be_gold_is_refused_with_the_reason() -> None:
    lake, rules = settled(BucketInMemory())
    later_batch(lake, rules, people=("eva",))
    lake.votes.add(NAME, [answer(OWN[0], "eva", 5)])
    bring_up_to_date(lake, rules)
    wanted = Wanted(image_ids=frozenset({EVERY_IMAGE[0], OWN[0], OWN[1], "nowhere"}))
    assert add_gold(lake, rules, wanted) == Added(
        added=(EVERY_IMAGE[0],), there=0,
        refused={
            OWN[0]: "one person alone has labelled it",
            OWN[1]: "it is not settled (waiting)",
            "nowhere": "the campaign does not know it",
        },
    )  # fmt: skip


def test_nobody_from_whom_an_image_was_taken_back_is_given_it_as_gold() -> None:
    lake, rules = settled(BucketInMemory())
    move(lake, BATCHES[0], "ben", "gina")
    lake.votes.add(NAME, [answer(f"image-0-{n}", "gina", 5) for n in range(3)])
    bring_up_to_date(lake, rules)
    add_gold(lake, rules, Wanted(agreed_by=2))
    assert lake.gold.known(NAME)["image-0-0"].gold.known_to == ("anna", "ben", "gina")


def test_an_image_in_dispute_or_retired_is_not_given_out() -> None:
    lake, rules = settled(BucketInMemory())
    add_gold(lake, rules, Wanted(agreed_by=2))
    lake.votes.add(NAME, [answer(i, "ben", 9, label="crop") for i in EVERY_IMAGE[:4]])
    bring_up_to_date(lake, rules)
    assert lake.gold.retire(NAME, EVERY_IMAGE[4:7]) == tuple(EVERY_IMAGE[4:7])
    assert lake.gold.retire(NAME, EVERY_IMAGE[4:7]) == ()
    later_batch(lake, rules)
    assert {a.image_id for a in lake.gold.given(NAME).given} == set(EVERY_IMAGE[7:])
    states = {item.image_id: item.state for item in gold_images(lake, rules)}
    assert [states[i] for i in EVERY_IMAGE] == [*["disputed"] * 4, *["retired"] * 3,
                                                *["given out"] * 2]  # fmt: skip


def test_an_image_that_enough_people_had_is_worn_out() -> None:
    lake, rules = settled(BucketInMemory(), rules=RULES.model_copy(update={"retire_after": 1}))
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    assert max(lake.gold.given(NAME).exposures().values()) == 1
    states = [item.state for item in gold_images(lake, rules)]
    assert (states.count("worn out"), states.count("given out")) == (8, 1)


def test_a_gold_answer_is_believed_as_far_as_the_record_of_the_gold_goes() -> None:
    lake, rules = settled(BucketInMemory())
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    mine, another = gold_of(lake, "eva")[0], "image-9-9"
    found = asked_gold(lake, NAME, {mine, another})[f"farmy:{NAME}/annotation/eva"]
    assert set(found) == {mine}
    assert (found[mine].width_px, found[mine].height_px) == (800, 600)


def test_a_later_answer_takes_the_place_of_an_earlier_one_and_a_withdrawn_one_is_none() -> None:
    lake, rules = settled(BucketInMemory())
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    first, second = gold_of(lake, "eva")[:2]
    lake.votes.add(NAME, [answer(first, "eva", 10, label="crop"), answer(second, "eva", 10)])
    assert score_gold(lake, rules, now=NOON).scores.people["eva"]["1"].counts.hits == 1
    gone = answer(second, "eva", 11).model_copy(update={"outcome": Outcome.WITHDRAWN})
    lake.votes.add(NAME, [answer(first, "eva", 11), gone])
    sums = score_gold(lake, rules, now=NOON).scores.people["eva"]["1"]
    assert (sums.answers, sums.accuracy.value) == (1, 1.0)
    lake.votes.add(NAME, [answer(second, "eva", 10).model_copy(update={"vote_id": "late"})])
    assert score_gold(lake, rules, now=NOON).scores.people["eva"]["1"] == sums  # older than that


def test_answers_are_scored_again_when_another_answer_is_known() -> None:
    lake, rules = settled(BucketInMemory())
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    image_id = gold_of(lake, "eva")[0]
    lake.votes.add(NAME, [answer(image_id, "eva", 10)])
    bring_up_to_date(lake, rules)
    assert score_gold(lake, rules, now=NOON).scores.people["eva"]["1"].counts.hits == 1
    agreed = [answer(image_id, name, 20, label="crop") for name in ("anna", "ben")]
    lake.votes.add(NAME, agreed)
    bring_up_to_date(lake, rules)
    assert add_gold(lake, rules, Wanted(agreed_by=2)).added == (image_id,)
    found = score_gold(lake, rules, now=NOON)
    assert found.new_answers == 1
    assert found.scores.people["eva"]["1"].accuracy.value == 0
    assert score_gold(lake, rules, now=NOON).new_answers == 0


def test_the_last_one_who_works_is_not_paused() -> None:
    lake, rules = settled(BucketInMemory())
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    lake.votes.add(NAME, [answer(i, "eva", 9, label="crop") for i in gold_of(lake, "eva")])
    lake.votes.add(NAME, [answer(i, "finn", 9, label="crop") for i in gold_of(lake, "finn")])
    found = score_gold(lake, rules, now=NOON)
    assert sorted([*found.pauses, *found.spared]) == ["eva", "finn"]
    assert len(found.pauses) == 1


def test_after_a_pause_has_ended_only_later_answers_count() -> None:
    lake, rules = settled(BucketInMemory())
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    answer_gold(lake)
    assert list(score_gold(lake, rules, now=NOON).pauses) == ["finn"]
    assert lake.pending.of(NAME).is_behind(rules)
    lake.pending.follow(rules)
    assert "0% of what is known" in resume(lake, rules, "finn", by="cara", why="", now=NOON)
    with pytest.raises(InvalidInputError, match="eva is not paused"):
        resume(lake, rules, "eva", by="cara", why="", now=NOON)
    newer = lake.campaigns.apply(rules.model_copy(update={"instructions": "New."}))
    assert score_gold(lake, newer, now=NOON).pauses == {}


def test_scores_that_are_lost_are_made_again_from_the_votes_with_the_same_bytes() -> None:
    bucket = BucketInMemory()
    lake, rules = settled(bucket)
    add_gold(lake, rules, Wanted(agreed_by=2))
    later_batch(lake, rules)
    answer_gold(lake)
    score_gold(lake, rules, now=NOON)
    before = dict(bucket.objects)
    for key in before:
        if key.startswith(("gold-answers/", keys.gold_scores(NAME))):
            lake.records.bucket.delete(key)
    score_gold(lake, rules, now=NOON)
    assert bucket.objects == before


def test_a_campaign_without_gold_has_no_record_of_it() -> None:
    bucket = BucketInMemory()
    lake, rules = settled(bucket, rules=GoldRules())
    later_batch(lake, rules)
    assert score_gold(lake, rules, now=NOON).new_answers == 0
    assert [key for key in bucket.objects if key.startswith(("gold", "pauses"))] == []


def played(bucket: BucketInMemory, *, killed_at: int | None = None) -> dict[str, bytes]:
    """Give, answer and score; each step is repeated when it was killed at its n-th request."""
    lake, rules = settled(bucket)
    left = killed_at

    def kill() -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                left = None
                raise Killed

    def again(step: str) -> None:
        for _ in range(3):
            try:
                if step == "add":
                    add_gold(lake, rules, Wanted(agreed_by=2))
                elif step == "give":
                    later_batch(lake, rules)
                else:
                    score_gold(lake, rules, now=NOON)
            except (Killed, LakeUnavailableError):
                continue
            return

    bucket.before_request.append(kill)
    for step in ("add", "give"):
        again(step)
    bucket.before_request.clear()
    answer_gold(lake)
    bucket.before_request.append(kill)
    again("score")
    again("score")
    ours = ("gold", "pauses/", "pending/")
    return {key: content for key, content in bucket.objects.items() if key.startswith(ours)}


@cache
def undisturbed() -> dict[str, bytes]:
    return played(BucketInMemory())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 120))
def test_killed_at_any_request_it_comes_to_the_same_records(killed_at: int) -> None:
    assert played(BucketInMemory(), killed_at=killed_at) == undisturbed()


def test_the_undisturbed_pass_gave_gold_scored_it_and_paused_one() -> None:
    assert {key.split("/")[0] for key in undisturbed()} == {
        "gold", "gold-answers", "pauses", "pending",
    }  # fmt: skip
