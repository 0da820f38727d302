"""What can be seen from outside: Label Studio's own export, and proofs that nothing was lost.

Read past the product's own doors where that is possible, so that an error in them shows.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from farmy_assets.annotation.inboxes import DRAWING, Phase, phase_of
from farmy_assets.annotation.votes import Outcome, Vote, current_votes
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.label_studio.controls import CANNOT_LABEL
from farmy_assets.label_studio.gate.farmy_gate.inbox_keys import key_of
from farmy_assets_tests.integration.running import RunningPlatform

UNDER_WAY = {ImagePhase.UNCATALOGUED, ImagePhase.WAITING, ImagePhase.SEALED, ImagePhase.CLEANSED}

Told = tuple[str, str, str, bool, tuple[tuple[object, ...], ...]]
"""One answer: inbox, task key, author, whether skipped, and the boxes in whole pixels."""


@dataclass(frozen=True)
class SeenTask:
    """One task as Label Studio exports it."""

    inbox: str
    project_id: int
    task_id: int
    data: dict[str, Any]
    annotations: tuple[dict[str, Any], ...]

    @property
    def key(self) -> str:
        """The platform's own name for the task."""
        return str(self.data["asset_key"])


def label_studio(platform: RunningPlatform, token: str = "") -> httpx.Client:
    """A client of Label Studio, the administrator's unless somebody's token is given."""
    used = token or platform.label_studio_token
    return httpx.Client(
        base_url=platform.label_studio_url,
        headers={"Authorization": f"Token {used}"},
        timeout=60,
        trust_env=False,
    )


def tasks_seen(
    platform: RunningPlatform, campaign: str, *, phases: Collection[Phase] = tuple(Phase)
) -> list[SeenTask]:
    """All tasks of a campaign in these phases, from Label Studio's export."""
    with label_studio(platform) as client:
        answer = client.get("/api/projects/", params={"page_size": 100}).raise_for_status().json()
        assert answer["next"] is None, "more than 100 projects: read the other pages too"
        return [
            task
            for project in answer["results"]
            if key_of(project["description"]).startswith(f"farmy:{campaign}/")
            and phase_of(key_of(project["description"])) in phases
            for task in _exported(client, project)
        ]


def _exported(client: httpx.Client, project: dict[str, Any]) -> Iterator[SeenTask]:
    answer = client.get(
        f"/api/projects/{project['id']}/export",
        params={"exportType": "JSON", "download_all_tasks": "true"},
    )
    for task in answer.raise_for_status().json():
        yield SeenTask(
            inbox=key_of(project["description"]),
            project_id=project["id"],
            task_id=task["id"],
            data=task["data"],
            annotations=tuple(task["annotations"]),
        )


def answers_in_label_studio(platform: RunningPlatform, campaign: str) -> Counter[Told]:
    """Every annotation of a campaign that is a vote."""
    with label_studio(platform) as client:
        users = client.get("/api/users/").raise_for_status().json()
    emails = {user["id"]: user["email"] for user in users}
    return Counter(
        (
            task.inbox,
            task.key,
            emails[annotation["completed_by"]],
            annotation["was_cancelled"]
            or any(each["from_name"] == CANNOT_LABEL for each in annotation["result"]),
            # An adjudicator's choice, and the versions that were shown, are no boxes.
            tuple(
                sorted(
                    _region(region)
                    for region in annotation["result"]
                    if region["type"] == "rectanglelabels"
                )
            ),
        )
        for task in tasks_seen(platform, campaign, phases=DRAWING)
        for annotation in task.annotations
    )


def _region(region: dict[str, Any]) -> tuple[object, ...]:
    value = region["value"]
    across, down = region["original_width"] / 100, region["original_height"] / 100
    left, top = value["x"] * across, value["y"] * down
    right, bottom = left + value["width"] * across, top + value["height"] * down
    (label,) = value["rectanglelabels"]
    return label, round(left), round(top), round(right), round(bottom)


def answers_in_the_lake(platform: RunningPlatform, campaign: str) -> Counter[Told]:
    """Every vote of a campaign that counts, in the same form."""
    return Counter(_told(vote) for vote in current_votes(platform.lake.votes.all(campaign)))


def _told(vote: Vote) -> Told:
    boxes = sorted((region.label, *map(round, region.bounds_px)) for region in vote.regions)
    inbox = f"farmy:{vote.campaign}/{vote.phase.value}/{vote.inbox_person}"
    return inbox, vote.task_key, vote.email, vote.outcome is Outcome.SKIPPED, tuple(boxes)


def assert_every_image_is_accounted_for(
    platform: RunningPlatform, campaign: str, image_ids: Collection[str]
) -> None:
    """Each image is in one batch, in one place of one manifest, and in one phase."""
    lake = platform.lake
    sealed = Counter(i for b in lake.batches.all() if b.campaign == campaign for i in b.image_ids)
    assert sealed == Counter(image_ids)
    sets = lake.cleansed_sets.all(campaign)
    placed = Counter(
        [image.image_id for s in sets for image in s.kept]
        + [image.image_id for s in sets for image in s.excluded]
    )
    assert placed == Counter(image_ids)
    standing = platform.phases(campaign)
    assert Counter(image.image_id for image in standing) == Counter(image_ids)
    assert not [image for image in standing if image.phase in UNDER_WAY]


def assert_no_task_is_there_twice(platform: RunningPlatform, campaign: str) -> None:
    """Label Studio holds exactly the recorded assignments, each task once."""
    assignments = platform.lake.assignments
    given = (
        *assignments.all(campaign),
        *assignments.adjudication(campaign).assignments,
        *(question.assignment for question in platform.lake.triage.questions(campaign)),
    )
    assert given
    expected = Counter((assignment.inbox.key, assignment.task_key) for assignment in given)
    assert set(expected.values()) == {1}
    assert Counter((t.inbox, t.key) for t in tasks_seen(platform, campaign)) == expected


def assert_no_vote_is_lost(platform: RunningPlatform, campaign: str) -> None:
    """What counts in the lake is what Label Studio holds, answer by answer."""
    seen = answers_in_label_studio(platform, campaign)
    assert seen
    assert answers_in_the_lake(platform, campaign) == seen
