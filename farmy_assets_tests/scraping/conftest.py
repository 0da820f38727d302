from collections.abc import Iterator

import pytest

from farmy_assets_tests.scraping.site import Answer, Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as made:
        made.answers["/robots.txt"] = Answer(b"User-agent: *\nAllow: /\n", "text/plain")
        yield made
