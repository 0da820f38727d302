"""From the start page to a campaign's page and its scorecards, in browsers wide and narrow."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from farmy_assets_tests.integration.browser import browser_page
from farmy_assets_tests.integration.people import PEOPLE
from farmy_assets_tests.integration.small_loop import NAME, Loop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = """() => [...document.querySelectorAll('figure polygon')]
  .map(line => line.getBoundingClientRect()).filter(place => place.width > 3).length"""


@pytest.fixture(params=[1280, 390], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    with browser_page(width_px=request.param) as opened:
        yield opened


def test_people_come_from_the_start_page_to_a_campaign_and_to_each_scorecard(
    loop: Loop, page: Page
) -> None:
    platform = loop.platform
    platform.wait_until(
        "the campaign's page as of the release",
        lambda: (made := platform.lake.campaign_pages.made(NAME)) and made.settled_share == 1.0,
        seconds=240,
    )
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(platform.settings.address("start"))
    for title in ("Dagster", "Label Studio", "Uploads"):
        assert page.locator(f"a:has-text('{title}') i.pass").count() == 1
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_role("link", name=re.compile(f"^{NAME}")).click()
    assert page.locator("h1").inner_text() == f"Campaign {NAME}"
    assert page.evaluate(TOO_WIDE) == 0
    assert page.locator(".chart rect").count() >= 1
    assert page.evaluate(DRAWN) >= 1
    campaign_page = page.url
    people = [person.name for person in loop.campaign.annotators]
    for name in people:
        page.goto(campaign_page)
        page.get_by_role("link", name=name, exact=True).click()
        text = page.locator("main").inner_text()
        assert text.startswith(f"{name} in {NAME}")
        assert not [other for other in PEOPLE if other != name and re.search(rf"\b{other}\b", text)]
        assert page.evaluate(TOO_WIDE) == 0
    assert problems == []
