"""What the start page shows: the servers, the campaigns with their pages, data sets, troubles."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from farmy_assets.execution.page_templates import page_template
from farmy_assets.lake.campaign_pages import MadePage
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.released import ReleasedVersion

CONNECT_SECONDS = 0.5


class Link(NamedTuple):
    """One server: what people call it, and what they find there."""

    title: str
    sentence: str
    path: str = "/"


ADDRESSES = {
    "dagster": Link("Dagster", "every asset with its lineage and its last run", "/"),
    "label-studio": Link("Label Studio", "the inboxes: drawing, deciding, triage", "/"),
    "uploads": Link("Uploads", "photographs from a phone; farmy contributors add gives a link"),
    "ministack": Link("Local AWS", "buckets, catalog, queue; for programs, there is no page", ""),
}
"""The servers that the page names, by their names in the settings."""


class ServerRow(NamedTuple):
    """A server with its address, empty where there is nothing to open, and whether it answers."""

    link: Link
    address: str
    is_up: bool


class CampaignRow(NamedTuple):
    """A campaign, its page as it was last made, and its newest data set version."""

    name: str
    made: MadePage | None
    newest: ReleasedVersion | None


def start_page(lake: Lake, addresses: Mapping[str, str]) -> str:
    """The page, as HTML.

    Reads of each campaign two small records, and of the platform the one of its troubles.

    Raises:
        LakeUnavailableError: The lake does not answer.
    """
    servers = in_threads(
        lambda name: ServerRow(ADDRESSES[name], _opened(name, addresses), _is_up(addresses[name])),
        addresses,
    )
    return page_template(__package__, "start_page.html.jinja").render(
        title="Farmy on this machine",
        servers=servers,
        campaigns=in_threads(lambda name: _campaign(lake, name), lake.campaigns.names()),
        troubles=lake.alerts.state().open_troubles(),
        buckets={
            "photographs as they came": lake.raw.name,
            "copies for annotators": lake.cleansed.name,
            "records, campaign pages": lake.records.bucket.name,
            "data sets": lake.exports.name,
        },
    )


def _campaign(lake: Lake, name: str) -> CampaignRow:
    return CampaignRow(name, lake.campaign_pages.made(name), lake.released.newest(name))


def _opened(name: str, addresses: Mapping[str, str]) -> str:
    path = ADDRESSES[name].path
    return f"{addresses[name]}{path}" if path else ""


def _is_up(address: str) -> bool:
    """Whether something listens there; whether it is well, `farmy status` says."""
    parts = urlsplit(address)
    place = parts.hostname or "", parts.port or 80
    with suppress(OSError), socket.create_connection(place, timeout=CONNECT_SECONDS):
        return True
    return False
