"""MiniStack, which answers for AWS on this machine, behind the access rules.

It writes objects through to disk, but keeps everything else (table, queues, function, stack) in
memory until it is stopped cleanly. So a stop that was not clean leaves a marker, and whoever
starts it next deploys the stack again and has the catalog repaired from the raw zone.
"""

from pathlib import Path

import httpx

from farmy_assets.local.access.of_servers import emulator_rules
from farmy_assets.local.access.rules import VARIABLE
from farmy_assets.local.environments import environment_folder, python_of
from farmy_assets.local.processes import Server, clean_environment
from farmy_assets.local.settings import (
    HOST,
    LABEL_STUDIO_USER,
    PORT_SETTINGS,
    REGION,
    LocalSettings,
    load_secrets,
)

NAME = "ministack"
PROGRAM = Path(__file__).parent / "access" / "emulator.py"
SERVICES = (
    "s3,sqs,sns,dynamodb,dynamodbstreams,lambda,iam,sts,cloudformation,glue,logs,cloudwatch,kms,"
    "apigateway,athena"
)
HEALTH_TIMEOUT_SECONDS = 2.0


def ministack_server(settings: LocalSettings) -> Server:
    """The MiniStack process of this platform; all its data lies in `<home>/ministack`."""
    data = settings.home / "ministack"
    for folder in ("state", "s3", "tmp"):
        (data / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    address = settings.address(NAME)
    secrets = load_secrets(settings)
    user_key = (
        LABEL_STUDIO_USER,
        secrets.label_studio_access_key_id,
        secrets.label_studio_secret_access_key,
    )
    return Server(
        name=NAME,
        title="MiniStack",
        command=(str(environment_folder(settings.setup, NAME) / "bin" / "python"), str(PROGRAM)),
        environment=clean_environment(
            {
                "GATEWAY_PORT": str(settings.ports[NAME]),
                "BIND_HOST": HOST,
                "MINISTACK_HOST": HOST,
                "MINISTACK_REGION": REGION,
                "IOT_MTLS_ENABLED": "0",
                "SERVICES": SERVICES,
                "PERSIST_STATE": "1",
                "S3_PERSIST": "1",
                "STATE_DIR": str(data / "state"),
                "S3_DATA_DIR": str(data / "s3"),
                "TMPDIR": str(data / "tmp"),
                "LOG_LEVEL": "WARNING",
                "AUTH": "true",
                "AWS_ACCESS_KEY_ID": secrets.aws_access_key_id,
                "AWS_SECRET_ACCESS_KEY": secrets.aws_secret_access_key,
                VARIABLE: emulator_rules(settings).to_json(),
                "FARMY_EMULATOR_USER_KEY": ":".join(user_key),
                "AWS_DEFAULT_REGION": REGION,
            }
        ),
        directory=data,
        healthy=lambda _created: _answers(address),
        port=settings.ports[NAME],
        port_setting=PORT_SETTINGS[NAME][0],
        address=address,
        start_seconds=120,  # it loads what it saved: 11 s were seen with 100,000 catalog entries
        stop_seconds=180,  # it saves: 19 s were seen for the same
        while_stopping="saving its data; please leave it the time",
    )


def functions_python(settings: LocalSettings) -> str:
    """The Python that MiniStack runs functions by: its own, whatever their runtime says."""
    return python_of(environment_folder(settings.setup, NAME))


def _answers(address: str) -> bool:
    try:
        answer = httpx.get(
            f"{address}/_ministack/health", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def unclean_marker(settings: LocalSettings) -> Path:
    """There from the start of MiniStack until its data is known to be whole again."""
    return settings.run / "ministack.unsaved"


def repair_marker(settings: LocalSettings) -> Path:
    """There from the moment an unclean stop is seen until stack and catalog are repaired."""
    return settings.run / "repair-due"
