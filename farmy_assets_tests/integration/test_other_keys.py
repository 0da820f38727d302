"""A platform that runs with other keys, as of an earlier version, is brought to its own."""

import json
from collections.abc import Iterator

import pytest

from farmy_assets.lake import connection
from farmy_assets.lake.lake import Lake
from farmy_assets.local import platform as local_platform
from farmy_assets.local.settings import load_secrets, platform_environment
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.servers import running_platform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    home = tmp_path_factory.mktemp("other-keys")
    with running_platform(home, parts={"ministack"}) as running:
        yield running


def up(platform: RunningPlatform) -> list[str]:
    """Bring up MiniStack alone; the lines of progress."""
    told: list[str] = []
    local_platform.up(
        platform.settings, say=told.append, repair_catalog=lambda: None, parts={"ministack"}
    )
    return told


def test_what_runs_with_other_keys_is_started_again_and_keeps_its_data(
    earlier: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = earlier.settings
    earlier.lake.records.bucket.put("kept.json", b"1")
    before, pid = load_secrets(settings), earlier.pid("ministack")
    path = settings.home / "secrets.json"
    kept = json.loads(path.read_text())
    for name in [name for name in kept if "access_key" in name]:
        del kept[name]
    path.write_text(json.dumps(kept))

    told = up(earlier)
    assert any("other keys" in line for line in told)
    after = load_secrets(settings)
    assert earlier.pid("ministack") != pid
    assert after.aws_access_key_id != before.aws_access_key_id
    assert after.label_studio_token == before.label_studio_token
    environment = platform_environment(settings)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, environment[name])
    connection._session.cache_clear()
    lake = Lake.from_environment(environment)
    assert lake.records.bucket.get("kept.json") == b"1"
    connection._session.cache_clear()
    pid = earlier.pid("ministack")
    assert not any("other keys" in line for line in up(earlier))
    assert earlier.pid("ministack") == pid
