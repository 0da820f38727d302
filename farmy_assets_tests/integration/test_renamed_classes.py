"""A class is renamed while somebody works: what was drawn before stays, in a real browser."""

from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from farmy_assets.annotation.campaign import LabelClass
from farmy_assets.annotation.class_history import ClassHistory, with_history
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import annotation_task
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, assignment, campaign, person
from farmy_assets_tests.integration.browser import DRAWN_MS, browser_page, open_task, sign_in
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SUBMIT = "[data-testid=bottombar-submit-button]"
UPDATE = "[data-testid=bottombar-update-button]"


def test_an_answer_that_is_opened_again_after_its_class_was_renamed_keeps_all_it_had(
    platform: RunningPlatform, accounts: dict[str, Account]
) -> None:
    inbox = Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=Phase.ANNOTATION, person="anna")
    before = campaign(annotators=[person("anna"), person("ben")]).model_copy(
        update={"name": inbox.campaign}
    )
    classes = (LabelClass(id=2, name="grass"), LabelClass(id=1, name="crop"))
    after = with_history(before, before.model_copy(update={"classes": classes, "version": 2}))
    anna, studio = accounts["anna"], platform.studio

    def opened(rules: object) -> int:
        assert isinstance(rules, type(before))
        return studio.ensure_inbox(
            inbox, owner=anna.email, label_config=label_config(rules, Phase.ANNOTATION),
            instructions=instructions(rules, Phase.ANNOTATION),
        )  # fmt: skip

    def answers() -> list[Vote]:
        return [
            vote
            for task in studio.changed_tasks(project_id, since=None)
            for vote in votes_from_task(
                task, inbox=inbox, campaign=after, known=(), reader=results,
                own_addresses=(anna.email,),
            )
        ]  # fmt: skip

    project_id = opened(before)
    studio.stop_opening_instructions(project_id)
    picture = BytesIO()
    Image.effect_noise((WIDTH_PX, HEIGHT_PX), 60).convert("RGB").save(picture, "JPEG")
    cleansed, key = platform.lake.cleansed, f"images/{inbox.campaign}.jpg"
    cleansed.client.put_object(Bucket=cleansed.name, Key=key, Body=picture.getvalue())
    task = annotation_task(
        assignment("anna"), image_uri=f"s3://{cleansed.name}/{key}",
        width_px=WIDTH_PX, height_px=HEIGHT_PX,
    )  # fmt: skip
    assert studio.add_tasks(project_id, [task]) == 1
    (task_id,) = studio.task_ids(project_id).values()
    with browser_page() as page:
        sign_in(page, platform.label_studio_url, email=anna.email, password=anna.password)
        for label_key, left, button in (("2", 0.1, SUBMIT), ("1", 0.6, UPDATE)):
            image = open_task(
                page, platform.label_studio_url, project_id=project_id, task_id=task_id
            )
            if button == UPDATE:  # the former name is shown with its region
                named = page.get_by_text("weed", exact=True).locator("visible=true")
                named.first.wait_for()
            page.keyboard.press(label_key)
            x, y = image.x + left * image.shown_width, image.y + 0.2 * image.shown_height
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 0.2 * image.shown_width, y + 60, steps=5)
            page.mouse.up()
            page.wait_for_timeout(DRAWN_MS)  # nothing on the page tells when the box is taken
            with page.expect_response(lambda answer: "/annotations" in answer.url and answer.ok):
                page.locator(button).click()
            assert opened(after) == project_id
    (vote,) = platform.wait_until(
        "the second answer", lambda: [vote for vote in answers() if len(vote.regions) > 1]
    )
    assert vote.is_clean
    assert sorted(region.label for region in vote.regions) == ["grass", "weed"]
    present = ClassHistory(after).present(vote)
    assert [region.label for region in present.regions] == ["grass", "grass"]
