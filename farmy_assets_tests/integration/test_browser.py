"""What people see, in a real browser: the lineage, an annotator's task, the adjudicator's task."""

from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.lake import keys
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.annotation.examples import campaign as rules
from farmy_assets_tests.integration.browser import (
    IN_THE_LINEAGE,
    LINEAGE_HEIGHT_PX,
    LINEAGE_WIDTH_PX,
    ShownImage,
    browser_page,
    draw_box,
    expand_lineage,
    open_lineage,
    open_task,
    shown_image,
    sign_in,
)
from farmy_assets_tests.integration.evidence import SeenTask, tasks_seen
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.small_loop import NAME, Loop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

GROUPS = ("ingestion", "catalog", "cleansing", "annotation", "datasets", "query")
# One asset of each group whose name is short enough to be drawn in full.
SHORT_NAMES = ("raw_images", "catalog_entries", "cleansed_set", "annotation_tasks", "coco_dataset")
SHARE_SHOWN = 0.6  # the lower part of a tall photograph lies behind the page's own buttons
SAME_PICTURE = 0.9


@pytest.fixture
def page(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page whose last sight is kept in a temporary folder."""
    with browser_page() as opened:
        yield opened
        opened.screenshot(path=tmp_path_factory.mktemp("seen") / f"{request.node.name}.png")


def _first_task(platform: RunningPlatform, inbox: str) -> SeenTask:
    tasks = [task for task in tasks_seen(platform, NAME) if task.inbox == f"farmy:{NAME}/{inbox}"]
    return min(tasks, key=lambda task: task.task_id)


def _opened_by(
    account: Account, page: Page, platform: RunningPlatform, task: SeenTask
) -> ShownImage:
    address = platform.label_studio_url
    sign_in(page, address, email=account.email, password=account.password)
    return open_task(page, address, project_id=task.project_id, task_id=task.task_id)


def _likeness(page: Page, shown: ShownImage, copy: Image.Image) -> float:
    """How far the screen shows the copy: the correlation of their brightness, 1 when alike."""
    bottom = shown.y + shown.shown_height * SHARE_SHOWN
    screen = Image.open(BytesIO(page.screenshot()))
    seen = screen.crop(
        (round(shown.x), round(shown.y), round(shown.x + shown.shown_width), round(bottom))
    )
    upper = copy.crop((0, 0, copy.width, round(copy.height * SHARE_SHOWN)))
    return float(np.corrcoef(_grey(seen), _grey(upper))[0, 1])


def _grey(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("L").resize((64, 64)), dtype=np.float64).ravel()


def test_the_lineage_page_shows_the_groups_and_their_assets(platform: RunningPlatform) -> None:
    # As wide as a desk's screen: where every asset has to be tiny, the page draws none.
    with browser_page(width_px=LINEAGE_WIDTH_PX, height_px=LINEAGE_HEIGHT_PX) as page:
        open_lineage(page, platform.settings.address("dagster"))
        folded = page.locator(
            IN_THE_LINEAGE
        ).all_text_contents()  # with how each group's assets are
        assert all(any(text.startswith(group) for text in folded) for group in GROUPS)
        expand_lineage(page)
        drawn = set(page.locator(IN_THE_LINEAGE).all_text_contents())
    assert drawn >= {*GROUPS, *SHORT_NAMES}


def test_an_annotators_page_shows_the_photograph_from_the_private_bucket(
    page: Page, loop: Loop, accounts: dict[str, Account]
) -> None:
    task = _first_task(loop.platform, "annotation/anna")
    shown = _opened_by(accounts["anna"], page, loop.platform, task)
    assert (shown.width, shown.height) == (task.data["width_px"], task.data["height_px"])
    key = keys.cleansed_image(task.data["image_id"])
    copy = Image.open(BytesIO(loop.platform.lake.cleansed.get(key)))
    assert _likeness(page, shown, copy) > SAME_PICTURE
    assert _likeness(page, shown, copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) < SAME_PICTURE


def test_the_adjudicators_page_shows_every_version_and_where_they_differ(
    page: Page, loop: Loop, accounts: dict[str, Account]
) -> None:
    task = _first_task(loop.platform, "adjudication/dora")
    shown = _opened_by(accounts["dora"], page, loop.platform, task)
    assert (shown.width, shown.height) == (task.data["width_px"], task.data["height_px"])
    text = page.inner_text("body")
    assert "Where the versions differ" in text
    for version in ("Version A is right", "Version B is right"):
        assert version in text
    # The answered page lists what was answered; the list of differences names the regions.
    names = {region["value"].partition(":")[0] for region in task.data["regions"]}
    assert any(name in text for name in names if not name.startswith("agreed"))
    for name in ("anna", "ben", "cleo"):  # nobody is judged by name
        assert name not in text


def test_an_annotator_works_as_before_behind_the_gate_and_sees_own_inboxes_only(
    page: Page, platform: RunningPlatform, accounts: dict[str, Account]
) -> None:
    campaign = f"gate-{uuid4().hex[:6]}"
    mine, _ = (_filled_inbox(platform, campaign, accounts[n], n) for n in ("anna", "ben"))
    refused: list[str] = []
    page.on("response", lambda a: refused.append(a.url) if a.status in {401, 403} else None)
    address = platform.label_studio_url
    sign_in(page, address, email=accounts["anna"].email, password=accounts["anna"].password)
    page.get_by_text(f"{campaign} · annotation · anna").first.wait_for()
    assert page.get_by_text(f"{campaign} · annotation · ben").count() == 0

    tasks = sorted(platform.studio.task_ids(mine).values())
    image = open_task(page, address, project_id=mine, task_id=tasks[0])
    draw_box(page, image)
    page.get_by_role("button", name="Submit").first.click()
    _answers_become(page, platform, mine, {"image-0": 1})
    image = shown_image(page)
    page.wait_for_load_state("networkidle")
    draw_box(page, image)
    page.get_by_role("button", name="Submit").first.click()  # it is named "Update" now
    _answers_become(page, platform, mine, {"image-0": 2})

    page.goto(f"{address}/projects/{mine}/data")
    page.get_by_text("Label All Tasks").click()
    page.get_by_label("Close modal").last.click()  # the instructions
    shown_image(page)
    assert page.get_by_role("button", name="skip-task").count() == 0
    page.get_by_text("plants hide each other").click()  # why it cannot be labelled
    page.get_by_role("button", name="Submit").first.click()
    _answers_become(page, platform, mine, {"image-0": 2, "image-1": 1})
    page.get_by_role("button", name="No previous task").wait_for(state="detached")
    draw_box(page, shown_image(page))
    page.get_by_role("button", name="Submit").first.click()
    _answers_become(page, platform, mine, {"image-0": 2, "image-1": 1, "image-2": 1})

    # A tip for the page is the one thing that it asks for in vain, as it did before.
    assert [url for url in refused if "/heidi-tips" not in url] == []
    page.goto(f"{address}/projects/{mine}/settings")
    assert "own inboxes" in page.inner_text("body")


def _filled_inbox(platform: RunningPlatform, campaign: str, account: Account, name: str) -> int:
    inbox = Inbox(campaign=campaign, phase=Phase.ANNOTATION, person=name)
    config = label_config(rules(), Phase.ANNOTATION)
    project = platform.studio.ensure_inbox(
        inbox, owner=account.email, label_config=config, instructions="Draw every weed."
    )
    picture = BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(picture, "JPEG")
    tasks = []
    for number in range(3):
        key = keys.cleansed_image(f"gate-{name}-{number}")
        platform.lake.cleansed.put(key, picture.getvalue(), media_type="image/jpeg")
        data = {"image": f"s3://{platform.cleansed_bucket}/{key}", "asset_key": f"image-{number}"}
        tasks.append(NewTask(task_key=f"image-{number}", data=data))
    platform.studio.add_tasks(project, tasks)
    return project


def _answers_become(
    page: Page, platform: RunningPlatform, project: int, wanted: dict[str, int]
) -> None:
    """Wait until Label Studio holds these answers: task key to results; a reason is one."""

    def there() -> bool:
        page.wait_for_timeout(100)  # what the page asks for goes out only while we wait with it
        tasks = platform.studio.changed_tasks(project, since=None)
        return wanted == {t.task_key: len(a.result) for t in tasks for a in t.annotations}

    platform.wait_until(f"the answers {wanted}", there)


def test_no_photograph_is_given_to_somebody_who_is_not_signed_in(page: Page, loop: Loop) -> None:
    task = _first_task(loop.platform, "annotation/anna")
    address = loop.platform.label_studio_url
    answer = page.request.get(
        f"{address}/tasks/{task.task_id}/resolve/", params={"fileuri": "czM6Ly9mYXJteQ=="}
    )
    assert answer.status in {401, 403, 404}
