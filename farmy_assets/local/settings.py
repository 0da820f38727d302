"""Where the local platform lives, on which ports, and the environment of the product's code.

No server is started here and nothing is looked up over the network: the names of buckets, table
and queue are those that `deploy/aws/template.yaml` gives, and `deployment.py` checks that they are.
"""

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe

from farmy_assets.errors import PlatformError

HOST = "127.0.0.1"
PREFIX = "farmy"
REGION = "eu-central-1"
ACCOUNT_ID = "000000000000"  # the account that MiniStack gives to its root key
LABEL_STUDIO_USER = f"{PREFIX}-label-studio"  # the template's name for it
ADMIN_EMAIL = "admin@farmy.local"

# How each secret is made; the names are those of `Secrets`.
SECRETS: Mapping[str, Callable[[], str]] = {
    "label_studio_email": lambda: ADMIN_EMAIL,
    "label_studio_password": lambda: token_urlsafe(18),
    "label_studio_token": lambda: token_hex(20),
    "aws_access_key_id": lambda: f"AKIA{token_hex(8).upper()}",
    "aws_secret_access_key": lambda: token_hex(20),
    "label_studio_access_key_id": lambda: f"AKIA{token_hex(8).upper()}",
    "label_studio_secret_access_key": lambda: token_hex(20),
}
PORT_SETTINGS = {
    "ministack": ("FARMY_MINISTACK_PORT", 4566),
    "label-studio": ("FARMY_LABEL_STUDIO_PORT", 8180),
    "dagster": ("FARMY_DAGSTER_PORT", 3000),
    "uploads": ("FARMY_UPLOADS_PORT", 8280),
    "start": ("FARMY_START_PORT", 8380),
    "code-server": ("FARMY_CODE_SERVER_PORT", 4000),
}


@dataclass(frozen=True)
class LocalSettings:
    """Folders and ports of one local platform.

    Attributes:
        root: The checkout: templates and sources are read from here.
        home: All data, logs and process records of this platform.
        setup: What `make setup` made (environments, packages); several platforms can share it.
        template: The migrated Label Studio database that a new platform starts from.
        ports: Port by server name, the names of `PORT_SETTINGS`.
        other_hosts: Further `host:port` under which people reach the servers, through a tunnel or
            a proxy.
    """

    root: Path
    home: Path
    setup: Path
    template: Path
    ports: Mapping[str, int]
    other_hosts: tuple[str, ...] = ()

    @property
    def logs(self) -> Path:
        """One log file for each server."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Process records and markers."""
        return self.home / "run"

    @property
    def dagster_home(self) -> Path:
        """The Dagster instance."""
        return self.home / "dagster"

    @property
    def environment_file(self) -> Path:
        """The product's environment variables, for a shell to source."""
        return self.home / "platform.env"

    def address(self, server: str) -> str:
        """`http://host:port` of a server."""
        return f"http://{HOST}:{self.ports[server]}"


@dataclass(frozen=True)
class Secrets:
    """Made once for each platform; never logged, never on a command line.

    Attributes:
        label_studio_email: The administrator of Label Studio.
        label_studio_password: That one's password.
        label_studio_token: That one's token.
        aws_access_key_id: The local AWS's root key: the platform's own processes use it.
        aws_secret_access_key: Belongs to it.
        label_studio_access_key_id: The key with which Label Studio reads cleansed images.
        label_studio_secret_access_key: Belongs to it.
    """

    label_studio_email: str
    label_studio_password: str = field(repr=False)
    label_studio_token: str = field(repr=False)
    aws_access_key_id: str = field(repr=False)
    aws_secret_access_key: str = field(repr=False)
    label_studio_access_key_id: str = field(repr=False)
    label_studio_secret_access_key: str = field(repr=False)


def read_settings(environment: Mapping[str, str] | None = None) -> LocalSettings:
    """The settings that the environment asks for, `os.environ` when none is given.

    Raises:
        PlatformError: A port is not a number from 1 to 65535, or two servers have the same one.
    """
    given = os.environ if environment is None else environment
    root = Path(__file__).resolve().parents[2]
    home = Path(given.get("FARMY_HOME") or root / ".local").expanduser().resolve()
    setup = Path(given.get("FARMY_SETUP_DIR") or root / ".local").expanduser().resolve()
    template = given.get("FARMY_LABEL_STUDIO_TEMPLATE") or setup / "label-studio-template"
    return LocalSettings(
        root=root,
        home=home,
        setup=setup,
        template=Path(template).expanduser().resolve(),
        ports=_ports(given),
        other_hosts=_other_hosts(given.get("FARMY_ALLOWED_HOSTS", "")),
    )


def _other_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip().lower() for host in text.split(",") if host.strip())
    for host in hosts:
        if not re.fullmatch(r"[a-z0-9.-]+(:[0-9]{1,5})?", host):
            msg = f"FARMY_ALLOWED_HOSTS: {host!r} is not host or host:port"
            raise PlatformError(msg)
    return hosts


def _ports(given: Mapping[str, str]) -> dict[str, int]:
    ports: dict[str, int] = {}
    for server, (name, default) in PORT_SETTINGS.items():
        text = given.get(name) or str(default)
        port = int(text) if text.isascii() and text.isdigit() else 0
        if not 0 < port < 2**16:
            msg = f"{name}={text!r} is not a port: give a number from 1 to 65535"
            raise PlatformError(msg)
        if port in ports.values():
            msg = f"{name}={port} is another server's port already: give each its own"
            raise PlatformError(msg)
        ports[server] = port
    return ports


def load_secrets(settings: LocalSettings) -> Secrets:
    """The platform's secrets; made, and kept for their owner's eyes only, at the first call.

    A file of an earlier version lacks some: they are made and added, those it has stay.

    Raises:
        PlatformError: The file is damaged.
    """
    path = settings.home / "secrets.json"
    try:
        kept = {**json.loads(path.read_text())} if path.exists() else {}
        made = {name: kept[name] if name in kept else make() for name, make in SECRETS.items()}
    except (ValueError, TypeError) as error:
        msg = f"{path} is damaged ({type(error).__name__}): bring back the file as it was"
        raise PlatformError(msg) from error
    if made != kept:
        write_private(path, json.dumps({**kept, **made}, indent=1) + "\n")
    return Secrets(**made)


def write_private(path: Path, text: str) -> None:
    """Put a file in place whole, readable and writable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def bucket(zone: str) -> str:
    """The name of a zone's bucket: raw, cleansed, records, datasets or logs."""
    return f"{PREFIX}-{zone}-{ACCOUNT_ID}"


def platform_environment(settings: LocalSettings) -> dict[str, str]:
    """What the product's code reads, for this platform; it holds the platform's secrets."""
    secrets = load_secrets(settings)
    return {
        "FARMY_AWS_ENDPOINT_URL": settings.address("ministack"),
        "AWS_ACCESS_KEY_ID": secrets.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": secrets.aws_secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "FARMY_RAW_BUCKET": bucket("raw"),
        "FARMY_CLEANSED_BUCKET": bucket("cleansed"),
        "FARMY_RECORDS_BUCKET": bucket("records"),
        "FARMY_DATASETS_BUCKET": bucket("datasets"),
        "FARMY_LOGS_BUCKET": bucket("logs"),
        "FARMY_RUN_LOGS_DIR": str(settings.dagster_home / "run-logs"),
        "FARMY_CATALOG_TABLE": f"{PREFIX}-catalog",
        "FARMY_QUOTA_TABLE": f"{PREFIX}-upload-quotas",
        "FARMY_GLUE_DATABASE": PREFIX,
        "FARMY_INGEST_QUEUE_URL": f"{settings.address('ministack')}/{ACCOUNT_ID}/{PREFIX}-ingest",
        "FARMY_LABEL_STUDIO_URL": settings.address("label-studio"),
        "FARMY_LABEL_STUDIO_TOKEN": secrets.label_studio_token,
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "DAFT_ANALYTICS_ENABLED": "0",
        "DAFT_PROGRESS_BAR": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def write_environment_file(settings: LocalSettings) -> Path:
    """Write `platform.env`, which a shell can source, and return its path."""
    lines = (
        f"export {name}={shlex.quote(value)}"
        for name, value in platform_environment(settings).items()
    )
    write_private(settings.environment_file, "\n".join(lines) + "\n")
    return settings.environment_file
