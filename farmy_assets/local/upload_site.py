"""The upload interface and its page on this machine: the Lambda's own function behind a web route.

API Gateway hands each request to that function as an event; here a small web server does.
"""

import base64
import os
import sys
from contextlib import suppress

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from farmy_assets.ingestion.uploads.contract import LARGEST_BODY_BYTES
from farmy_assets.ingestion.uploads.http import UploadApi
from farmy_assets.ingestion.uploads.quota_limits import VARIABLES, limits_from
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.local.access.asgi import guarded
from farmy_assets.local.access.of_servers import upload_rules
from farmy_assets.local.access.rules import VARIABLE, AccessRules
from farmy_assets.local.processes import Server, clean_environment
from farmy_assets.local.settings import HOST, PORT_SETTINGS, LocalSettings, platform_environment

NAME = "uploads"
HEALTH_TIMEOUT_SECONDS = 2.0


def upload_server(settings: LocalSettings) -> Server:
    """The process that phones and browsers on this machine upload through."""
    address = settings.address(NAME)
    limits = {name: os.environ[name] for name in VARIABLES.values() if name in os.environ}
    return Server(
        name=NAME,
        title="Uploads",
        command=(
            *(sys.executable, "-m", "uvicorn", "--factory", f"{__name__}:site_of_environment"),
            *(
                f"--host={HOST}",
                f"--port={settings.ports[NAME]}",
                "--no-access-log",
                "--lifespan=off",
            ),
            *("--timeout-graceful-shutdown", "5", "--log-level", "warning"),
        ),
        environment=clean_environment(
            {**platform_environment(settings), **limits, VARIABLE: upload_rules(settings).to_json()}
        ),
        directory=settings.root,
        healthy=lambda _created: _answers(address),
        port=settings.ports[NAME],
        port_setting=PORT_SETTINGS[NAME][0],
        address=address,
    )


def site_of_environment() -> ASGIApp:
    """The site on the lake that the process's environment names, behind its access rules."""
    settings = LakeSettings.from_environment(os.environ)
    api = UploadApi.connect(settings, limits_from(os.environ))
    return guarded(site(api), AccessRules.from_json(os.environ[VARIABLE]))


def site(api: UploadApi) -> ASGIApp:
    """A web server's application that hands every request to the interface, whatever its path."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > 2 * LARGEST_BODY_BYTES:  # the interface refuses it; do not collect it
                break
        event = {
            "version": "2.0",
            "rawPath": request.url.path,
            "rawQueryString": request.url.query,
            "headers": dict(request.headers),
            "requestContext": {"http": {"method": request.method}},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        told = await run_in_threadpool(api.answer, event)
        response = Response(told["body"], status_code=told["statusCode"], headers=told["headers"])
        await response(scope, receive, send)

    return answer


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        answer = httpx.get(
            f"{address}/openapi.json", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False
        )
        return answer.status_code == httpx.codes.OK
    return False
