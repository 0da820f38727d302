"""Votes that are edited or deleted after they were copied, and conflicts that wait for a word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.integration.evidence import (
    SeenTask,
    assert_no_vote_is_lost,
    label_studio,
    tasks_seen,
)
from farmy_assets_tests.integration.people import (
    FAULTLESS,
    answers,
    inbox_of,
    open_campaign,
    two_plants,
    work_once,
)
from farmy_assets_tests.integration.photographs import write_photographs
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "changed-votes"


@dataclass(frozen=True)
class Dispute:
    """A campaign of four images, two votes on each; on the first of them they disagree."""

    platform: RunningPlatform
    accounts: Mapping[str, Account]
    campaign: Campaign
    image_ids: tuple[str, ...]

    def judgement(self, image_id: str) -> ImageConsensus:
        state = self.platform.lake.evaluations.current(NAME)
        assert state is not None
        (found,) = [j for j in state.judgements if j.image_id == image_id]
        return found

    def wait_for(self, image_id: str, standing: ConsensusStatus) -> None:
        self.platform.wait_until(
            f"image {image_id} to be {standing}",
            lambda: self.judgement(image_id).status is standing,
        )

    def votes(self, image_id: str, person: str) -> list[Vote]:
        """The oldest first."""
        found = [
            vote
            for vote in self.platform.lake.votes.all(NAME)
            if (vote.image_id, vote.person) == (image_id, person)
        ]
        return sorted(found, key=lambda vote: vote.submitted_at)

    def task(self, image_id: str, person: str) -> SeenTask:
        inbox = inbox_of(self.campaign, person).key
        (found,) = [
            task
            for task in tasks_seen(self.platform, NAME)
            if task.inbox == inbox and task.data["image_id"] == image_id
        ]
        return found

    def work(self, person: str) -> int:
        """Somebody answers everything open, without a fault."""
        answer_for = answers(person, two_plants, FAULTLESS)
        inbox = inbox_of(self.campaign, person)
        return work_once(self.platform, self.accounts[person], inbox, answer_for)


@pytest.fixture(scope="module")
def dispute(
    platform: RunningPlatform,
    accounts: dict[str, Account],
    tmp_path_factory: pytest.TempPathFactory,
) -> Dispute:
    folder = tmp_path_factory.mktemp(NAME)
    write_photographs(folder, of=NAME, count=4)
    campaign = open_campaign(platform, NAME, overlap=1, annotators=("anna", "ben"))
    platform.ingest(NAME, folder)
    platform.wait_for_tasks(NAME, images=4)
    image_ids = tuple(sorted(image.image_id for image in platform.phases(NAME)))
    disputed = Dispute(platform, accounts, campaign, image_ids)

    def without_the_weed(data: Mapping[str, Any]) -> tuple[Box, ...]:
        boxes = two_plants(data)
        return boxes[:1] if data["image_id"] == image_ids[0] else boxes

    assert disputed.work("anna") == 4
    overlooking = answers("ben", without_the_weed, FAULTLESS)
    assert work_once(platform, accounts["ben"], inbox_of(campaign, "ben"), overlooking) == 4
    expected = {ConsensusStatus.IN_CONFLICT.value: 1, ConsensusStatus.AGREED.value: 3}

    def judged() -> bool:
        state = platform.lake.evaluations.current(NAME)
        return state is not None and state.statuses() == expected

    platform.wait_until("one conflict and three agreements", judged)
    return disputed


def test_an_edited_annotation_becomes_a_new_vote_beside_the_old_one(dispute: Dispute) -> None:
    image_id = dispute.image_ids[1]
    (before,) = dispute.votes(image_id, "anna")
    (annotation,) = dispute.task(image_id, "anna").annotations
    region = annotation["result"][0]
    region["value"]["width"] += 1
    with label_studio(dispute.platform, dispute.accounts["anna"].token) as client:
        client.patch(
            f"/api/annotations/{annotation['id']}/", json={"result": annotation["result"]}
        ).raise_for_status()
    dispute.platform.wait_until("anna's second vote", lambda: dispute.votes(image_id, "anna")[1:])
    first, second = dispute.votes(image_id, "anna")
    assert first == before
    assert second.outcome is Outcome.SUBMITTED
    wider = 0.01 * dispute.task(image_id, "anna").data["width_px"]
    old, new = (_right_of_crop(vote) for vote in (first, second))
    assert new - old == pytest.approx(wider)
    dispute.platform.wait_until(
        "a judgement of the new vote",
        lambda: second.vote_id in dispute.judgement(image_id).vote_ids,
    )
    assert dispute.judgement(image_id).status is ConsensusStatus.AGREED
    assert first.vote_id not in dispute.judgement(image_id).vote_ids
    assert_no_vote_is_lost(dispute.platform, NAME)


def test_a_deleted_annotation_becomes_a_withdrawn_vote_and_its_image_waits_again(
    dispute: Dispute,
) -> None:
    image_id = dispute.image_ids[2]
    (annotation,) = dispute.task(image_id, "ben").annotations
    with label_studio(dispute.platform, dispute.accounts["ben"].token) as client:
        client.delete(f"/api/annotations/{annotation['id']}/").raise_for_status()
    dispute.wait_for(image_id, ConsensusStatus.WAITING)
    outcomes = [vote.outcome for vote in dispute.votes(image_id, "ben")]
    assert outcomes == [Outcome.SUBMITTED, Outcome.WITHDRAWN]
    assert_no_vote_is_lost(dispute.platform, NAME)
    assert dispute.work("ben") == 1
    dispute.wait_for(image_id, ConsensusStatus.AGREED)


def test_an_open_conflict_keeps_the_version_from_being_released(dispute: Dispute) -> None:
    platform, image_id = dispute.platform, dispute.image_ids[0]
    assert dispute.judgement(image_id).status is ConsensusStatus.IN_CONFLICT
    run = platform.wait_for_run(platform.materialize("dataset_version", NAME))
    assert not run.is_success
    told = platform.failure(run.run_id)
    assert f"{NAME} is not released: 1 image has an open conflict ({image_id})" in told
    assert platform.lake.datasets.newest(NAME) is None


def test_the_adjudicators_decision_closes_the_conflict_and_lets_the_version_out(
    dispute: Dispute,
) -> None:
    platform, image_id = dispute.platform, dispute.image_ids[0]
    inbox = inbox_of(dispute.campaign, "dora").key
    platform.wait_until(
        "dora's task", lambda: [t for t in tasks_seen(platform, NAME) if t.inbox == inbox]
    )
    assert "weed" in dispute.task(image_id, "dora").data["differences"]
    assert dispute.work("dora") == 1
    version = platform.wait_until("the release", lambda: platform.lake.datasets.newest(NAME))
    (image,) = [image for image in version.images if image.image_id == image_id]
    assert image.settled_by == "adjudicated"
    assert sorted(box.label for box in image.regions) == ["crop", "weed"]
    assert {i.image_id for i in version.images} == set(dispute.image_ids)
    (decision,) = dispute.votes(image_id, "dora")
    assert decision.vote_id in image.vote_ids


def _right_of_crop(vote: Vote) -> float:
    return max(r.bounds_px[2] for r in vote.regions if r.label == "crop")
