"""A platform with real servers for one session of tests, apart from any other.

It lies in a folder of its own and listens on free ports, so it can run beside a platform that
people work with. It is stopped at the end, also when a test dies; and when the test process itself
is killed, by a shell that waits for its end.
"""

import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake.lake import Lake
from farmy_assets.local import platform as local_platform
from farmy_assets.local.dagster_servers import prepare_dagster
from farmy_assets.local.settings import LocalSettings, platform_environment, read_settings
from farmy_assets_tests.integration.running import (
    RunningPlatform,
    forget_keys,
    free_ports,
    scraper_folder,
    shell_environment,
)

AWS_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED")


@contextmanager
def running_platform(
    home: Path,
    parts: Collection[str] = local_platform.ALL_PARTS,
) -> Iterator[RunningPlatform]:
    """Servers, up from here to the end of the block; what they keep lies in `home`."""
    settings = replace(read_settings(), home=home, ports=free_ports())
    told = platform_environment(settings)
    with pytest.MonkeyPatch.context() as patch, _stopped_whatever_happens(settings):
        for name in AWS_VARIABLES:
            patch.setenv(name, told[name])
        patch.setenv("FARMY_SCRAPERS", str(scraper_folder(settings)))
        local_platform.up(
            settings, say=lambda _line: None, repair_catalog=lambda: None, parts=parts
        )
        prepare_dagster(settings)  # also where none of its servers is wanted
        cleansed = told["FARMY_CLEANSED_BUCKET"]
        studio = Studio(StudioSettings.from_environment(told, cleansed_bucket=cleansed))
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            forget_keys()
            lake = Lake.from_environment(told)
            lake.mark_cleansed_bucket()  # also where tests make inboxes without a run
            yield RunningPlatform(
                settings=settings,
                environment=shell_environment(settings),
                lake=lake,
                studio=studio,
                instance=instance,
            )
        studio.close()
    forget_keys()


@contextmanager
def _stopped_whatever_happens(settings: LocalSettings) -> Iterator[None]:
    """`farmy down` at the end; the shell sees its input end, however this process ends.

    It writes to a file: a pipe would break together with this process.
    """
    log = settings.home / "down.log"
    with log.open("w") as output:
        guard = subprocess.Popen(
            ["/bin/sh", "-c", 'cat; exec "$0" down', str(Path(sys.executable).with_name("farmy"))],
            env=shell_environment(settings),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("asked to stop"))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        guard.communicate()
        assert guard.returncode == 0, f"the platform was not stopped: {log.read_text()}"
