"""The upload page on a phone whose memory is full: nothing that can be kept is lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.integration.browser import browser_page
from farmy_assets_tests.integration.servers import running_platform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

FULL_FOR = """name => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (item) {
    if (item.state === 'kept' && item.request.name === name) throw new Error('it is full');
    return put.call(this, item);
  };
}"""


def test_a_full_phone_keeps_what_it_can_and_a_retry_drops_nothing_before_its_time(
    tmp_path: Path,
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    (tmp_path / "notes.gif").write_bytes(b"GIF89a")
    files = sorted(tmp_path.iterdir())
    with (
        running_platform(tmp_path / "home", parts={"ministack", "uploads"}) as running,
        browser_page(width_px=390, height_px=844) as page,
    ):
        token = running.lake.contributors.give_token("c-4711", now=datetime.now(UTC))
        page.goto(f"{running.settings.address('uploads')}/#token={token}&campaign=phones")
        page.evaluate(FULL_FOR, "1.jpg")
        page.set_input_files("#files", files)
        page.get_by_text("2 of 3 in the catalog, 1 need you").wait_for()
        assert "cannot keep 1.jpg (it is full)" in page.locator("#told").inner_text()

        page.evaluate(FULL_FOR, "notes.gif")
        page.get_by_role("button", name="Try again").click()
        page.get_by_text("cannot keep notes.gif (it is full)").wait_for()
        assert page.locator("li").count() == 3
