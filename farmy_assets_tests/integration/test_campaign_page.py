"""From the start page to a campaign's page and its scorecards, in browsers wide and narrow.

The start page's own server behind its access rules, over records in memory: what a whole platform
adds to it, the other tests show.
"""

import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn
from playwright.sync_api import Page

from farmy_assets.local.access.asgi import guarded
from farmy_assets.local.access.rules import AccessRules
from farmy_assets.local.start_page import ADDRESSES
from farmy_assets.local.start_site import start_site
from farmy_assets.workflow.campaign_pages.making import publish_page
from farmy_assets_tests.integration.browser import browser_page
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.campaign_pages.played_campaign import NAME, PEOPLE, play

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = """() => [...document.querySelectorAll('figure polygon')]
  .map(line => line.getBoundingClientRect()).filter(place => place.width > 3).length"""
PICTURES = """async () => {
  const shown = [...document.querySelectorAll('figure image')];
  return Promise.all(shown.map(async image => {
    const picture = new Image();
    picture.src = image.getAttribute('href');
    await picture.decode();
    return picture.naturalWidth;
  }));
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the start page is served, of a platform with one campaign."""
    now = datetime.now(UTC)
    lake = lake_in_memory(BucketInMemory())
    publish_page(lake, play(lake, images=72, until=now.date()), now=now)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        site = start_site(lake, dict.fromkeys(ADDRESSES, f"http://{host}"))
        app = guarded(site, AccessRules(hosts=(host,)))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.05)
            yield f"http://{host}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(params=[1280, 390], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    with browser_page(width_px=request.param) as opened:
        yield opened


def test_people_come_from_the_start_page_to_a_campaign_and_to_each_scorecard(
    address: str, page: Page
) -> None:
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # browsers ask unbidden
    page.goto(address)
    for title in ("Dagster", "Label Studio", "Uploads"):
        assert page.locator(f"a:has-text('{title}') i.pass").count() == 1
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_role("link", name=re.compile(f"^{NAME}")).click()
    assert page.locator("h1").inner_text() == f"Campaign {NAME}"
    assert page.evaluate(TOO_WIDE) == 0
    assert page.locator(".chart rect").count() >= 2
    assert page.evaluate(DRAWN) >= 10
    widths = page.evaluate(PICTURES)
    assert widths
    assert min(widths) > 100
    campaign_page = page.url
    for name in PEOPLE:
        page.goto(campaign_page)
        page.get_by_role("link", name=name, exact=True).click()
        text = page.locator("main").inner_text()
        assert text.startswith(f"{name} in {NAME}")
        others = {*PEOPLE, "dora"} - {name}
        assert not [other for other in others if re.search(rf"\b{other}\b", text)]
        assert page.evaluate(TOO_WIDE) == 0
    assert problems == []


def test_a_page_of_another_site_reads_nothing_of_it(address: str) -> None:
    for headers in ({"Origin": "https://example.com"}, {"Host": "example.com"}):
        answer = httpx.get(f"{address}/campaigns/{NAME}/", headers=headers, trust_env=False)
        assert answer.status_code in {403, 421}
