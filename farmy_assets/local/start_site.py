"""The start page of this machine's platform: one page that leads to everything else on it.

It also serves the campaigns' pages and scorecards as they were last made. It only reads; who may
ask is decided by the access rules in front of it.
"""

import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeAlias

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from farmy_assets.errors import FarmyError
from farmy_assets.lake.campaign_pages import INDEX, MEDIA_TYPES
from farmy_assets.lake.lake import Lake
from farmy_assets.local.access.asgi import guarded
from farmy_assets.local.access.of_servers import start_rules
from farmy_assets.local.access.rules import VARIABLE, AccessRules
from farmy_assets.local.processes import Server, clean_environment
from farmy_assets.local.settings import HOST, PORT_SETTINGS, LocalSettings, platform_environment
from farmy_assets.local.start_page import ADDRESSES, start_page

NAME = "start"
HEALTH = "/health"
ADDRESSES_VARIABLE = "FARMY_START_ADDRESSES"
HEALTH_TIMEOUT_SECONDS = 2.0
Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def start_server(settings: LocalSettings) -> Server:
    """The process that serves the start page."""
    address = settings.address(NAME)
    addresses = {name: settings.address(name) for name in ADDRESSES}
    return Server(
        name=NAME,
        title="Start page",
        command=(
            *(sys.executable, "-m", "uvicorn", "--factory", f"{__name__}:site_of_environment"),
            *(f"--host={HOST}", f"--port={settings.ports[NAME]}", "--no-access-log"),
            *("--lifespan=off", "--timeout-graceful-shutdown", "5", "--log-level", "warning"),
        ),
        environment=clean_environment(
            {
                **platform_environment(settings),
                ADDRESSES_VARIABLE: json.dumps(addresses),
                VARIABLE: start_rules(settings).to_json(),
            }
        ),
        directory=settings.root,
        healthy=lambda _created: _answers(address),
        port=settings.ports[NAME],
        port_setting=PORT_SETTINGS[NAME][0],
        address=address,
    )


def site_of_environment() -> ASGIApp:
    """The application on the lake that the process's environment names, behind its access rules."""
    addresses = json.loads(os.environ[ADDRESSES_VARIABLE])
    site = start_site(Lake.from_environment(os.environ), addresses)
    return guarded(site, AccessRules.from_json(os.environ[VARIABLE]))


def start_site(lake: Lake, addresses: Mapping[str, str]) -> Starlette:
    """The application.

    Args:
        lake: Where campaigns, their pages and troubles are.
        addresses: Server to address, of those in `ADDRESSES`.
    """

    async def start(_request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(start_page, lake, addresses))

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def campaign_file(request: Request) -> Response:
        name, path = request.path_params["name"], request.path_params["path"] or INDEX
        media_type = MEDIA_TYPES.get(path.rpartition(".")[2])
        if media_type is None or name not in await run_in_threadpool(lake.campaigns.names):
            return _missing(name)
        content = await run_in_threadpool(lake.campaign_pages.file, name, path)
        if content is None:
            return _missing(name)
        return Response(content, media_type=media_type)

    async def campaign(request: Request) -> Response:
        return RedirectResponse(f"/campaigns/{request.path_params['name']}/", status_code=308)

    return Starlette(
        routes=[
            Route("/", _with_errors_as_text(start)),
            Route(HEALTH, health),
            Route("/campaigns/{name:str}", campaign),
            Route("/campaigns/{name:str}/{path:path}", _with_errors_as_text(campaign_file)),
        ]
    )


def _missing(name: str) -> Response:
    return PlainTextResponse(
        f"There is no such page. The platform makes it some minutes after the first answers; now: "
        f"farmy campaign page {name}\n",
        status_code=404,
    )


def _with_errors_as_text(answer: Answer) -> Answer:
    """The same, with the reason as text where the lake does not answer."""

    async def answer_or_reason(request: Request) -> Response:
        try:
            return await answer(request)
        except FarmyError as error:
            return PlainTextResponse(f"{error}\n", status_code=503)

    return answer_or_reason


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        answer = httpx.get(f"{address}{HEALTH}", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False)
        return answer.status_code == httpx.codes.OK
    return False
