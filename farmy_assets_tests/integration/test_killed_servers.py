"""Servers killed without a warning in the middle of a batch, and brought up again."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.simulation.accounts import Account
from farmy_assets.simulation.behaviour import ErrorRates
from farmy_assets.workflow.audit import phases, sealed_twice
from farmy_assets_tests.integration.evidence import (
    assert_every_image_is_accounted_for,
    assert_no_task_is_there_twice,
    assert_no_vote_is_lost,
)
from farmy_assets_tests.integration.people import everybody_at_work, open_campaign, two_plants
from farmy_assets_tests.integration.photographs import write_photographs
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

FILES = 10
RATES = ErrorRates(wrong_class=0.2, miss=0.2)
Kill = Callable[[RunningPlatform, str], None]


def kill_the_daemon(platform: RunningPlatform, _run_id: str) -> None:
    platform.kill("dagster-daemon")


def kill_the_run_worker(platform: RunningPlatform, run_id: str) -> None:
    platform.run_worker(run_id).kill()
    assert platform.wait_for_run(run_id).status is dg.DagsterRunStatus.FAILURE


def kill_ministack(platform: RunningPlatform, run_id: str) -> None:
    platform.kill("ministack")
    assert platform.wait_for_run(run_id).status is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize(
    ("name", "kill"),
    [
        ("killed-daemon", kill_the_daemon),
        ("killed-run", kill_the_run_worker),
        ("killed-ministack", kill_ministack),
    ],
    ids=["daemon", "run worker", "MiniStack"],
)
def test_a_kill_in_the_middle_of_a_batch_loses_nothing_and_does_nothing_twice(
    platform: RunningPlatform,
    accounts: dict[str, Account],
    tmp_path: Path,
    name: str,
    kill: Kill,
) -> None:
    write_photographs(tmp_path, of=name, count=FILES)
    campaign = open_campaign(platform, name, overlap=0.5, annotators=("anna", "ben"))
    platform.wait_until_idle()  # what earlier tests left to do would change other campaigns
    others = [image for image in phases(platform.lake) if image.campaign != name]
    with everybody_at_work(platform, accounts, campaign, truth=two_plants, rates=RATES):
        platform.ingest(name, tmp_path)
        run = platform.wait_until("a run at work", lambda: _in_the_middle(platform, name))
        kill(platform, run.run_id)
        platform.up()
        platform.wait_until(
            f"the release of {name}", lambda: platform.lake.datasets.newest(name), seconds=300
        )
    images = platform.phases(name)
    assert {image.phase for image in images} == {ImagePhase.RELEASED}
    assert {image.name for image in images} == {path.name for path in tmp_path.iterdir()}
    assert_every_image_is_accounted_for(platform, name, [image.image_id for image in images])
    assert sealed_twice(platform.lake) == set()
    assert_no_task_is_there_twice(platform, name)
    assert_no_vote_is_lost(platform, name)
    assert [image for image in phases(platform.lake) if image.campaign != name] == others


def _in_the_middle(platform: RunningPlatform, campaign: str) -> dg.DagsterRun | None:
    """The batch's run, when it has looked at the raw images and is not yet done."""
    for run in platform.runs(platform.batch_ids(campaign)):
        done = platform.instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        ).records
        if done and not run.is_finished:
            return run
    return None
