"""A real browser: Chromium from the distribution, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Page, Route, sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")  # as in deploy/install-browser
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip
SIZE_PX = (1400, 900)
LINEAGE_WIDTH_PX = 2400  # narrower, and the assets' names can no longer be read
LINEAGE_HEIGHT_PX = 1500
EMPTY_PLACE = (1000, 250)  # over the lineage: a click there is one on no asset
PATIENCE_MS = 60_000
DRAWN_MS = 1_500
IN_THE_LINEAGE = "svg foreignObject"
# The page's own picture: what is on the screen, as wide as the file behind it.
DRAWN_IMAGES = """() => [...document.querySelectorAll('img')]
  .map(image => [image, image.getBoundingClientRect()])
  .filter(([image, place]) => image.complete && image.naturalWidth > 0 && place.width > 200)
  .map(([image, place]) => ({width: image.naturalWidth, height: image.naturalHeight,
    x: place.x, y: place.y, shown_width: place.width, shown_height: place.height}))"""


class ShownImage(NamedTuple):
    """A photograph on a page, in pixels: the file behind it, and its place on the screen."""

    width: int
    height: int
    x: float
    y: float
    shown_width: float
    shown_height: float


def chromium_program() -> str:
    """The path of the system's Chromium, or of the one that FARMY_CHROMIUM names.

    Raises:
        AssertionError: There is none.
    """
    names = (os.environ.get("FARMY_CHROMIUM", CHROMIUM_NAMES[0]), *CHROMIUM_NAMES[1:])
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "Chromium is missing: run make browser"
    return found


@contextmanager
def browser_page(*, width_px: int = SIZE_PX[0], height_px: int = SIZE_PX[1]) -> Iterator[Page]:
    """A page that can reach this machine and nothing else.

    Raises:
        AssertionError: There is no Chromium.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_program(), args=list(FLAGS))
        page = chromium.new_page(viewport={"width": width_px, "height": height_px})
        page.set_default_timeout(PATIENCE_MS)
        page.route("**/*", _only_this_machine)
        try:
            yield page
        finally:
            chromium.close()


def _only_this_machine(route: Route) -> None:
    address = route.request.url
    local = address.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "ws:"))
    route.continue_() if local else route.abort()


def sign_in(page: Page, label_studio: str, *, email: str, password: str) -> None:
    """Sign in to Label Studio."""
    page.goto(f"{label_studio}/user/login/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/user/login" not in url)


def open_task(page: Page, label_studio: str, *, project_id: int, task_id: int) -> ShownImage:
    """Open an inbox, then one task of it, and wait until its photograph is on the screen.

    The inbox first, as people do: at the very first visit Label Studio makes the inbox's list, and
    a task that is opened meanwhile may come without the answers that it has.
    """
    page.goto(f"{label_studio}/projects/{project_id}/data")
    page.wait_for_load_state("networkidle")
    page.goto(f"{label_studio}/projects/{project_id}/data?task={task_id}")
    shown_image(page)
    page.wait_for_load_state("networkidle")
    return shown_image(page)


def draw_box(page: Page, image: ShownImage) -> None:
    """Choose the first label by its key, and draw a box with the mouse."""
    page.keyboard.press("1")
    left, top = image.x + image.shown_width * 0.3, image.y + image.shown_height * 0.2
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + image.shown_width * 0.2, top + image.shown_height * 0.2, steps=5)
    page.mouse.up()
    page.wait_for_timeout(DRAWN_MS)  # nothing on the page tells when the box is taken


def shown_image(page: Page) -> ShownImage:
    """The photograph on the screen, once it is there: an adjudicator's list has a small one."""
    page.wait_for_function(f"() => ({DRAWN_IMAGES})().length > 0")
    page.wait_for_selector("canvas")
    shown = [ShownImage(**image) for image in page.evaluate(DRAWN_IMAGES)]
    return max(shown, key=lambda image: image.shown_width)


def open_lineage(page: Page, dagster: str) -> None:
    """Open the lineage of all assets; at first it shows the groups alone."""
    page.goto(f"{dagster}/asset-groups")
    page.locator(IN_THE_LINEAGE, has_text="ingestion").first.wait_for()
    page.wait_for_load_state("networkidle")


def expand_lineage(page: Page) -> None:
    """Show every asset of every group."""
    page.mouse.click(*EMPTY_PLACE, button="right")
    page.get_by_role("menuitem", name="Expand all groups").click()
    page.locator(IN_THE_LINEAGE, has_text="yolo_dataset").first.wait_for()
    page.wait_for_load_state("networkidle")
