"""Label Studio: a migrated database to start from, its first user, and its server.

The server is gunicorn with Label Studio's own WSGI application behind the gate
(`label_studio/gate/`): the built-in development server takes the next port when its own is taken,
is slower, and has no gate. Secrets reach it by environment only.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from farmy_assets.errors import PlatformError
from farmy_assets.label_studio import gate
from farmy_assets.local.environments import environment_folder, python_of
from farmy_assets.local.processes import Say, Server, clean_environment
from farmy_assets.local.settings import HOST, PORT_SETTINGS, REGION, LocalSettings, load_secrets

NAME = "label-studio"
DATABASE = "label_studio.sqlite3"
HEALTH_TIMEOUT_SECONDS = 2.0
PREPARATION_SECONDS = 600


def label_studio_server(settings: LocalSettings) -> Server:
    """The Label Studio process of this platform; its data lies in `<home>/label-studio/data`."""
    environment = environment_folder(settings.setup, NAME)
    libraries = environment / "lib" / f"python{python_of(environment)}" / "site-packages"
    empty = _empty_directory(settings)
    address = settings.address(NAME)
    return Server(
        name=NAME,
        title="Label Studio",
        command=(
            str(environment / "bin" / "gunicorn"),
            "farmy_gate.wsgi:application",
            f"--bind={HOST}:{settings.ports[NAME]}",
            "--workers=2",
            "--threads=8",
            "--timeout=180",
            f"--worker-tmp-dir={empty}",
            # The package's own folder: Label Studio imports its parts by their bare names.
            f"--pythonpath={gate.FOLDER},{libraries / 'label_studio'}",
        ),
        environment={
            **_environment(settings, settings.home / NAME / "data"),
            "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
        },
        directory=empty,
        healthy=lambda _created: _answers(address),
        port=settings.ports[NAME],
        port_setting=PORT_SETTINGS[NAME][0],
        address=address,
        start_seconds=120,
        stop_seconds=45,
    )


def prepare_label_studio(settings: LocalSettings, say: Say) -> None:
    """Give a new platform its database, with all migrations, and its first user.

    Safe to repeat, and safe to interrupt: a database appears whole or not at all.

    Raises:
        PlatformError: Label Studio could not be prepared; the text names the log.
    """
    data = settings.home / NAME / "data"
    database = data / DATABASE
    done = settings.home / NAME / "first-user"
    if done.exists() and database.exists():
        return
    if not database.exists():
        make_template(settings, say)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = data / f"{DATABASE}.draft"
        shutil.copyfile(settings.template / DATABASE, draft)
        draft.chmod(0o600)
        draft.replace(database)
    say("Label Studio's first user is being made")
    _run(settings, "init", environment=_environment(settings, data), say=say)
    done.touch()


def make_template(settings: LocalSettings, say: Say) -> None:
    """Make the migrated database that new platforms copy, unless it is there already.

    Two that come at the same time do not do the work twice: the second waits for the first.

    Raises:
        PlatformError: The migrations failed; the text names the log.
    """
    finished = settings.template / DATABASE
    if finished.exists():
        return
    settings.template.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(settings.template / "lock"):
        if finished.exists():
            return
        say("Label Studio's database is being made: once, for about a minute")
        # Hundreds of migrations, each synced to disk: in memory they take a fraction of the time.
        memory = Path("/dev/shm")  # noqa: S108  a fresh private folder is made in it
        base = memory if os.access(memory, os.W_OK) else settings.template
        with tempfile.TemporaryDirectory(dir=base, prefix="label-studio-") as folder:
            data = Path(folder)
            _run(settings, "version", environment=_environment(settings, data), say=say)
            with closing(sqlite3.connect(data / DATABASE)) as connection:
                # Readers and the writer no longer wait for each other; the mode stays in the file.
                connection.execute("PRAGMA journal_mode=wal")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            draft = settings.template / f"{DATABASE}.draft"
            shutil.copyfile(data / DATABASE, draft)
            draft.chmod(0o600)
            draft.replace(finished)


def _environment(settings: LocalSettings, data: Path) -> dict[str, str]:
    secrets = load_secrets(settings)
    address = settings.address(NAME)
    return clean_environment(
        {
            "LABEL_STUDIO_BASE_DATA_DIR": str(data),
            "LABEL_STUDIO_USERNAME": secrets.label_studio_email,
            "LABEL_STUDIO_PASSWORD": secrets.label_studio_password,
            "LABEL_STUDIO_USER_TOKEN": secrets.label_studio_token,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
            "LABEL_STUDIO_HOST": address,
            "HOST": address,
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "LOG_LEVEL": "WARNING",
            # A task's place among all of its inbox, in place of the count of those just visited.
            "fflag_fix_all_optic_79_task_count_is_wrong_short": "true",
            # Endpoint and keys by environment are trusted, so that Label Studio's protection
            # against requests to local addresses can stay on, and are not stored in its database.
            "LABEL_STUDIO_S3_ENDPOINT": settings.address("ministack"),
            # An identity of its own, which may read cleansed images and nothing else.
            "AWS_ACCESS_KEY_ID": secrets.label_studio_access_key_id,
            "AWS_SECRET_ACCESS_KEY": secrets.label_studio_secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": REGION,
        }
    )


def _empty_directory(settings: LocalSettings) -> Path:
    """Where Label Studio runs: a module named `users` or `tasks` beside it would shadow its own."""
    empty = settings.home / NAME / "empty"
    empty.mkdir(mode=0o700, parents=True, exist_ok=True)
    return empty


def _run(settings: LocalSettings, command: str, *, environment: dict[str, str], say: Say) -> None:
    program = settings.setup / "env" / NAME / "bin" / "label-studio"
    log = settings.logs / f"{NAME}-preparation.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = time.monotonic()
    stopped = threading.Event()

    def tell() -> None:
        while not stopped.wait(10):
            say(f"Label Studio's database is being made ({time.monotonic() - began:.0f} s)")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        with log.open("ab") as output:
            subprocess.run(  # noqa: S603  our own Label Studio
                [str(program), command, *(["-q"] if command == "init" else [])],
                cwd=_empty_directory(settings),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=PREPARATION_SECONDS,
                check=True,
            )
    except (OSError, subprocess.SubprocessError) as error:
        # The exception's own text would be the command; what went wrong stands in the log.
        msg = f"Label Studio could not be prepared ({type(error).__name__}): see {log}"
        raise PlatformError(msg) from error
    finally:
        stopped.set()
        teller.join()


def _answers(address: str) -> bool:
    try:
        answer = httpx.get(f"{address}/health", timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and '"UP"' in answer.text


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
