"""Questions in a real browser: an annotator answers them, an adjudicator decides what is true."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, judge_image
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.question_answers import answers_of
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask, adjudication_task, annotation_task
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.annotation.examples import HEIGHT_PX, IMAGE, WIDTH_PX, assignment, vote
from farmy_assets_tests.annotation.questions import asking, weed
from farmy_assets_tests.integration.browser import (
    browser_page,
    open_task,
    shown_image,
    sign_in,
)
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

RULES = asking()
CLASSIFYING = asking(
    regions=(), classes=(), attributes=(),
    choices=[{"name": "quality", "values": ["good", "bad"], "required": True}],
)  # fmt: skip


class Desk(NamedTuple):
    """One person's inbox with one task, and a page that he or she has signed in on."""

    page: Page
    platform: RunningPlatform
    inbox: Inbox
    project_id: int
    rules: Campaign
    seen: Path

    def open(self) -> None:
        """Open the task from the table."""
        (task_id,) = self.platform.studio.task_ids(self.project_id).values()
        open_task(
            self.page, self.platform.label_studio_url, project_id=self.project_id, task_id=task_id
        )

    def choose(self, *values: str) -> None:
        """Answer a choice by mouse."""
        for value in values:
            box = self.page.locator(f".lsf-choices input[name='{value}']").first
            box.wait_for(state="attached")
            box.check(force=True)

    def submit(self) -> None:
        """Press Submit; what was to be seen then is kept in a temporary folder."""
        self.page.screenshot(path=self.seen / f"{self.inbox.phase}-{self.inbox.campaign}.png")
        self.page.locator("[data-testid=bottombar-submit-button]").click()

    def answers(self) -> list[Vote]:
        """The votes that were submitted, as the platform reads them."""
        rules = self.rules.model_copy(update={"name": self.inbox.campaign})
        return [
            found
            for task in self.platform.studio.changed_tasks(self.project_id, since=None)
            for found in votes_from_task(
                task, inbox=self.inbox, campaign=rules, known=(), reader=results
            )
        ]

    def answer(self) -> Vote:
        """The one vote, once it is there."""

        def there() -> list[Vote]:
            self.page.wait_for_timeout(100)  # its requests go out only while we wait with it
            return self.answers()

        return self.platform.wait_until("the answer", there)[0]


@pytest.fixture
def desk_for(
    platform: RunningPlatform,
    accounts: dict[str, Account],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Campaign, Phase, Sequence[Vote]], Desk]]:
    seen = tmp_path_factory.mktemp("seen")
    with browser_page(width_px=1600, height_px=1000) as page:

        def made(rules: Campaign, phase: Phase, votes: Sequence[Vote]) -> Desk:
            name = "dora" if phase is Phase.ADJUDICATION else "anna"
            inbox = Inbox(campaign=f"q-{uuid4().hex[:10]}", phase=phase, person=name)
            project_id = platform.studio.ensure_inbox(
                inbox,
                owner=accounts[name].email,
                label_config=label_config(rules, phase),
                instructions=instructions(rules, phase),
            )
            platform.studio.stop_opening_instructions(project_id)
            task = _task(platform, rules, phase, votes)
            assert platform.studio.add_tasks(project_id, [task]) == 1
            account = accounts[name]
            sign_in(page, platform.label_studio_url, email=account.email, password=account.password)
            return Desk(page, platform, inbox, project_id, rules, seen)

        yield made


def _task(
    platform: RunningPlatform, rules: Campaign, phase: Phase, votes: Sequence[Vote]
) -> NewTask:
    picture = BytesIO()
    Image.effect_noise((WIDTH_PX, HEIGHT_PX), 60).convert("RGB").save(picture, "JPEG")
    cleansed, key = platform.lake.cleansed, f"images/q-{uuid4().hex}.jpg"
    cleansed.client.put_object(Bucket=cleansed.name, Key=key, Body=picture.getvalue())
    uri = f"s3://{cleansed.name}/{key}"
    if phase is Phase.ANNOTATION:
        return annotation_task(
            assignment("anna"), image_uri=uri, width_px=WIDTH_PX, height_px=HEIGHT_PX
        )
    judgement = judge_image(
        IMAGE, assignments=[assignment("anna"), assignment("ben")], votes=votes, campaign=rules
    )
    assert judgement.status is ConsensusStatus.IN_CONFLICT
    return adjudication_task(
        judgement, votes=votes, policy=rules.agreement, image_uri=uri, width_px=WIDTH_PX,
        height_px=HEIGHT_PX, campaign=rules,
    )  # fmt: skip


def test_an_annotator_answers_for_a_region_and_for_the_image(
    desk_for: Callable[[Campaign, Phase, Sequence[Vote]], Desk],
) -> None:
    desk = desk_for(RULES, Phase.ANNOTATION, ())
    desk.open()
    page = desk.page
    page.keyboard.press("2")  # the class weed
    image = shown_image(page)
    left, top = image.x + image.shown_width * 0.3, image.y + image.shown_height * 0.2
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + image.shown_width * 0.2, top + image.shown_height * 0.2, steps=5)
    page.mouse.up()
    page.wait_for_timeout(1_500)
    desk.submit()
    page.get_by_text("Quality has to be answered").first.wait_for()
    assert desk.answers() == []
    page.get_by_role("button", name="OK").first.click()
    desk.choose("good")
    page.mouse.click(left + 10, top + 10)  # the region becomes the selected one
    page.get_by_text("Stage", exact=True).wait_for()
    desk.choose("young")
    desk.choose("holes", "rust")
    page.locator("input[name=leaves]").fill("7")
    page.locator("[data-testid=textarea-input]").fill("tilted")
    page.keyboard.press("Enter")
    desk.submit()
    found = desk.answer()
    assert found.problems == ()
    (drawn,) = found.regions
    assert drawn.label == "weed"
    assert drawn.attributes == answers_of(
        {"stage": "young", "damage": ("holes", "rust"), "leaves": 7, "remark": "tilted"}
    )
    assert found.choices == answers_of({"quality": "good"})
    assert all(found.region_ids)


VOTES = (
    vote("anna", weed(60, 60, stage="young"), choices={"quality": "good", "pests": ["aphid"]}),
    vote("ben", weed(62, 61, stage="old"), choices={"quality": "bad", "pests": ["aphid"]}),
)


def test_an_adjudicator_reads_what_differs_and_draws_and_answers(
    desk_for: Callable[[Campaign, Phase, Sequence[Vote]], Desk],
) -> None:
    desk = desk_for(RULES, Phase.ADJUDICATION, VOTES)
    desk.open()
    page = desk.page
    page.get_by_text("Version A is right").wait_for()
    text = page.inner_text("body")
    assert "stage" in text
    assert '"young"' in text
    assert "quality:" in text
    page.keyboard.press("w")
    page.get_by_text("Hold Ctrl").wait_for()
    page.keyboard.press("1")
    image = shown_image(page)
    left, top = image.x + image.shown_width * 0.6, image.y + image.shown_height * 0.1
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + image.shown_width * 0.2, top + image.shown_height * 0.1, steps=5)
    page.mouse.up()
    page.wait_for_timeout(1_500)
    desk.choose("bad")
    desk.submit()
    found = desk.answer()
    assert found.problems == ()
    assert [region.label for region in found.regions] == ["crop"]
    # What both said stands there already; the versions' regions are asked about nothing.
    assert found.choices == answers_of({"quality": "bad", "pests": ("aphid",)})


def test_images_are_classified_without_anything_drawn(
    desk_for: Callable[[Campaign, Phase, Sequence[Vote]], Desk],
) -> None:
    votes = [vote(n, choices={"quality": q}) for n, q in (("anna", "good"), ("ben", "bad"))]
    desk = desk_for(CLASSIFYING, Phase.ADJUDICATION, votes)
    desk.open()
    desk.page.get_by_text("I answer the questions myself").wait_for()
    desk.page.keyboard.press("w")
    desk.choose("good")
    desk.submit()
    found = desk.answer()
    assert (found.problems, found.choices) == ((), answers_of({"quality": "good"}))
