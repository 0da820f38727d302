"""The asset of a campaign's page: what it tells, and when it is remade."""

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_figures import CampaignFigures
from farmy_assets.definitions import defs
from farmy_assets.defs.campaign_pages import campaign_page, campaign_pages_sensor
from farmy_assets.lake.campaign_pages import MadePage
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_figures import refresh_figures
from farmy_assets.workflow.campaign_pages import making
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets_tests.annotation.examples import minutes, vote
from farmy_assets_tests.workflow.campaign_pages.played_campaign import (
    NAME,
    image_id,
    play,
    rules,
)


@pytest.fixture
def played(lake: Lake, instance: dg.DagsterInstance) -> None:
    play(lake, images=24, until=date(2026, 6, 10))
    instance.add_dynamic_partitions("campaigns", [NAME])


def asked(lake: Lake, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    with dg.build_sensor_context(instance=instance, resources={"lake": lake}) as context:
        found = campaign_pages_sensor(context)
    assert isinstance(found, dg.SensorResult)
    return list(found.run_requests or [])


def make(lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]) -> None:
    job = defs.resolve_job_def("campaign_page_job")
    assert job.execute_in_process(
        instance=instance, partition_key=NAME, resources=dict(resources)
    ).success


def vote_again(lake: Lake, number: int) -> None:
    """Something new is evaluated."""
    new = vote(
        "anna", image_id=image_id(0), task_key=image_id(0), vote_id=f"new {number}",
        submitted_at=minutes(number),
    )  # fmt: skip
    lake.votes.add(NAME, [new])
    bring_up_to_date(lake, lake.campaigns.named(NAME))


@pytest.mark.usefixtures("played")
def test_a_page_is_asked_for_once_and_not_at_each_vote(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (request,) = asked(lake, instance)
    assert (request.partition_key, request.run_key) == (NAME, f"campaign_page_job:{NAME}:first")
    make(lake, instance, resources)
    assert asked(lake, instance) == []
    vote_again(lake, 1)
    assert asked(lake, instance) == []
    monkeypatch.setattr(making, "SMALL_AT_MOST_EVERY", timedelta(0))
    assert len(asked(lake, instance)) == 1
    make(lake, instance, resources)
    assert asked(lake, instance) == []


@pytest.mark.usefixtures("played")
def test_what_comes_while_a_page_is_made_is_asked_for_afterwards(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(making, "SMALL_AT_MOST_EVERY", timedelta(0))
    refresh = refresh_figures

    def meanwhile(*args: Any, **named: Any) -> CampaignFigures:  # noqa: ANN401
        figures = refresh(*args, **named)
        vote_again(lake, 2)
        return figures

    monkeypatch.setattr(making, "refresh_figures", meanwhile)
    make(lake, instance, resources)
    assert len(asked(lake, instance)) == 1


def page_of(moment: datetime, *, images: int) -> MadePage:
    return MadePage(
        campaign=NAME, made_at=moment, made_of="1", files=(), images=images, settled_share=0.0,
        answered_twice=0, disputed_twice=0, open_conflicts=0,
        open_tasks={"anna": {"2026-06-01": 1}}, days_left=None,
    )  # fmt: skip


@pytest.mark.parametrize(("images", "minutes_left"), [(1000, 2), (1001, 10)])
def test_the_page_of_a_large_campaign_is_left_for_longer(images: int, minutes_left: int) -> None:
    made = page_of(datetime(2026, 6, 10, 12, tzinfo=UTC), images=images)
    early = made.made_at + timedelta(minutes=minutes_left, seconds=-1)
    assert not making.is_due(made, "2", now=early)
    assert making.is_due(made, "2", now=early + timedelta(seconds=1))


def test_a_page_of_yesterday_is_remade_in_the_morning_where_something_is_open() -> None:
    made = page_of(datetime(2026, 6, 10, 12, tzinfo=UTC), images=1)
    night, morning = (datetime(2026, 6, 11, hour, tzinfo=UTC) for hour in (4, 5))
    assert not making.is_due(made, "1", now=night)
    assert making.is_due(made, "1", now=morning)
    done = made.model_copy(update={"open_tasks": {}})
    assert not making.is_due(done, "1", now=morning)
    assert making.is_due(done, "2", now=morning)


def test_a_campaign_without_an_answer_has_no_page(lake: Lake, instance: dg.DagsterInstance) -> None:
    lake.campaigns.apply(rules())
    instance.add_dynamic_partitions("campaigns", [NAME])
    assert asked(lake, instance) == []


def test_a_campaign_that_dagster_does_not_know_yet_waits(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    play(lake, images=12, until=date(2026, 6, 10))
    assert asked(lake, instance) == []


def test_the_asset_tells_the_main_figures_and_keeps_the_page(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    play(lake, images=24, until=date(2026, 6, 10))
    instance.add_dynamic_partitions("campaigns", [NAME])
    result = dg.materialize(
        [campaign_page], instance=instance, partition_key=NAME, resources=dict(resources)
    )
    (event,) = result.asset_materializations_for_node("campaign_page")
    told = {name: value.value for name, value in event.metadata.items()}
    made = lake.campaign_pages.made(NAME)
    assert made is not None
    assert told["dagster/partition_row_count"] == made.images == 24
    assert told["settled_percent"] == round(100 * made.settled_share, 2)
    assert isinstance(told["hours_of_work"], float)
    _, _, encoded = str(told["throughput"]).partition("data:image/svg+xml;base64,")
    chart = ElementTree.fromstring(base64.b64decode(encoded.rstrip(")")))
    assert chart.tag == "{http://www.w3.org/2000/svg}svg"  # without it no browser draws a picture
    assert len(chart.findall("{*}rect")) >= 1
    assert isinstance(event.metadata["progress"], dg.TableMetadataValue)
    assert event.metadata["progress"].records
    assert told["dagster/uri"] == f"s3://records/campaign-pages/{NAME}/"
