"""What the comparison and the putting back rely on, on the real Label Studio."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event
from uuid import uuid4

import pytest

from farmy_assets.annotation.answers import AnsweredTask
from farmy_assets.annotation.inbox_drift import PresentProject
from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.projects import wanted_settings
from farmy_assets.label_studio.restoring import PutBackAnswer
from farmy_assets.simulation.accounts import Account, invite
from farmy_assets.simulation.annotators import work_inbox
from farmy_assets_tests.label_studio.test_studio_on_a_real_server import (
    CONFIG,
    Platform,
    answer,
    new,
)

pytestmark = pytest.mark.integration

EVA = "eva-of-the-repair@example.com"
WORDING = "Draw."


@pytest.fixture
def studio(platform: Platform) -> Iterator[Studio]:
    made = Studio(
        StudioSettings(
            platform.label_studio_url, platform.label_studio_token, platform.cleansed_bucket
        )
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def eva(platform: Platform) -> Account:
    passwords = {EVA: "a password for tests"}
    return invite(platform.label_studio_url, platform.label_studio_token, passwords=passwords)[EVA]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(campaign=f"r-{uuid4().hex[:10]}", phase=Phase.ANNOTATION, person="eva")


@pytest.fixture
def project_id(studio: Studio, inbox: Inbox, platform: Platform) -> int:
    made = studio.ensure_inbox(inbox, owner=EVA, label_config=CONFIG, instructions=WORDING)
    studio.add_tasks(made, new(platform.cleansed_bucket, 0, 2, 3))
    return made


def work(platform: Platform, account: Account, project_id: int) -> None:
    connection = Connection(platform.label_studio_url, account.token)
    work_inbox(connection, project_id, email=EVA, answer_for=answer, stop=Event())
    connection.close()


def read(studio: Studio, project_id: int) -> dict[str, AnsweredTask]:
    return {task.task_key: task for task in studio.changed_tasks(project_id, since=None)}


def test_a_task_tells_who_changed_it_last_and_when_it_was_made(
    studio: Studio, project_id: int, platform: Platform, eva: Account
) -> None:
    untouched = read(studio, project_id)
    assert {task.changed_by for task in untouched.values()} == {""}
    made = {key: task.created_at for key, task in untouched.items()}
    assert all(at and abs((datetime.now(UTC) - at).total_seconds()) < 600 for at in made.values())

    work(platform, eva, project_id)
    answered = read(studio, project_id)
    assert {task.changed_by for task in answered.values()} == {EVA}
    assert {key: task.created_at for key, task in answered.items()} == made

    theirs = Connection(platform.label_studio_url, eva.token)
    ours = Connection(platform.label_studio_url, platform.label_studio_token)
    with theirs.sdk("deleting") as sdk:
        sdk.annotations.delete(id=answered["image-0"].annotations[0].annotation_id)
    with ours.sdk("deleting") as sdk:
        sdk.annotations.delete(id=answered["image-2"].annotations[0].annotation_id)
    theirs.close()
    ours.close()
    after = read(studio, project_id)
    assert after["image-0"].changed_by == EVA
    assert after["image-2"].changed_by not in {EVA, "", None}
    assert studio.clock is not None
    assert abs((studio.clock.there - studio.clock.here).total_seconds()) < 5


def test_an_answer_is_put_back_once_under_its_authors_name(
    studio: Studio, project_id: int, platform: Platform, eva: Account
) -> None:
    work(platform, eva, project_id)
    before = read(studio, project_id)["image-0"].annotations[0]
    theirs = Connection(platform.label_studio_url, eva.token)
    with theirs.sdk("deleting") as sdk:
        sdk.annotations.delete(id=before.annotation_id)
    task_id = studio.find_task_ids(project_id, ["image-0"])["image-0"]
    given = PutBackAnswer(EVA, before.result, is_skipped=False, lead_time_s=before.lead_time_s)
    assert not studio.has_answer(task_id, EVA)
    assert studio.put_answer(task_id, given)
    assert not studio.put_answer(task_id, given)
    (again,) = read(studio, project_id)["image-0"].annotations
    assert (again.email, again.result, again.lead_time_s) == (
        EVA, before.result, before.lead_time_s,
    )  # fmt: skip
    assert not again.ground_truth
    assert again.created_at > before.created_at
    assert studio.progress([project_id])[project_id].finished == 3
    with theirs.sdk("changing what was put back") as sdk:
        sdk.annotations.update(id=again.annotation_id, result=[])  # it is eva's again
    theirs.close()


def test_projects_and_tasks_are_listed_as_they_are_and_put_right(
    studio: Studio, inbox: Inbox, project_id: int, platform: Platform, eva: Account
) -> None:
    work(platform, eva, project_id)

    def listed() -> PresentProject:
        (found,) = [p for p in studio.inventory.projects() if p.project_id == project_id]
        return found

    settings = wanted_settings(CONFIG, WORDING, inbox.phase)
    assert listed() == PresentProject(project_id, inbox.key, EVA, inbox.title, settings)
    tasks = {task.key: task for task in studio.inventory.tasks(project_id)}
    assert set(tasks) == {"image-0", "image-2", "image-3"}
    assert all(task.is_answered for task in tasks.values())
    image = f"s3://{platform.cleansed_bucket}/images/image-0.jpg"
    assert tasks["image-0"].data["image"] == image

    connection = Connection(platform.label_studio_url, platform.label_studio_token)
    with connection.sdk("altering") as sdk:
        sdk.tasks.update(id=str(tasks["image-0"].task_id), data={"image": "s3://x/y", "note": "n"})
        sdk.projects.update(id=project_id, title="another", description="no key")
    connection.close()
    inventory = studio.inventory
    inventory.put_data(tasks["image-0"].task_id, {"image": image, "asset_key": "image-0"})
    inventory.put_key(project_id, inbox.key, owner=EVA)
    inventory.rename(project_id, inbox.title)
    assert listed() == PresentProject(project_id, inbox.key, EVA, inbox.title, settings)
    (mended,) = [t for t in studio.inventory.tasks(project_id) if t.key == "image-0"]
    assert mended.data["image"] == image
    assert mended.data["note"] == "n"
