"""The start page leads to everything that is there, and serves what campaigns' pages consist of."""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import httpx
import pytest
from starlette.types import ASGIApp

from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.alerts import Trouble
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.released import ReleasedRepository, ReleasedVersion
from farmy_assets.local.start_page import ADDRESSES
from farmy_assets.local.start_site import start_site
from farmy_assets.workflow.alerts.sending import note_trouble
from farmy_assets.workflow.campaign_pages.making import publish_page
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.campaign_pages.played_campaign import NAME, play

NOW = datetime(2026, 6, 14, 9, tzinfo=UTC)


@pytest.fixture
def lake() -> Lake:
    return lake_in_memory(BucketInMemory())


@pytest.fixture
def dagster() -> Iterator[str]:
    """Something that listens where Dagster should; nothing else does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@dataclass(frozen=True)
class Client:
    """Asks the application as a browser would, without a server."""

    site: ASGIApp

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.site)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8380", follow_redirects=True
            ) as client:
                return await client.get(path)

        return asyncio.run(ask())


@pytest.fixture
def client(lake: Lake, dagster: str) -> Client:
    addresses = dict.fromkeys(ADDRESSES, "http://127.0.0.1:1") | {"dagster": dagster}
    return Client(start_site(lake, addresses))


def test_it_says_which_servers_answer_and_what_to_do_about_the_others(
    client: Client, dagster: str
) -> None:
    page = client.get("/").text
    assert f'<a href="{dagster}/"><i class="pass">' in page
    assert page.count('<i class="fail">') == len(ADDRESSES) - 1
    assert "make up" in page
    assert "No campaign yet" in page


def test_a_campaign_s_page_and_every_link_on_it_are_served(client: Client, lake: Lake) -> None:
    play(lake, images=24, until=date(2026, 6, 10))
    assert "no page yet" in client.get("/").text
    publish_page(lake, lake.campaigns.named(NAME), now=NOW)
    start = client.get("/").text
    assert f'href="/campaigns/{NAME}/"' in start
    page = client.get(f"/campaigns/{NAME}")
    assert page.url.path == f"/campaigns/{NAME}/"
    assert page.headers["content-type"].startswith("text/html")
    links = re.findall(r'<a href="([^"#]+)"', page.text)
    assert len(links) == 6
    for link in links:
        answer = client.get(f"/campaigns/{NAME}/{link}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(
            "text/csv" if link.endswith("csv") else "text/html"
        )


@pytest.mark.parametrize(
    "path",
    [
        "other/", f"{NAME}/MADE.json", f"{NAME}/../../votes/{NAME}/log/00000001.jsonl",
        f"{NAME}/%2e%2e/{NAME}/index.html", f"{NAME}/scorecards/nobody.html", "..%2fvotes/x.html",
    ],
)  # fmt: skip
def test_nothing_else_of_the_records_is_served(client: Client, lake: Lake, path: str) -> None:
    play(lake, images=12, until=date(2026, 6, 10))
    publish_page(lake, lake.campaigns.named(NAME), now=NOW)
    assert client.get(f"/campaigns/{path}").status_code == 404


def test_troubles_and_released_versions_are_on_it_as_texts(client: Client, lake: Lake) -> None:
    play(lake, images=12, until=date(2026, 6, 10))
    note_trouble(lake, Trouble(key="x", title="<b>job</b> failed", text="Run 1"), now=NOW)
    lake.records.write_once(keys.dataset_version(NAME, 1), ReleasedVersion(
        campaign=NAME, campaign_version=1, number=1, version_id="v0001-0123abcd", content="0",
    ))  # fmt: skip
    lake.records.replace(keys.released(NAME), ReleasedRepository(lake.records).records.read(
        keys.dataset_version(NAME, 1), ReleasedVersion
    ))  # fmt: skip
    page = client.get("/").text
    assert "&lt;b&gt;job&lt;/b&gt; failed" in page
    assert "since 2026-06-14 09:00 UTC" in page
    assert "v0001-0123abcd" in page


def test_a_lake_that_does_not_answer_is_told_with_the_reason(
    client: Client, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LakeUnavailableError("S3 does not answer; start it with make up")

    monkeypatch.setattr(BucketInMemory, "keys", refuse)
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (503, "S3 does not answer; start it with make up\n")
    assert client.get("/health").status_code == 200
