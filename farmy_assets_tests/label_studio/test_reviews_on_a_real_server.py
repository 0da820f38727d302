"""Sending back and reviewing in the real Label Studio: what is shown, and what comes back."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import Decision, DecisionKind, Place
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.errors import StudioError
from farmy_assets.label_studio import Studio, StudioSettings, results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import ALL_VERSIONS, NewTask, correction_task
from farmy_assets.label_studio.review_page import ONE_VERSION
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, assignment, campaign, vote
from farmy_assets_tests.annotation.test_all_kinds import examples
from farmy_assets_tests.label_studio.test_sent_back import SEND_BACK, marked, said
from farmy_assets_tests.label_studio.test_studio_on_a_real_server import Platform

pytestmark = pytest.mark.integration

RULES = campaign().model_copy(
    update={"regions": tuple(REGION_KINDS), "review": ReviewPolicy(rounds=1, share=1.0)}
)
HERE = Place(x_fraction=0.5, y_fraction=0.25, radius_x_fraction=0.1, radius_y_fraction=0.2)


@pytest.fixture
def studio(platform: Platform) -> Iterator[Studio]:
    studio = Studio(
        StudioSettings(
            platform.label_studio_url, platform.label_studio_token, platform.cleansed_bucket
        )
    )
    yield studio
    studio.close()


def opened(studio: Studio, phase: Phase, rules: Campaign = RULES) -> tuple[Inbox, int]:
    inbox = Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=phase, person="anna")
    return inbox, studio.ensure_inbox(
        inbox, label_config=label_config(rules, phase), instructions=instructions(rules, phase)
    )


def call(platform: Platform, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
    answer = httpx.request(
        method,
        f"{platform.label_studio_url}{path}",
        headers={"Authorization": f"Token {platform.label_studio_token}"},
        json=body,
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()


def correction(platform: Platform) -> NewTask:
    """All kinds of regions, sent back with one place."""
    given = assignment("anna").model_copy(
        update={"phase": Phase.CORRECTION, "task_key": "image-1.anna.again1"}
    )
    answer = vote("anna").model_copy(update={"regions": tuple(examples().values())})
    decision = Decision(kind=DecisionKind.SEND_BACK, version="A", reason="edge", places=(HERE,))
    return correction_task(
        given, answer=answer, decision=decision, campaign=RULES, width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        image_uri=f"s3://{platform.cleansed_bucket}/images/x.jpg",
    )  # fmt: skip


def test_what_came_back_is_shown_with_the_own_regions_of_each_kind_and_is_read_again(
    studio: Studio, platform: Platform
) -> None:
    inbox, project_id = opened(studio, Phase.CORRECTION)
    studio.add_tasks(project_id, [correction(platform)])
    studio.show_prediction(project_id, ONE_VERSION)
    shown = call(platform, "GET", f"/api/projects/{project_id}/next")
    assert shown["data"]["reason"] == "edge"
    (prediction,) = shown["predictions"]
    call(
        platform, "POST", f"/api/tasks/{shown['id']}/annotations/",
        {"result": prediction["result"], "lead_time": 2.0},
    )  # fmt: skip
    (task,) = studio.changed_tasks(project_id, since=None)
    rules = RULES.model_copy(update={"name": inbox.campaign})
    (found,) = votes_from_task(task, inbox=inbox, campaign=rules, known=(), reader=results)
    assert found.is_clean
    regions = {region.kind: region for region in found.regions}
    assert regions.keys() == examples().keys()
    for kind, region in examples().items():
        assert regions[kind].likeness(region) > 0.95


def test_the_predictions_to_be_shown_are_selected_and_read_back(
    studio: Studio, platform: Platform
) -> None:
    _, project_id = opened(studio, Phase.CORRECTION)
    other = correction(platform).model_copy(
        update={"task_key": "other", "predictions": ({"model_version": "other", "result": []},)}
    )
    studio.add_tasks(project_id, [other])  # the first that is imported is selected by itself
    studio.add_tasks(project_id, [correction(platform)])
    path = f"/api/projects/{project_id}"
    assert call(platform, "GET", path)["model_version"] == "other"
    studio.show_prediction(project_id, ONE_VERSION)
    assert call(platform, "GET", path)["model_version"] == ONE_VERSION
    call(platform, "PATCH", path, {"show_collab_predictions": False})
    studio.show_prediction(project_id, ONE_VERSION)
    assert call(platform, "GET", path)["show_collab_predictions"] is True
    with pytest.raises(StudioError):
        studio.show_prediction(project_id, ALL_VERSIONS)  # there are none


@pytest.mark.parametrize("phase", [Phase.ADJUDICATION, Phase.REVIEW])
def test_who_decides_sends_back_with_a_reason_and_a_place(
    studio: Studio, platform: Platform, phase: Phase
) -> None:
    inbox, project_id = opened(studio, phase)
    key = "image-1.0123.decide"
    data = correction(platform).data | {
        "asset_key": key, "differences": "", "decisions": [], "regions": [], "notes": "",
    }  # fmt: skip
    studio.add_tasks(project_id, [NewTask(task_key=key, data=data)])
    (task_id,) = studio.task_ids(project_id).values()
    result = [
        entry | {"id": str(n), "to_name": "image"}
        for n, entry in enumerate((SEND_BACK, said(["too large"]), marked()))
    ]
    call(platform, "POST", f"/api/tasks/{task_id}/annotations/", {"result": result})
    (task,) = studio.changed_tasks(project_id, since=None)
    rules = RULES.model_copy(update={"name": inbox.campaign})
    (found,) = votes_from_task(task, inbox=inbox, campaign=rules, known=(), reader=results)
    assert found.is_clean
    assert found.decision is not None
    assert (found.decision.choice, found.decision.reason) == ("send back A", "too large")
    (place,) = found.decision.places
    assert place.x_fraction == pytest.approx(HERE.x_fraction)
