"""Tokens and passwords stay where they belong, after everything that the other tests did."""

import json

import pytest
from dagster import serialize_value

from farmy_assets.local.settings import load_secrets
from farmy_assets.simulation.accounts import Account
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.secret_search import files_with, platform_secrets_found
from farmy_assets_tests.integration.small_loop import NAME, Loop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def test_no_token_and_no_password_is_in_dagsters_folder_in_a_log_or_in_the_lake(
    platform: RunningPlatform, accounts: dict[str, Account], loop: Loop
) -> None:
    personal = {account.token for account in accounts.values()}
    personal |= {account.password for account in accounts.values()}
    assert platform_secrets_found(platform.settings, personal) == set()
    home = platform.settings.home
    # The search finds what is there: run metadata, logs and records tell the campaign's name.
    assert files_with(platform.settings.dagster_home, {NAME, loop.version.version_id})
    assert files_with(home / "ministack", {loop.version.version_id})


def test_no_run_and_no_materialization_shows_a_secret(
    platform: RunningPlatform, accounts: dict[str, Account], loop: Loop
) -> None:
    del loop
    known = load_secrets(platform.settings)
    secret = {known.label_studio_token, known.label_studio_password, known.aws_secret_access_key}
    secret |= {account.token for account in accounts.values()}
    told = []
    for run in platform.instance.get_runs():
        told.append(json.dumps([dict(run.tags), dict(run.run_config)], default=str))
        told += [serialize_value(entry) for entry in platform.instance.all_logs(run.run_id)]
    assert len(told) > 100
    assert not [text for text in told if any(word in text for word in secret)]


def test_only_their_owner_can_read_the_files_that_hold_secrets(platform: RunningPlatform) -> None:
    home = platform.settings.home
    for name in ("secrets.json", "platform.env"):
        assert (home / name).stat().st_mode & 0o077 == 0
    environment = (home / "platform.env").read_text()
    assert load_secrets(platform.settings).label_studio_token in environment
