"""Predictions of every kind of region in the real Label Studio: shown to who labels, once."""

from collections.abc import Iterator
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
import pytest

from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.label_studio import Studio, StudioSettings, results
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.predictions import prediction_of
from farmy_assets.simulation.accounts import Account, invite
from farmy_assets.simulation.annotators import SubmittedAnswer, work_inbox
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, campaign
from farmy_assets_tests.annotation.test_all_kinds import examples
from farmy_assets_tests.label_studio.test_studio_on_a_real_server import Platform

pytestmark = pytest.mark.integration

PIA = "pia-of-the-tests@example.com"
RULES = campaign().model_copy(update={"regions": tuple(REGION_KINDS)})
KEYS = ("a", "b", "c")
IDS = {key: f"{n:032x}-{n:012x}" for n, key in enumerate(KEYS)}


@pytest.fixture
def studio(platform: Platform) -> Iterator[Studio]:
    studio = Studio(
        StudioSettings(
            platform.label_studio_url, platform.label_studio_token, platform.cleansed_bucket
        )
    )
    yield studio
    studio.close()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=Phase.ANNOTATION, person="anna")


@pytest.fixture
def project_id(studio: Studio, platform: Platform, inbox: Inbox) -> int:
    project_id = studio.ensure_inbox(
        inbox, owner=PIA, label_config=label_config(RULES, Phase.ANNOTATION),
        instructions=instructions(RULES, Phase.ANNOTATION),
    )  # fmt: skip
    tasks = [
        NewTask(
            task_key=key,
            data={
                "image": f"s3://{platform.cleansed_bucket}/images/{key}.jpg", "asset_key": key,
                "image_id": IDS[key], "width_px": WIDTH_PX, "height_px": HEIGHT_PX,
            },
        )
        for key in KEYS
    ]  # fmt: skip
    studio.add_tasks(project_id, tasks)
    return project_id


@pytest.fixture(scope="module")
def pia(platform: Platform) -> Account:
    passwords = {PIA: "a password for tests"}
    return invite(platform.label_studio_url, platform.label_studio_token, passwords=passwords)[PIA]


def predicted(key: str, model: str) -> dict[str, Any]:
    regions = tuple(
        PredictedRegion(region=region, score=round(0.9 - n / 10, 1))
        for n, region in enumerate(examples().values())
    )
    found = ImagePredictions(image_id=IDS[key], regions=regions)
    return prediction_of(found, model=model, least_score=0, width_px=WIDTH_PX, height_px=HEIGHT_PX)


def offered(platform: Platform, project_id: int, account: Account) -> dict[str, Any]:
    """The next task as a person's page gets it."""
    answer = httpx.get(
        f"{platform.label_studio_url}/api/projects/{project_id}/next",
        headers={"Authorization": f"Token {account.token}"}, timeout=60,
    )  # fmt: skip
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def test_predictions_of_every_kind_are_offered_to_who_labels_and_come_back_as_they_were(
    studio: Studio, platform: Platform, inbox: Inbox, project_id: int, pia: Account
) -> None:
    for _ in range(2):
        wanted = {key: predicted(key, "v1") for key in KEYS}
        assert studio.show_predictions(project_id, wanted, model="v1") == set(KEYS)
    task = offered(platform, project_id, pia)
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "v1"
    assert prediction["score"] == pytest.approx(wanted["a"]["score"])

    accepted = httpx.post(
        f"{platform.label_studio_url}/api/tasks/{task['id']}/annotations/?project={project_id}",
        headers={"Authorization": f"Token {pia.token}"}, timeout=60,
        json={
            "result": prediction["result"], "lead_time": 3.0, "was_cancelled": False,
            "draft_id": 0, "parent_prediction": prediction["id"], "parent_annotation": None,
        },
    )  # fmt: skip
    accepted.raise_for_status()
    answered = [t for t in studio.changed_tasks(project_id, since=None) if t.annotations]
    rules = RULES.model_copy(update={"name": inbox.campaign})
    (vote,) = votes_from_task(answered[0], inbox=inbox, campaign=rules, known=(), reader=results)
    assert not vote.problems
    found = {region.kind: region for region in vote.regions}
    for kind, region in examples().items():
        assert found[kind].label == region.label
        assert found[kind].likeness(region) > 0.95


def test_the_model_that_the_campaign_names_is_shown_and_hidden_again(
    studio: Studio, platform: Platform, project_id: int, pia: Account
) -> None:
    studio.show_predictions(project_id, {"a": predicted("a", "v1")}, model="v1")
    studio.show_predictions(project_id, {"a": predicted("a", "v10")}, model="v10")
    shown = offered(platform, project_id, pia)["predictions"]
    assert [each["model_version"] for each in shown] == ["v10"]
    assert studio.hide_predictions(project_id, ["a"]) == {"a"}
    assert offered(platform, project_id, pia)["predictions"] == []
    assert studio.show_predictions(project_id, {"a": predicted("a", "v1")}, model="v1") == {"a"}
    assert len(offered(platform, project_id, pia)["predictions"]) == 1


def test_open_tasks_come_in_the_order_of_their_scores(
    studio: Studio, platform: Platform, project_id: int, pia: Account
) -> None:
    wanted = {
        key: predicted(key, "v1") | {"score": score}
        for key, score in zip(KEYS, (0.5, 0.9, 0.1), strict=True)
    }
    studio.show_predictions(project_id, wanted, model="v1")
    connection = Connection(platform.label_studio_url, platform.label_studio_token)
    tabs = connection.get("/api/dm/views/", doing="reading tables", project=project_id)
    (tab,) = (tab["id"] for tab in tabs if tab["data"]["title"] == "To do")
    for by_score, expected in ((True, ["c", "a", "b"]), (False, ["a", "b", "c"])):
        for _ in range(2):
            studio.order_open_tasks(project_id, by_score=by_score)
        rows = connection.get("/api/tasks", doing="reading the table", view=tab, page_size=10)
        assert [row["data"]["asset_key"] for row in rows["tasks"]] == expected
    connection.close()
    assert pia.token


def test_an_answered_task_keeps_its_answer_and_gets_no_prediction(
    studio: Studio, platform: Platform, project_id: int, pia: Account
) -> None:
    connection, stop = Connection(platform.label_studio_url, pia.token), Event()

    def answer(_data: object) -> SubmittedAnswer:
        stop.set()
        return SubmittedAnswer((), skipped=False, lead_time_s=1.0)

    assert work_inbox(connection, project_id, email=PIA, answer_for=answer, stop=stop) == 1
    connection.close()
    wanted = {key: predicted(key, "v1") for key in KEYS}
    assert studio.show_predictions(project_id, wanted, model="v1") == {"b", "c"}
