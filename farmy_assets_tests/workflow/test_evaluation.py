"""The evaluation: whatever happens in whatever order, it is as if all had been judged at once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation import evaluation as pages_of
from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import depth_for, page_of
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.errors import LakeError, LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.evaluations import CampaignState
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import evaluation_pages
from farmy_assets.workflow.evaluation import Conclusion, bring_up_to_date
from farmy_assets_tests.annotation.examples import box, campaign, minutes, person, vote
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.lake.rules import as_given

NAME = campaign().name
PEOPLE = ("anna", "ben")
IMAGES_A_BATCH = 3
BATCHES = ("000001-20260601T120000Z", "000002-20260601T120000Z", "000003-20260601T120000Z")
IMAGES = {b: [f"image-{n}-{i}" for i in range(IMAGES_A_BATCH)] for n, b in enumerate(BATCHES)}
EVERY_IMAGE = [image_id for some in IMAGES.values() for image_id in some]


@pytest.fixture(autouse=True)
def few_images_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are laid out anew often, and not all fit into memory at once."""
    monkeypatch.setattr(pages_of, "IMAGES_A_PAGE", 1)
    monkeypatch.setattr(evaluation_pages, "_PAGES_AT_ONCE", 3)
    monkeypatch.setattr(evaluation_pages, "_FORMER_PAGES_AT_ONCE", 2)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)


class Killed(BaseException):
    """The process ended here."""


def asked(image_id: str, name: str, batch_id: str) -> Assignment:
    return Assignment(
        campaign=NAME, phase=Phase.ANNOTATION, image_id=image_id, person=name, task_key=image_id,
        batch_id=batch_id,
    )  # fmt: skip


def kept(image_id: str) -> KeptImage:
    return KeptImage(image_id=image_id, sha256=image_id, width_px=800, height_px=600)


def place(lake: Lake, batch_id: str, *, people: Sequence[str] = PEOPLE) -> None:
    """Cleanse a batch, and give each of its images to these people."""
    cleanse(lake, batch_id, IMAGES[batch_id])
    page = BatchAssignments(
        batch_id=batch_id, campaign=NAME, campaign_version=1,
        assignments=tuple(asked(i, p, batch_id) for i in IMAGES[batch_id] for p in people),
    )  # fmt: skip
    lake.records.write_once(keys.assignments(NAME, batch_id), page)


def cleanse(lake: Lake, batch_id: str, image_ids: Sequence[str]) -> None:
    found = CleansedSet(
        batch_id=batch_id, campaign=NAME, rule_version="1", excluded=(),
        kept=tuple(kept(image_id) for image_id in image_ids),
    )  # fmt: skip
    lake.cleansed_sets.write(found)


def move(lake: Lake, batch_id: str, former: str, new: str) -> None:
    """Give one person's tasks of a batch to another."""
    page = lake.assignments.of_batch(NAME, batch_id)
    if page:
        leaving = [a for a in page.assignments if a.person == former]
        lake.assignments.move(
            page, leaving, [asked(a.image_id, new, batch_id) for a in leaving], book=as_given
        )


def answer(image_id: str, name: str, number: int, *, label: str = "weed") -> Vote:
    return vote(
        name, box(10, 10, label=label), image_id=image_id, task_key=image_id,
        vote_id=f"{image_id} {name} {number} {label}", submitted_at=minutes(number),
    )  # fmt: skip


def hand_over(lake: Lake) -> None:
    """Note the adjudicator's tasks, as the asset does."""
    present = lake.campaigns.named(NAME)
    inputs = bring_up_to_date(lake, present)
    images = lake.evaluations.of_images(NAME, inputs.to_hand_over)
    new = [
        Assignment(
            campaign=NAME, phase=Phase.ADJUDICATION, image_id=image.image_id, batch_id="",
            person=present.adjudicator.name, task_key=image.consensus.adjudication_task_key,
        )
        for image in images.values()
        if image.consensus and image.consensus.adjudication_task_key
    ]  # fmt: skip
    lake.assignments.add_adjudication(NAME, new, after=inputs.adjudication_up_to)
    bring_up_to_date(lake, present, handed_over=inputs.to_hand_over)


def decide(lake: Lake, image_id: str, number: int) -> None:
    """The adjudicator answers the newest task on an image, if there is one."""
    there = lake.assignments.adjudication(NAME).assignments
    for task in [a for a in there if a.image_id == image_id][-1:]:
        decision = vote(
            task.person, vote_id=f"{task.task_key} {number}", image_id=image_id,
            phase=Phase.ADJUDICATION, task_key=task.task_key, submitted_at=minutes(number),
            outcome=Outcome.SKIPPED,
        )  # fmt: skip
        lake.votes.add(NAME, [decision])


def apply(lake: Lake, *, adjudicator: str) -> None:
    lake.campaigns.apply(campaign().model_copy(update={"adjudicator": person(adjudicator)}))


Action = Callable[[Lake], None]


class Step(NamedTuple):
    """Something that happens, and how it is told when an example fails."""

    told: str
    act: Action


def evaluate(lake: Lake) -> None:
    bring_up_to_date(lake, lake.campaigns.named(NAME))


images = st.sampled_from(EVERY_IMAGE)
batches = st.sampled_from(BATCHES)
numbers = st.integers(0, 99)
OLDER = 100  # no vote is copied twice: what was known before is not added again


@st.composite
def votes(draw: st.DrawFn) -> Step:
    """Votes in the log, or in an object as older versions wrote them."""
    is_older, object_number = draw(st.booleans()), draw(numbers)
    cast = [
        answer(
            draw(images), draw(st.sampled_from((*PEOPLE, "eva"))),
            OLDER + object_number if is_older else draw(numbers),
            label=draw(st.sampled_from(("weed", "crop"))),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    distinct = list({v.vote_id: v for v in cast}.values())
    key = keys.votes(NAME, f"{object_number:032x}")
    if is_older:
        return Step(f"older {key}", lambda lake: write_older(lake, key, distinct))
    return Step(f"votes {distinct}", lambda lake: lake.votes.add(NAME, distinct))


@st.composite
def batch_records(draw: st.DrawFn) -> Step:
    """A batch is placed, cleansed anew, or moved from one person to another."""
    batch_id, kind = draw(batches), draw(st.sampled_from(("place", "cleanse", "move")))
    people = draw(st.sampled_from((PEOPLE, PEOPLE[:1])))
    some = sorted(draw(st.lists(st.sampled_from(IMAGES[batch_id]), unique=True)))
    acts: dict[str, Action] = {
        "place": lambda lake: place(lake, batch_id, people=people),
        "cleanse": lambda lake: cleanse(lake, batch_id, some),
        "move": lambda lake: move(lake, batch_id, "anna", "eva"),
    }
    return Step(f"{kind} {batch_id} {people} {some}", acts[kind])


@st.composite
def rulings(draw: st.DrawFn) -> Step:
    """Conflicts are handed over, the adjudicator decides, or there is another one."""
    kind, image_id, number = draw(st.integers(0, 2)), draw(images), draw(numbers)
    name = draw(st.sampled_from(("cara", "dora")))
    acts: list[Action] = [
        hand_over,
        lambda lake: decide(lake, image_id, number),
        lambda lake: apply(lake, adjudicator=name),
    ]
    return Step(f"{('hand over', 'decide', 'rules')[kind]} {image_id} {name}", acts[kind])


def records() -> st.SearchStrategy[Step]:
    """One change of the records."""
    return st.one_of(votes(), votes(), batch_records(), rulings())


def write_older(lake: Lake, key: str, cast: Sequence[Vote]) -> None:
    lines = b"".join(v.model_dump_json().encode() + b"\n" for v in cast)
    lake.records.bucket.put_once(key, lines)


@st.composite
def evaluations(draw: st.DrawFn) -> Step:
    """One evaluation: undisturbed, killed at some request, or overtaken at some request."""
    at = draw(st.integers(1, 60))
    kind = draw(st.sampled_from(("evaluate", "killed", "overtaken")))
    between = draw(st.lists(records(), max_size=2)) if kind == "overtaken" else []

    def act(lake: Lake) -> None:
        bucket = lake.records.bucket
        assert isinstance(bucket, BucketInMemory)
        left = [at]

        def happen() -> None:
            left[0] -= 1
            if left[0] == 0:
                bucket.before_request.clear()
                if kind == "killed":
                    raise Killed
                for step in between:
                    step.act(lake)
                evaluate(lake)

        if kind != "evaluate":
            bucket.before_request.append(happen)
        try:
            evaluate(lake)
        except (Killed, LakeUnavailableError):
            pass
        finally:
            bucket.before_request.clear()

    return Step(f"{kind} at {at}, between {[s.told for s in between]}", act)


def derived(lake: Lake) -> dict[str, object]:
    """All bytes of the pages, and what of the two records follows from other records alone."""
    bucket = lake.records.bucket
    inputs, summary = lake.evaluations.inputs(NAME)[0], lake.evaluations.summary(NAME)
    assert inputs
    assert summary
    assert summary.layout == inputs.layout
    prefix = keys.evaluation_pages(NAME, inputs.layout)
    found: dict[str, object] = {k.removeprefix(prefix): bucket.get(k) for k in bucket.keys(prefix)}
    assert found.keys() == {f"{name}.jsonl" for name in inputs.pages}
    found["inputs"] = inputs.model_copy(update={"to_hand_over": (), "layout": ""})
    changes = {"conflicts_handed_over": True, "layout": ""}
    found["summary"] = summary.model_copy(update=changes)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(records(), evaluations()), max_size=14))
def test_any_order_of_arrivals_kills_and_runs_gives_what_one_pass_gives(
    steps: list[Step],
) -> None:
    lake = lake_in_memory(BucketInMemory())
    lake.campaigns.apply(campaign())
    for step in steps:
        step.act(lake)
    evaluate(lake)
    by_steps = derived(lake)

    bring_up_to_date(lake, lake.campaigns.named(NAME), anew=True)
    assert derived(lake) == by_steps
    for key in list(lake.records.bucket.keys(keys.EVALUATIONS)):
        lake.records.bucket.delete(key)
    evaluate(lake)
    assert derived(lake) == by_steps


@pytest.fixture
def lake() -> Lake:
    made = lake_in_memory(BucketInMemory())
    made.campaigns.apply(campaign())
    return made


def requests_of(lake: Lake, act: Callable[[], object]) -> int:
    """How many requests something costs."""
    bucket, count = lake.records.bucket, [0]
    assert isinstance(bucket, BucketInMemory)

    def happen() -> None:
        count[0] += 1

    bucket.before_request.append(happen)
    act()
    bucket.before_request.clear()
    return count[0]


def test_a_page_holds_at_most_128_images_on_average_and_at_least_8(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages_of, "IMAGES_A_PAGE", 128)
    assert [depth_for(n) for n in (0, 128, 129, 2048, 2049, 100_000)] == [0, 0, 1, 1, 2, 3]
    for count in (129, 2049, 100_000):
        assert 8 <= count / 16 ** depth_for(count) <= 128
    assert page_of("image-1", 0) == "all"
    assert page_of("image-1", 3).startswith(page_of("image-1", 2))


def test_one_new_vote_costs_the_same_in_a_campaign_of_any_size(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_of, "IMAGES_A_PAGE", 128)
    costs = []
    for batch_id in BATCHES:
        place(lake, batch_id)
        lake.votes.add(NAME, [answer(i, p, 1) for i in IMAGES[batch_id] for p in PEOPLE])
        evaluate(lake)
        lake.votes.add(NAME, [answer(IMAGES[batch_id][0], "anna", 2)])
        costs.append(requests_of(lake, lambda: evaluate(lake)))
        assert requests_of(lake, lambda: evaluate(lake)) < costs[-1]
    assert len(set(costs)) == 1


def test_a_conflict_waits_to_be_handed_over_until_that_is_noted(lake: Lake) -> None:
    place(lake, BATCHES[0])
    disputed, agreed, _ = IMAGES[BATCHES[0]]
    lake.votes.add(NAME, [answer(agreed, p, 1) for p in PEOPLE])
    lake.votes.add(NAME, [answer(disputed, p, 1, label=p) for p in PEOPLE])
    evaluate(lake)
    summary = lake.evaluations.summary(NAME)
    assert summary
    assert summary.statuses() == {"agreed": 1, "in_conflict": 1, "waiting": 1}
    assert not summary.conflicts_handed_over
    assert not summary.is_settled

    hand_over(lake)
    summary = lake.evaluations.summary(NAME)
    assert summary
    assert summary.conflicts_handed_over
    lake.votes.add(NAME, [answer(disputed, "anna", 2, label="ben")])  # edited: they agree now
    evaluate(lake)
    judgements = lake.evaluations.current(NAME)
    assert judgements
    assert {j.status for j in judgements.judgements} == {
        ConsensusStatus.AGREED, ConsensusStatus.WAITING,
    }  # fmt: skip


def test_an_evaluation_of_an_older_version_is_followed_by_pages_and_removed(lake: Lake) -> None:
    place(lake, BATCHES[0])
    cast = [answer(i, p, 1) for i in IMAGES[BATCHES[0]] for p in PEOPLE]
    write_older(lake, keys.votes(NAME, "0" * 32), cast)
    former = CampaignState(
        campaign=NAME, campaign_version=1, inboxes={}, judgements=(), rulings="0123",
    )  # fmt: skip
    lake.records.replace(keys.campaign_state(NAME), former)
    assert lake.evaluations.has_former(NAME)
    assert lake.evaluations.current(NAME) == former

    evaluate(lake)
    summary = lake.evaluations.summary(NAME)
    assert summary
    assert (summary.rulings, summary.statuses()) == ("0123", {"agreed": 3})
    assert not lake.evaluations.has_former(NAME)
    conclusion = Conclusion({}, "4567")
    bring_up_to_date(lake, lake.campaigns.named(NAME), conclusion=conclusion)
    summary = lake.evaluations.summary(NAME)
    assert summary
    assert summary.rulings == "4567"


def test_a_damaged_page_is_made_anew_from_the_records(lake: Lake) -> None:
    place(lake, BATCHES[0])
    evaluate(lake)
    good = derived(lake)
    (key, *_) = lake.records.bucket.keys(keys.evaluation_pages(NAME))
    lake.records.bucket.put(key, b"not a page")
    with pytest.raises(LakeError, match=f"farmy campaign evaluate {NAME} --anew"):
        list(lake.evaluations.images(NAME))
    bring_up_to_date(lake, lake.campaigns.named(NAME), anew=True)
    assert derived(lake) == good
