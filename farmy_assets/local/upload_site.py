"""The upload interface and its page on this machine: uvicorn with the Lambda's own application."""

import os
import sys
from contextlib import suppress

import httpx
from starlette.types import ASGIApp

from farmy_assets.ingestion.uploads.app import connected_app
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
    """The application on the lake that the process's environment names, behind its access rules."""
    app = connected_app(LakeSettings.from_environment(os.environ), limits_from(os.environ))
    return guarded(app, AccessRules.from_json(os.environ[VARIABLE]))


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        answer = httpx.get(
            f"{address}/openapi.json", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False
        )
        return answer.status_code == httpx.codes.OK
    return False
