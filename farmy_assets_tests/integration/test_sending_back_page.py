"""Sending back and reviewing in a real browser: what a lead writes and marks, annotators see."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import DecisionKind
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import correction_of
from farmy_assets.annotation.inboxes import Inbox, Phase, instructions
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.annotation.reviews import ReviewFacts
from farmy_assets.annotation.versions import versions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio import results
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import (
    ALL_VERSIONS,
    NewTask,
    adjudication_task,
    correction_task,
    review_task,
)
from farmy_assets.label_studio.review_page import ONE_VERSION
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

REASON = "The leaf ends at the crack"
VOTES = (
    vote("anna", box(60, 60), box(400, 100, label="crop")),
    vote("ben", box(62, 61), box(400, 100, label="weed")),
)
RULES = campaign(annotators=[person("anna"), person("ben")]).model_copy(
    update={"review": ReviewPolicy(rounds=2, share=1.0), "adjudicator": person("dora")}
)


class Desk(NamedTuple):
    """Somebody's inbox with one task, opened by "Label All Tasks" by the one whose inbox it is."""

    page: Page
    platform: RunningPlatform
    inbox: Inbox
    project_id: int

    def answer(self) -> Vote:
        """The one vote of the inbox, once it is there, as the platform reads it."""
        return self.platform.wait_until("the answer", self._answers)[0]

    def _answers(self) -> list[Vote]:
        rules = RULES.model_copy(update={"name": self.inbox.campaign})
        return [
            found
            for task in self.platform.studio.changed_tasks(self.project_id, since=None)
            for found in votes_from_task(
                task, inbox=self.inbox, campaign=rules, known=(), reader=results
            )
        ]


class Desks(NamedTuple):
    """Makes inboxes of one campaign, which all show the same picture."""

    platform: RunningPlatform
    accounts: dict[str, Account]
    name: str
    picture: dict[str, Any]

    @contextmanager
    def opened(self, phase: Phase, who: str, task: NewTask, shown: str) -> Iterator[Desk]:
        """An inbox of a person who is signed in and has begun, and shows the predictions."""
        studio = self.platform.studio
        inbox, account = Inbox(campaign=self.name, phase=phase, person=who), self.accounts[who]
        project_id = studio.ensure_inbox(
            inbox,
            owner=account.email,
            label_config=label_config(RULES, phase),
            instructions=instructions(RULES, phase),
        )
        studio.stop_opening_instructions(project_id)
        assert studio.add_tasks(project_id, [task]) == 1
        studio.show_prediction(project_id, shown)
        with browser_page() as page:
            address = self.platform.label_studio_url
            sign_in(page, address, email=account.email, password=account.password)
            page.goto(f"{address}/projects/{project_id}/data")
            page.wait_for_load_state("networkidle")
            page.get_by_role("button", name="Label All Tasks").click()
            page.wait_for_selector("canvas")
            page.wait_for_load_state("networkidle")
            yield Desk(page, self.platform, inbox, project_id)


@pytest.fixture
def desks(platform: RunningPlatform, accounts: dict[str, Account]) -> Desks:
    picture = BytesIO()
    Image.effect_noise((WIDTH_PX, HEIGHT_PX), 60).convert("RGB").save(picture, "JPEG")
    name = f"t-{uuid4().hex[:10]}"
    cleansed, key = platform.lake.cleansed, f"images/{name}.jpg"
    cleansed.client.put_object(Bucket=cleansed.name, Key=key, Body=picture.getvalue())
    shown: dict[str, Any] = {
        "image_uri": f"s3://{cleansed.name}/{key}", "width_px": WIDTH_PX, "height_px": HEIGHT_PX,
    }  # fmt: skip
    return Desks(platform, accounts, name, shown)


def judged(*votes: Vote, rules: Campaign = RULES) -> ImageConsensus:
    asked = [assignment(name) for name in dict.fromkeys(v.inbox_person for v in votes[:2])]
    return judge_image(
        IMAGE, assignments=asked, votes=votes, campaign=rules, review=ReviewFacts(is_chosen=True)
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw from one place of the picture to another, both as shares of its sides."""
    canvas = page.locator("canvas").first.bounding_box()
    assert canvas is not None
    places = [
        (canvas["x"] + x * canvas["width"], canvas["y"] + y * canvas["height"])
        for x, y in (start, end)
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()


def test_a_lead_sends_an_answer_back_and_its_annotator_sees_reason_and_place(desks: Desks) -> None:
    conflict = judged(*VOTES)
    task = adjudication_task(
        conflict, votes=VOTES, policy=RULES.agreement, campaign=RULES, **desks.picture
    )
    letter = next(k for k, v in versions_of(VOTES).items() if v.person == "anna")
    with desks.opened(Phase.ADJUDICATION, "dora", task, ALL_VERSIONS) as desk:
        page = desk.page
        expect(page.locator("textarea")).to_be_hidden()
        page.get_by_text(f"Send version {letter} back").click()
        page.keyboard.press("Control+Enter")
        page.get_by_text("Say what is to be corrected").first.wait_for()
        page.get_by_role("button", name="OK").first.click()
        page.locator("textarea").first.fill(REASON)
        page.get_by_text("look here", exact=True).first.click()
        drag(page, (0.75, 0.1), (0.9, 0.3))
        page.keyboard.press("Control+Enter")
        decision = desk.answer()
    assert decision.decision is not None
    assert (decision.decision.kind, decision.decision.reason) == (DecisionKind.SEND_BACK, REASON)
    (place,) = decision.decision.places
    assert 0.7 < place.x_fraction < 0.95
    assert decision.is_clean

    decided = decision.model_copy(update={"campaign": RULES.name})
    waiting = judged(*VOTES, decided)
    assert (waiting.status, waiting.waiting_for) == (ConsensusStatus.WAITING, ("anna",))
    given = correction_of(EvaluatedImage(image_id=IMAGE, consensus=waiting))
    assert given is not None
    again = correction_task(
        given, answer=VOTES[0], decision=decision.decision, campaign=RULES, **desks.picture
    )
    with desks.opened(Phase.CORRECTION, "anna", again, ONE_VERSION) as desk:
        desk.page.get_by_text(REASON).wait_for()
        seen = desk.page.inner_text("body")
        assert "look here" in seen  # in the list of regions, without a click
        assert "crop" in seen
        desk.page.keyboard.press("Control+Enter")
        corrected = desk.answer()
    assert corrected.is_clean
    assert sorted(r.label for r in corrected.regions) == ["crop", "weed"]
    for drawn, before in zip(
        sorted(corrected.regions, key=lambda r: r.place),
        sorted(VOTES[0].regions, key=lambda r: r.place),
        strict=True,
    ):
        assert drawn.bounds_px == pytest.approx(before.bounds_px, abs=1)


def review(desks: Desks) -> NewTask:
    votes = VOTES[:1]
    return review_task(judged(*votes), votes=votes, campaign=RULES, **desks.picture)


def test_a_reviewer_sees_what_one_person_drew_and_accepts_it_by_a_key(desks: Desks) -> None:
    with desks.opened(Phase.REVIEW, "dora", review(desks), ONE_VERSION) as desk:
        desk.page.get_by_text("It is right as it was drawn").wait_for()
        assert "weed" in desk.page.inner_text("body")
        desk.page.keyboard.press("Control+Enter")
        desk.page.get_by_text("Choose first whether it is right").first.wait_for()
        desk.page.get_by_role("button", name="OK").first.click()
        desk.page.keyboard.press("a")
        desk.page.keyboard.press("Control+Enter")
        found = desk.answer()
    assert found.decision is not None
    assert (found.decision.kind, found.regions) == (DecisionKind.VERSION, ())


def test_a_reviewer_corrects_what_one_person_drew_by_adding_to_it(desks: Desks) -> None:
    with desks.opened(Phase.REVIEW, "dora", review(desks), ONE_VERSION) as desk:
        desk.page.keyboard.press("w")
        desk.page.keyboard.press("1")
        drag(desk.page, (0.8, 0.6), (0.9, 0.8))
        desk.page.keyboard.press("Control+Enter")
        found = desk.answer()
    assert found.is_clean
    assert sorted(r.label for r in found.regions) == ["crop", "crop", "weed"]
