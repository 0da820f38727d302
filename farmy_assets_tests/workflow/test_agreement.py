"""The agreement of a campaign follows from its evaluation, and reads only what changed."""

from collections.abc import Sequence

import pytest

from farmy_assets.annotation import evaluation as pages_of
from farmy_assets.annotation.agreement.image_agreement import image_agreement
from farmy_assets.annotation.campaign import Campaign, ConsensusPolicy
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import agreement
from farmy_assets.workflow.agreement import update_agreement, update_skills
from farmy_assets.workflow.consensus_replay import replay_consensus
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets_tests.annotation.examples import campaign, person
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.test_evaluation import BATCHES, EVERY_IMAGE, NAME, answer, place

ALL = ("anna", "ben", "dan")


@pytest.fixture(autouse=True)
def few_images_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_of, "IMAGES_A_PAGE", 1)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)


@pytest.fixture
def lake() -> Lake:
    found = lake_in_memory(BucketInMemory())
    open_campaign(found)
    for batch_id in BATCHES:
        place(found, batch_id, people=ALL)
    return found


def open_campaign(lake: Lake, policy: ConsensusPolicy | None = None) -> Campaign:
    annotators = tuple(person(name) for name in ALL)
    rules = campaign().model_copy(update={"annotators": annotators, "consensus": policy})
    return lake.campaigns.apply(rules)


def answered(lake: Lake, image_ids: Sequence[str], labels: Sequence[str], *, at: int = 1) -> None:
    """Everybody answers, in the order of `ALL`."""
    votes = [
        answer(image_id, name, at, label=label)
        for image_id in image_ids
        for name, label in zip(ALL, labels, strict=True)
    ]
    lake.votes.add(NAME, votes)
    bring_up_to_date(lake, lake.campaigns.named(NAME))


def test_the_agreement_of_all_of_a_person_and_of_a_version_follows_from_the_votes(
    lake: Lake,
) -> None:
    answered(lake, EVERY_IMAGE[:4], ("weed", "weed", "weed"))
    answered(lake, EVERY_IMAGE[4:7], ("crop", "crop", "weed"))
    found = update_agreement(lake, lake.campaigns.named(NAME))
    assert found == lake.agreements.figures(NAME)
    assert found.images == 7
    assert found.regions.alpha.value is not None
    assert 0 < found.regions.alpha.value < 1
    assert found.regions.without["dan"] == 1
    assert [pair.people for pair in found.regions.pairs] == [
        ("anna", "ben"), ("anna", "dan"), ("ben", "dan"),
    ]  # fmt: skip
    assert found.people["dan"].with_majority == pytest.approx(4 / 7)
    assert found.versions["1"].images == 7
    assert found.conflicts == {"open": 3}
    assert found.by_kind == {"other_class": 3}
    assert {image.image_id for image in found.hardest} == set(EVERY_IMAGE[4:7])


def test_only_images_with_something_new_are_computed_and_the_figures_are_those_of_all(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    plain = image_agreement

    def noted(image: pages_of.EvaluatedImage, *rest: object) -> object:
        computed.append(image.image_id)
        return plain(image, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(agreement, "image_agreement", noted)
    rules = lake.campaigns.named(NAME)
    answered(lake, EVERY_IMAGE, ("weed", "weed", "crop"))
    first = update_agreement(lake, rules)
    assert sorted(computed) == sorted(EVERY_IMAGE)
    computed.clear()
    assert update_agreement(lake, rules) == first
    assert computed == []
    lake.votes.add(NAME, [answer(EVERY_IMAGE[0], "dan", 5, label="weed")])
    bring_up_to_date(lake, rules)
    found = update_agreement(lake, rules)
    assert computed == [EVERY_IMAGE[0]]
    assert found.settled == {"other_answer": 1}
    lake.records.bucket.delete(keys.agreement_inputs(NAME))
    assert update_agreement(lake, rules) == found
    assert sorted(computed[1:]) == sorted(EVERY_IMAGE)


def test_a_page_that_a_killed_run_left_behind_is_made_up_for(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = lake.campaigns.named(NAME)
    answered(lake, EVERY_IMAGE, ("weed", "weed", "crop"))
    put = type(lake.agreements).put_page
    left = iter(range(3))

    def killed(*arguments: object) -> None:
        next(left)  # StopIteration is the end of the process
        put(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(type(lake.agreements), "put_page", killed)
        with pytest.raises(StopIteration):
            update_agreement(lake, rules)
    assert update_agreement(lake, rules).images == len(EVERY_IMAGE)
    lake.votes.add(NAME, [answer(EVERY_IMAGE[0], "dan", 5, label="weed")])
    bring_up_to_date(lake, rules)
    with monkeypatch.context() as patched:
        patched.setattr(type(lake.agreements), "write_figures", lambda *_: next(iter(())))
        with pytest.raises(StopIteration):
            update_agreement(lake, rules)
    assert update_agreement(lake, rules).settled == {"other_answer": 1}


def test_skills_are_found_once_the_votes_have_grown_and_every_image_is_judged_by_them(
    lake: Lake,
) -> None:
    policy = ConsensusPolicy(quorum=2, classes="dawid_skene")
    rules = open_campaign(lake, policy)
    answered(lake, EVERY_IMAGE[:4], ("crop", "crop", "crop"))
    answered(lake, EVERY_IMAGE[4:8], ("weed", "weed", "crop"))
    assert update_skills(lake, rules)
    inputs = lake.evaluations.inputs(NAME)[0]
    assert inputs is not None
    assert inputs.skills == lake.agreements.skills(NAME)[1]
    assert not update_skills(lake, rules)
    images = lake.evaluations.of_images(NAME, EVERY_IMAGE[4:8]).values()
    assert {image.consensus.status for image in images if image.consensus} == {
        ConsensusStatus.AGREED
    }
    anew = bring_up_to_date(lake, rules, anew=True)
    assert anew.counts == inputs.counts
    assert not update_skills(lake, open_campaign(lake))


def test_another_quorum_is_tried_on_the_same_votes_and_nothing_is_stored(lake: Lake) -> None:
    rules = open_campaign(lake, ConsensusPolicy(quorum=2))
    answered(lake, EVERY_IMAGE[:4], ("weed", "weed", "weed"))
    answered(lake, EVERY_IMAGE[4:7], ("crop", "crop", "weed"))
    before = {item.key: item.etag for item in lake.records.bucket.listing("")}
    stricter = rules.model_copy(update={"consensus": ConsensusPolicy(quorum=3)})
    found = replay_consensus(lake, stricter)
    assert (found.present.settled, found.tried.settled) == (7, 4)
    assert (found.present.outvoted, found.tried.conflicts) == (
        {"other_class": 3}, {"other_class": 3},
    )  # fmt: skip
    assert (found.present.regions, found.tried.regions) == ({"crop": 3, "weed": 4}, {"weed": 4})
    assert (found.changed, set(found.examples)) == (3, set(EVERY_IMAGE[4:7]))
    weighed = rules.model_copy(update={"consensus": ConsensusPolicy(classes="skill_weighted")})
    assert replay_consensus(lake, weighed).tried.settled == 7
    assert {item.key: item.etag for item in lake.records.bucket.listing("")} == before


def test_a_campaign_without_votes_cannot_be_replayed() -> None:
    lake = lake_in_memory(BucketInMemory())
    with pytest.raises(InvalidInputError, match=r"nothing of .* was judged yet"):
        replay_consensus(lake, open_campaign(lake))
