"""People, and one campaign that went all the way, for the tests with real servers; their order."""

import secrets

import pytest

from farmy_assets.simulation.accounts import Account, invite
from farmy_assets_tests.integration.people import PEOPLE, email_of
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.small_loop import Loop, run_small_loop

# What breaks servers comes last, and then what looks at everything that was left behind.
LATE = ("test_label_studio_is_down", "test_killed_servers", "test_secrets")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        module = item.path.stem
        return LATE.index(module) + 1 if module in LATE else 0

    items.sort(key=place)


@pytest.fixture(scope="session")
def accounts(platform: RunningPlatform) -> dict[str, Account]:
    """Name of a person to his or her account in Label Studio."""
    passwords = {email_of(name): secrets.token_urlsafe(12) for name in PEOPLE}
    made = invite(platform.label_studio_url, platform.label_studio_token, passwords=passwords)
    return {name: made[email_of(name)] for name in PEOPLE}


@pytest.fixture(scope="session")
def loop(
    platform: RunningPlatform,
    accounts: dict[str, Account],
    tmp_path_factory: pytest.TempPathFactory,
) -> Loop:
    return run_small_loop(platform, accounts, tmp_path_factory.mktemp("small-loop"))
