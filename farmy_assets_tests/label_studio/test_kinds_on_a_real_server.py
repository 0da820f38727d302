"""Every kind of region and of question, in the real Label Studio: config accepted, answers back."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.question_answers import answers_of
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions import REGION_KINDS
from farmy_assets.label_studio import Studio, StudioSettings, results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.question_forms import results_of
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX
from farmy_assets_tests.annotation.questions import asking, with_answers
from farmy_assets_tests.annotation.test_all_kinds import examples
from farmy_assets_tests.label_studio.test_studio_on_a_real_server import Platform

pytestmark = pytest.mark.integration

RULES = asking(regions=tuple(REGION_KINDS))
KINDS = {choice.name: "choice" for choice in RULES.choices} | {
    attribute.name: attribute.kind for attribute in RULES.attributes
}
SAID = answers_of({"stage": "young", "damage": ("holes", "rust"), "leaves": 7, "remark": "näh"})
CHOICES = answers_of({"quality": "bad", "pests": ("aphid", "thrips")})


@pytest.fixture
def studio(platform: Platform) -> Iterator[Studio]:
    studio = Studio(
        StudioSettings(
            platform.label_studio_url, platform.label_studio_token, platform.cleansed_bucket
        )
    )
    yield studio
    studio.close()


@pytest.mark.parametrize("phase", [Phase.ANNOTATION, Phase.ADJUDICATION])
def test_a_campaign_of_all_kinds_gets_its_inbox_and_answers_of_each_kind_come_back(
    studio: Studio, platform: Platform, phase: Phase
) -> None:
    inbox = Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=phase, person="anna")
    project_id = studio.ensure_inbox(
        inbox, label_config=label_config(RULES, phase), instructions=instructions(RULES, phase)
    )
    data = {
        "image": f"s3://{platform.cleansed_bucket}/images/x.jpg", "asset_key": "x", "image_id": "x",
        "width_px": WIDTH_PX, "height_px": HEIGHT_PX,
        "differences": "", "decisions": [], "regions": [],
    }  # fmt: skip
    studio.add_tasks(project_id, [NewTask(task_key="x", data=data)])
    (task_id,) = studio.task_ids(project_id).values()
    drawn = [
        region_to_result(region, region_id=kind, width_px=WIDTH_PX, height_px=HEIGHT_PX)
        for kind, region in examples().items()
    ]
    said = [entry for region in drawn for entry in results_of(SAID, KINDS, of=region)]
    said += results_of(CHOICES, KINDS)
    decided = results_of(answers_of({"decision": "draw everything"}), {"decision": "choice"})
    answer = httpx.post(
        f"{platform.label_studio_url}/api/tasks/{task_id}/annotations/",
        headers={"Authorization": f"Token {platform.label_studio_token}"},
        json={
            "result": [*drawn, *said, *(decided if phase is Phase.ADJUDICATION else [])],
            "lead_time": 3.0,
        },
        timeout=60,
    )
    answer.raise_for_status()

    (task,) = studio.changed_tasks(project_id, since=None)
    rules = RULES.model_copy(update={"name": inbox.campaign})
    (vote,) = votes_from_task(task, inbox=inbox, campaign=rules, known=(), reader=results)
    assert not vote.problems
    found = {region.kind: region for region in vote.regions}
    for kind, region in examples().items():
        assert found[kind].label == region.label
        assert found[kind].bounds_px == pytest.approx(region.bounds_px, abs=1)
        assert found[kind].likeness(with_answers(region)) > 0.95
        assert found[kind].attributes == SAID
    assert vote.choices == CHOICES
    assert vote.region_ids == tuple(examples())
