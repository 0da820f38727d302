"""Who may send what to a server on this machine: tables of requests, as browsers send them."""

from dataclasses import replace
from typing import Any

import pytest

from farmy_assets.local.access.of_servers import (
    dagster_rules,
    emulator_rules,
    start_rules,
    upload_rules,
)
from farmy_assets.local.access.rules import (
    AccessRules,
    Request,
    guest_origin,
    refusal,
    request_of,
)
from farmy_assets.local.settings import read_settings

SETTINGS = read_settings({})
EMULATOR, DAGSTER, UPLOADS, START = (
    make(SETTINGS) for make in (emulator_rules, dagster_rules, upload_rules, start_rules)
)
HOSTS = {
    id(EMULATOR): "127.0.0.1:4566",
    id(DAGSTER): "127.0.0.1:3000",
    id(UPLOADS): "127.0.0.1:8280",
    id(START): "127.0.0.1:8380",
}
EVERY = pytest.mark.parametrize(
    "rules",
    [EMULATOR, DAGSTER, UPLOADS, START],
    ids=["emulator", "dagster", "uploads", "start"],
)
PAGE, SEND = "http://127.0.0.1:8280", "http://localhost:8180"
JSON = "application/json"


def status(rules: AccessRules, method: str = "GET", **more: Any) -> int | None:  # noqa: ANN401
    """The status of the refusal, None where the server answers."""
    request = Request(**{"method": method, "host": HOSTS[id(rules)], "content_type": JSON, **more})
    refused = refusal(rules, request)
    return refused.status if refused else None


@EVERY
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_program_sends_neither_origin_nor_referer_and_is_answered(
    rules: AccessRules, method: str
) -> None:
    assert status(rules, method) is None
    port = rules.hosts[0].partition(":")[2]
    assert status(rules, method, host=f"localhost:{port}") is None
    assert status(rules, method, host=f"LOCALHOST:{port}") is None


@EVERY
@pytest.mark.parametrize(
    "host",
    [
        None, "", "evil.example", "evil.example:{port}", "127.0.0.1", "localhost", "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}", "localhost.evil.example:{port}", "evil-localhost:{port}",
        "localhost.:{port}", "0.0.0.0:{port}", "[::1]:{port}", "user@localhost:{port}",
        "127.0.0.1:{port}, evil.example", "127.0.0.1:{port}.evil.example", "x.0.0.1:{port}",
    ],
)  # fmt: skip
def test_a_name_of_somebody_else_that_resolves_to_this_machine_is_not_this_server(
    rules: AccessRules, host: str | None
) -> None:
    port = rules.hosts[0].partition(":")[2]
    told = host.format(port=port) if host is not None else None
    assert status(rules, host=told) == 421
    assert status(rules, "POST", host=told) == 421
    assert status(rules, is_websocket=True, host=told) == 421


def test_two_host_headers_are_none() -> None:
    headers = [(b"host", b"127.0.0.1:3000"), (b"host", b"evil.example")]
    assert request_of("GET", "/", headers).host is None
    assert request_of("GET", "/", headers[:1]).host == "127.0.0.1:3000"


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("farmy-raw-000000000000.localhost:4566", True),
        ("bucket.s3.localhost:4566", True),
        ("d5f50139.execute-api.127.0.0.1:4566", True),
        ("d5f50139.execute-api.evil.example:4566", False),
        ("localhost:4566.evil.example", False),
        ("evil.example/.localhost:4566", False),
    ],
)
def test_the_emulator_s_buckets_and_apis_have_names_below_its_own(host: str, is_own: bool) -> None:
    assert (status(EMULATOR, host=host) is None) is is_own
    assert status(DAGSTER, host=host.replace("4566", "3000")) == 421


FOREIGN = [
    "http://evil.example", "https://evil.example", "null", "http://127.0.0.1:9999",
    "http://localhost", "http://127.0.0.1", "file://", "chrome-extension://abc", "",
    "http://127.0.0.1:3000.evil.example", "http://evil.example:3000",
    "http://evil.example/http://127.0.0.1:3000",
]  # fmt: skip


@EVERY
@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_no_page_of_another_origin_is_answered(
    rules: AccessRules, origin: str, method: str
) -> None:
    assert status(rules, method, origin=origin) == 403
    assert status(rules, method, origin=origin, fetch_site="same-origin") == 403
    assert status(rules, origin=origin, is_websocket=True) == 403


@EVERY
def test_its_own_page_is_answered_under_each_of_its_names(rules: AccessRules) -> None:
    for host in rules.hosts:
        for method in ("GET", "POST"):
            assert status(rules, method, origin=f"http://{host}", host=host) is None
            assert status(rules, method, fetch_site="same-origin", host=host) is None
            assert status(rules, method, referer=f"http://{host}/a?b", host=host) is None
    assert status(rules, fetch_site="none", fetch_mode="navigate", fetch_dest="document") is None


@EVERY
@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything-new"])
@pytest.mark.parametrize(
    ("mode", "dest"),
    [
        ("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe"),
        ("navigate", "frame"), ("navigate", "object"), ("no-cors", "style"), (None, None),
    ],
)  # fmt: skip
def test_nothing_is_embedded_in_a_page_of_another_site(
    rules: AccessRules, site: str, mode: str | None, dest: str | None
) -> None:
    asked: dict[str, Any] = {"fetch_site": site, "fetch_mode": mode, "fetch_dest": dest}
    assert status(rules, **asked) == 403
    assert status(rules, "POST", **asked) == 403
    assert status(rules, **asked, referer="http://evil.example/") == 403


def test_a_link_elsewhere_opens_a_page_and_only_that() -> None:
    link = {"fetch_site": "cross-site", "fetch_mode": "navigate", "fetch_dest": "document"}
    for rules in (DAGSTER, UPLOADS):
        assert status(rules, **link, referer="https://mail.example/") is None
        assert status(rules, "POST", **link) == 403
        assert status(rules, **link, is_websocket=True) == 403
    assert status(EMULATOR, **link) == 403


@EVERY
@pytest.mark.parametrize(
    "referer",
    ["http://evil.example/", "http://127.0.0.1:9999/x", "not an address", "http://[", "//evil"],
)
def test_a_browser_without_fetch_metadata_is_known_by_its_referer(
    rules: AccessRules, referer: str
) -> None:
    assert status(rules, referer=referer) == 403
    assert status(rules, "POST", referer=referer) == 403


def test_the_upload_page_may_send_photographs_to_the_lake_and_read_nothing() -> None:
    for method in ("POST", "PUT"):
        assert status(EMULATOR, method, origin=PAGE, fetch_site="same-site") is None
        assert status(EMULATOR, "OPTIONS", origin=PAGE, preflight_for=method) is None
    assert status(EMULATOR, "GET", origin=PAGE) == 403
    assert status(EMULATOR, "DELETE", origin=PAGE) == 403
    assert status(EMULATOR, "OPTIONS", origin=PAGE, preflight_for="DELETE") == 403
    assert status(EMULATOR, "OPTIONS", origin=PAGE) == 403
    assert status(DAGSTER, "POST", origin=PAGE) == 403


def test_label_studio_may_show_pictures_of_the_lake_and_change_nothing() -> None:
    picture = {"fetch_site": "same-site", "fetch_mode": "no-cors", "fetch_dest": "image"}
    assert status(EMULATOR, origin=SEND) is None
    assert status(EMULATOR, **picture, referer=f"{SEND}/projects/1") is None
    assert status(EMULATOR, **picture) == 403
    for method in ("POST", "PUT", "DELETE"):
        assert status(EMULATOR, method, origin=SEND) == 403
        assert status(EMULATOR, method, referer=f"{SEND}/projects/1") == 403


def test_only_a_guest_s_page_may_read_the_answer() -> None:
    asked = Request("POST", host="127.0.0.1:4566", origin=PAGE)
    assert guest_origin(EMULATOR, asked) == PAGE
    assert guest_origin(EMULATOR, replace(asked, method="GET")) is None
    assert guest_origin(EMULATOR, replace(asked, origin="http://127.0.0.1:4566")) is None
    assert guest_origin(DAGSTER, asked) is None


@pytest.mark.parametrize(
    "kind",
    [
        None, "", "text/plain", "text/plain;application/json", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/graphql", "application/json, text/plain",
        "application/jsonp",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/graphql", "/report_asset_materialization/a", "/anything"])
def test_dagster_is_changed_by_json_alone(kind: str | None, path: str) -> None:
    assert status(DAGSTER, "POST", path=path, content_type=kind) == 415
    assert (
        status(DAGSTER, "POST", path=path, content_type="Application/JSON; charset=utf-8") is None
    )


def test_dagster_executes_nothing_by_get_and_still_shows_its_query_page() -> None:
    for path in ("/graphql", "/graphql/"):
        assert status(DAGSTER, path=path) == 405
        assert status(DAGSTER, path=path, accept="*/*") == 405
        assert status(DAGSTER, "HEAD", path=path) == 405
        assert status(DAGSTER, path=path, accept="text/html,*/*") is None
    assert status(DAGSTER, path="/assets") is None


def test_a_websocket_is_taken_by_dagster_from_its_own_page_or_a_program() -> None:
    assert status(DAGSTER, is_websocket=True, origin="http://127.0.0.1:3000") is None
    assert status(DAGSTER, is_websocket=True) is None
    for rules in (EMULATOR, UPLOADS):
        assert status(rules, is_websocket=True) == 403


def test_a_tunnel_s_name_is_allowed_by_a_setting_and_is_then_the_server_s_own() -> None:
    told = read_settings({"FARMY_ALLOWED_HOSTS": "localhost:13000, farmy.example.org"})
    rules = dagster_rules(told)
    for host in ("localhost:13000", "farmy.example.org", "127.0.0.1:3000"):
        for scheme in ("http", "https"):
            request = Request(
                "POST", host=host, origin=f"{scheme}://{host}", content_type="application/json"
            )
            assert refusal(rules, request) is None
    assert refusal(rules, Request("GET", host="evil.farmy.example.org")) is not None


@EVERY
def test_rules_go_to_a_server_s_process_as_text(rules: AccessRules) -> None:
    assert AccessRules.from_json(rules.to_json()) == rules
