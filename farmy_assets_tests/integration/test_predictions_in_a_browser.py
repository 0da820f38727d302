"""An annotator finds what a model saw drawn in the task, and submits it as it is."""

from uuid import uuid4

import pytest

from farmy_assets.annotation.campaign import ShownModel
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.annotation.predictions.use import Use, uses_of
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.predictions import prediction_of
from farmy_assets.lake import keys
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.annotation.examples import campaign
from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.integration.browser import browser_page, sign_in
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

IMAGE = f"{'0' * 31}7-{'1' * 12}"
WIDTH_PX, HEIGHT_PX = 800, 600
FOUND = ImagePredictions(
    image_id=IMAGE,
    regions=(
        PredictedRegion(
            region=Box(label="weed", x_min=80, y_min=60, x_max=240, y_max=180), score=0.9
        ),
        PredictedRegion(
            region=Box(label="crop", x_min=400, y_min=90, x_max=560, y_max=270), score=0.6
        ),
        PredictedRegion(
            region=Box(label="weed", x_min=600, y_min=400, x_max=700, y_max=500), score=0.1
        ),
    ),
)
SHOWN = ShownModel(model="weeds-v1")


def test_a_prediction_is_drawn_from_the_start_and_accepted_by_submit(
    platform: RunningPlatform, accounts: dict[str, Account]
) -> None:
    lake, studio, anna = platform.lake, platform.studio, accounts["anna"]
    lake.mark_cleansed_bucket()
    lake.cleansed.put(
        keys.cleansed_image(IMAGE), jpeg(120, size=(WIDTH_PX, HEIGHT_PX)), media_type="image/jpeg"
    )
    inbox = Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=Phase.ANNOTATION, person="anna")
    rules = campaign().model_copy(update={"name": inbox.campaign})
    project_id = studio.ensure_inbox(
        inbox, owner=anna.email, label_config=label_config(rules, Phase.ANNOTATION),
        instructions=instructions(rules, Phase.ANNOTATION),
    )  # fmt: skip
    data = {
        "image": f"s3://{lake.cleansed.name}/{keys.cleansed_image(IMAGE)}", "asset_key": IMAGE,
        "image_id": IMAGE, "width_px": WIDTH_PX, "height_px": HEIGHT_PX,
    }  # fmt: skip
    studio.add_tasks(project_id, [NewTask(task_key=IMAGE, data=data)])
    prediction = prediction_of(
        FOUND, model=SHOWN.version, least_score=SHOWN.least_score,
        width_px=WIDTH_PX, height_px=HEIGHT_PX,
    )  # fmt: skip
    studio.show_predictions(project_id, {IMAGE: prediction}, model=SHOWN.version)
    studio.stop_opening_instructions(project_id)

    def answers() -> list[Vote]:
        return [
            vote
            for task in studio.changed_tasks(project_id, since=None)
            for vote in votes_from_task(task, inbox=inbox, campaign=rules, known=(), reader=results)
        ]

    with browser_page() as page:
        sign_in(page, platform.label_studio_url, email=anna.email, password=anna.password)
        page.goto(f"{platform.label_studio_url}/projects/{project_id}/data")
        page.wait_for_load_state("networkidle")
        page.get_by_role("button", name="Label All Tasks").click()
        page.wait_for_selector("canvas")
        page.wait_for_load_state("networkidle")
        outliner = page.locator(".lsf-outliner-item, [class*=outliner-item]")
        outliner.get_by_text("weed").first.wait_for()
        outliner.get_by_text("crop").first.wait_for()
        page.get_by_role("button", name="Submit").first.click()
        (vote,) = platform.wait_until("the answer", answers)
    assert [use.use for use in uses_of(vote, SHOWN, FOUND)] == [Use.ACCEPTED, Use.ACCEPTED]
