"""The adjudicator's page in a real browser: nothing is submitted before a deliberate choice."""

import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import NamedTuple
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import judge_image
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import adjudication_task
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    IMAGE,
    WIDTH_PX,
    assignment,
    box,
    campaign,
    person,
    vote,
)
from farmy_assets_tests.integration.browser import browser_page, sign_in
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SUBMIT = "[data-testid=bottombar-submit-button]"
WARNING = "Choose first what is true"
VOTES = (
    vote("anna", box(60, 60), box(400, 100, label="crop")),
    vote("ben", box(62, 61), box(400, 100, label="weed")),
)
RULES = campaign(annotators=[person("anna"), person("ben")])


class Desk(NamedTuple):
    """An adjudicator's inbox with one task, and a page that its owner has signed in on."""

    page: Page
    platform: RunningPlatform
    inbox: Inbox
    project_id: int
    rules: Campaign

    def open_stream(self) -> None:
        """Begin by "Label All Tasks", as people do."""
        self._go(f"/projects/{self.project_id}/data")
        self.page.get_by_role("button", name="Label All Tasks").click()
        self._shown()

    def open_row(self) -> None:
        """Open the task from the table."""
        (task_id,) = self.platform.studio.task_ids(self.project_id).values()
        self._go(f"/projects/{self.project_id}/data")
        self._go(f"/projects/{self.project_id}/data?task={task_id}")
        self._shown()

    def _go(self, path: str) -> None:
        self.page.goto(f"{self.platform.label_studio_url}{path}")
        self.page.wait_for_load_state("networkidle")

    def _shown(self) -> None:
        self.page.wait_for_selector("canvas")
        self.page.get_by_text("Version A is right").wait_for()
        self.page.wait_for_load_state("networkidle")

    def skip(self) -> None:
        """Press Skip; once more where nothing came of it, as people do while a page is busy."""
        for _ in range(3):
            try:
                with self.page.expect_request(_is_an_answer, timeout=20_000):
                    self.page.get_by_role("button", name="Skip").click()
            except PlaywrightTimeoutError:
                continue
            return

    def is_refused(self) -> bool:
        """Whether the page asks for a choice; its warnings are closed."""
        warnings = self.page.get_by_text(WARNING)
        warnings.first.wait_for()
        seen = warnings.locator("visible=true")
        # One lies above the other, and takes the keys until it has faded out.
        deadline = time.monotonic() + 60
        while seen.count() and time.monotonic() < deadline:
            for button in self.page.get_by_role("button", name="OK").all():
                with suppress(PlaywrightTimeoutError):
                    button.click(timeout=1_000)
        expect(seen).to_have_count(0)
        return not self.answers()

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
        return self.platform.wait_until("the answer", self.answers)[0]


def _is_an_answer(request: Request) -> bool:
    return request.method == "POST" and "/annotations" in request.url


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, platform: RunningPlatform, accounts: dict[str, Account]
) -> Iterator[Desk]:
    """Of a campaign that has boxes drawn, or the kinds that a test names as its parameter."""
    rules = RULES.model_copy(update={"regions": getattr(request, "param", RULES.regions)})
    inbox = Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=Phase.ADJUDICATION, person="dora")
    project_id = platform.studio.ensure_inbox(
        inbox,
        owner=accounts["dora"].email,
        label_config=label_config(rules, Phase.ADJUDICATION),
        instructions=instructions(rules, Phase.ADJUDICATION),
    )
    platform.studio.stop_opening_instructions(project_id)
    judgement = judge_image(
        IMAGE, assignments=[assignment("anna"), assignment("ben")], votes=VOTES, campaign=RULES
    )
    picture = BytesIO()
    Image.effect_noise((WIDTH_PX, HEIGHT_PX), 60).convert("RGB").save(picture, "JPEG")
    cleansed, key = platform.lake.cleansed, f"images/{inbox.campaign}.jpg"
    cleansed.client.put_object(Bucket=cleansed.name, Key=key, Body=picture.getvalue())
    task = adjudication_task(
        judgement, votes=VOTES, policy=RULES.agreement, width_px=WIDTH_PX, height_px=HEIGHT_PX,
        image_uri=f"s3://{cleansed.name}/{key}",
    )  # fmt: skip
    assert platform.studio.add_tasks(project_id, [task]) == 1
    with browser_page() as page:
        dora = accounts["dora"]
        sign_in(page, platform.label_studio_url, email=dora.email, password=dora.password)
        yield Desk(page, platform, inbox, project_id, rules)


def test_ctrl_enter_twice_in_the_label_stream_decides_nothing_and_a_key_and_ctrl_enter_do(
    desk: Desk,
) -> None:
    desk.open_stream()
    for region in ("A1:", "B1:", "agreed 1: weed"):
        assert region in desk.page.inner_text("body")
    for _ in range(2):
        desk.page.keyboard.press("Control+Enter")
    assert desk.is_refused()
    desk.page.keyboard.press("b")
    desk.page.keyboard.press("Control+Enter")
    found = desk.answer()
    assert found.decision is not None
    assert (found.decision.choice, found.is_clean) == ("version B", True)


def test_a_row_opened_from_the_table_asks_for_a_choice_by_mouse_as_well(desk: Desk) -> None:
    desk.open_row()
    desk.page.locator(SUBMIT).click()
    assert desk.is_refused()
    desk.page.get_by_text("It cannot be labelled").click()
    desk.page.locator(SUBMIT).click()
    assert desk.answer().outcome is Outcome.SKIPPED


def test_skip_is_in_the_label_stream_and_leaves_the_image_out(desk: Desk) -> None:
    desk.open_stream()
    desk.skip()
    assert desk.answer().outcome is Outcome.SKIPPED


def test_who_chooses_to_draw_gets_the_classes_and_sends_what_was_drawn(desk: Desk) -> None:
    desk.open_stream()
    desk.page.keyboard.press("d")
    desk.page.get_by_text("Hold Ctrl").wait_for()
    desk.page.keyboard.press("1")
    canvas = desk.page.locator("canvas").first.bounding_box()
    assert canvas is not None
    desk.page.mouse.move(canvas["x"] + 0.05 * canvas["width"], canvas["y"] + 10)
    desk.page.mouse.down()
    desk.page.mouse.move(canvas["x"] + 0.3 * canvas["width"], canvas["y"] + 60, steps=5)
    desk.page.mouse.up()
    desk.page.get_by_text("crop", exact=True).nth(1).wait_for()  # in the list of regions
    desk.page.keyboard.press("Control+Enter")
    found = desk.answer()
    assert [drawn.label for drawn in found.regions] == ["crop"]
    assert found.is_clean


@pytest.mark.parametrize("desk", [("polygon",), ("box", "polygon", "mask")], indirect=True)
def test_a_polygon_can_be_drawn_although_the_versions_are_shown_as_polygons(desk: Desk) -> None:
    desk.open_stream()
    desk.page.keyboard.press("d")
    desk.page.get_by_text("Hold Ctrl").wait_for()
    # The first keys are those of the first kind's two classes.
    desk.page.keyboard.press(str(1 + 2 * desk.rules.regions.index("polygon")))
    canvas = desk.page.locator("canvas").first.bounding_box()
    assert canvas is not None
    left, top, width = canvas["x"], canvas["y"], canvas["width"]
    for x, y in ((0.75, 20), (0.95, 20), (0.95, 90), (0.75, 20)):
        desk.page.mouse.click(left + x * width, top + y, delay=50)
        desk.page.wait_for_timeout(500)
    desk.page.get_by_text("crop", exact=True).nth(len(desk.rules.regions)).wait_for()
    desk.page.keyboard.press("Control+Enter")
    found = desk.answer()
    assert [(drawn.kind, drawn.label) for drawn in found.regions] == [("polygon", "crop")]
    assert found.is_clean
