"""A question about a flagged photograph in the real Label Studio: every change of mind is read."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.triage import TriageQuestion, rulings_from_task
from farmy_assets.cleansing.rulings import Answer, TriageDecision
from farmy_assets.cleansing.verdicts import CheckResult, Verdict
from farmy_assets.label_studio import Studio, StudioSettings, results
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import triage_task
from farmy_assets_tests.annotation.examples import campaign
from farmy_assets_tests.label_studio.test_studio_on_a_real_server import Platform

pytestmark = pytest.mark.integration

FAILED = (CheckResult(check="dark", value=0.12, threshold=0.32, verdict=Verdict.FAIL),)


@pytest.fixture
def studio(platform: Platform) -> Iterator[Studio]:
    settings = StudioSettings(
        platform.label_studio_url, platform.label_studio_token, platform.cleansed_bucket
    )
    studio = Studio(settings)
    yield studio
    studio.close()


def chosen(word: str) -> dict[str, Any]:
    """The body that the browser sends for one choice."""
    value = {"choices": [word]}
    result = {
        "id": "c1", "from_name": "usable", "to_name": "image", "type": "choices", "value": value,
        "origin": "manual",
    }  # fmt: skip
    return {"result": [result], "was_cancelled": False, "lead_time": 2.0}


def test_a_yes_an_edit_to_no_and_a_deletion_are_rulings_each_once(
    studio: Studio, platform: Platform
) -> None:
    inbox = Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=Phase.TRIAGE, person="cara")
    project_id = studio.ensure_inbox(
        inbox,
        label_config=label_config(campaign(), Phase.TRIAGE),
        instructions=instructions(campaign(), Phase.TRIAGE),
    )
    given = Assignment(
        campaign=inbox.campaign, phase=Phase.TRIAGE, image_id="image-1", person="cara",
        task_key="image-1", batch_id="b",
    )  # fmt: skip
    uri = f"s3://{platform.cleansed_bucket}/images/image-1.jpg"
    task = triage_task(
        TriageQuestion(assignment=given, failed=FAILED), image_uri=uri, width_px=8, height_px=6
    )
    assert [studio.add_tasks(project_id, [task]) for _ in range(2)] == [1, 0]
    task_id = studio.task_ids(project_id)["image-1"]
    connection = Connection(platform.label_studio_url, platform.label_studio_token)
    platforms_own = {a.email for a in studio.people.accounts() if a.role is None}
    known: list[TriageDecision] = []

    def news() -> list[Answer]:
        (found,) = studio.changed_tasks(project_id, since=None)
        new = rulings_from_task(
            found, inbox=inbox, by=platforms_own, reasons=["dark"], known=known, reader=results
        )
        known.extend(new)
        return [ruling.word for ruling in new]

    assert news() == []
    path = f"/api/tasks/{task_id}/annotations?project={project_id}"
    annotation = connection.post(path, chosen("yes"), doing="answering")
    assert [news(), news()] == [[Answer.YES], []]
    with connection.sdk("changing the answer") as sdk:
        sdk.annotations.update(id=annotation["id"], result=chosen("no")["result"])
    assert [news(), news()] == [[Answer.NO], []]
    with connection.sdk("deleting the answer") as sdk:
        sdk.annotations.delete(id=annotation["id"])
    assert [news(), news()] == [[Answer.WITHDRAWN], []]
    connection.close()
