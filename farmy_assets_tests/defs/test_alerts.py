"""A failed job, and what is told of it: by a real web server, once, and never by failing a tick."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from farmy_assets.defs import alerts
from farmy_assets.defs.alerts import alerts_sensor, run_failures_sensor
from farmy_assets.defs.resources import AlertEnvironment
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_pages.making import publish_page
from farmy_assets_tests.workflow.alerts.receivers import WebhookReceiver, serving
from farmy_assets_tests.workflow.campaign_pages.played_campaign import NAME, play

BATCH = "000001-20260601T120000Z-weeds"


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookReceiver]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    receiver = WebhookReceiver()
    with serving(receiver):
        yield receiver


@dg.op
def may_fail(context: dg.OpExecutionContext) -> None:
    if context.run.tags.get("fails"):
        raise dg.Failure("Label Studio does not answer <at> noon\nsecond line")


@dg.job
def placement_job() -> None:
    may_fail()


def run(instance: dg.DagsterInstance, lake: Lake, *, fails: bool) -> None:
    """Run the job for a batch; its failure is noted as the daemon would."""
    tags = {"dagster/partition": BATCH} | ({"fails": "yes"} if fails else {})
    result = placement_job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    if fails:
        event = next(e for e in result.all_events if e.is_run_failure)
        context = dg.build_run_status_sensor_context(
            sensor_name="run_failures_sensor", dagster_instance=instance,
            dagster_run=result.dagster_run, dagster_event=event, resources={"lake": lake},
        ).for_run_failure()  # fmt: skip
        run_failures_sensor(context)


def tick(instance: dg.DagsterInstance, lake: Lake, **variables: str) -> str:
    with dg.build_sensor_context(
        instance=instance, resources={"lake": lake, "alerting": AlertEnvironment(variables)}
    ) as context:
        found = alerts_sensor(context)
    assert isinstance(found, dg.SkipReason)
    return str(found.skip_message)


def titles(webhook: WebhookReceiver) -> list[str]:
    return [str(body["text"]).splitlines()[0].strip("*") for body in webhook.bodies]


def test_a_job_that_fails_three_times_is_told_once_and_its_success_ends_it(
    lake: Lake, instance: dg.DagsterInstance, webhook: WebhookReceiver
) -> None:
    where = {"FARMY_ALERT_WEBHOOK": webhook.address}
    for _ in range(3):
        run(instance, lake, fails=True)
        tick(instance, lake, **where)
    assert titles(webhook) == [f"placement_job of {BATCH} failed"]
    assert "Label Studio does not answer &lt;at&gt; noon" in webhook.bodies[0]["text"]
    assert "second line" not in webhook.bodies[0]["text"]
    run(instance, lake, fails=False)
    assert tick(instance, lake, **where) == "0 troubles open, 1 message sent"
    assert titles(webhook)[1:] == [f"Passed: placement_job of {BATCH} failed"]
    assert tick(instance, lake, **where) == "0 troubles open, 0 messages sent"


def test_a_failure_that_nobody_repeated_for_a_week_is_not_told_for_ever(
    lake: Lake, instance: dg.DagsterInstance, webhook: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run(instance, lake, fails=True)
    where = {"FARMY_ALERT_WEBHOOK": webhook.address}
    assert tick(instance, lake, **where) == "1 trouble open, 1 message sent"
    monkeypatch.setattr(alerts, "FORGOTTEN_AFTER", timedelta(0))
    assert tick(instance, lake, **where) == "0 troubles open, 1 message sent"


def test_a_webhook_that_is_down_hurts_nothing_and_the_message_comes_later(
    lake: Lake, instance: dg.DagsterInstance, webhook: WebhookReceiver
) -> None:
    where = {"FARMY_ALERT_WEBHOOK": webhook.address}
    run(instance, lake, fails=True)
    webhook.status = 503
    said = tick(instance, lake, **where)
    assert said.startswith("1 trouble open, 0 messages sent; webhook: the webhook answered 503")
    assert "s3cr3t" not in said
    webhook.status = 200
    assert tick(instance, lake, **where) == "1 trouble open, 1 message sent"


def test_stale_tasks_and_a_high_conflict_rate_are_told_with_the_people_and_what_to_do(
    lake: Lake, instance: dg.DagsterInstance, webhook: WebhookReceiver
) -> None:
    campaign = play(lake, images=72, until=date.today() - timedelta(days=20))  # noqa: DTZ011
    publish_page(lake, campaign, now=datetime.now(UTC))
    tick(
        instance, lake, FARMY_ALERT_WEBHOOK=webhook.address, FARMY_ALERT_CONFLICT_PERCENT="5",
        FARMY_ALERT_STALE_DAYS="14",
    )  # fmt: skip
    texts = [body["text"] for body in webhook.bodies]
    assert len(texts) == 2
    assert f"{NAME}: annotators disagree on" in texts[0]
    assert "12 tasks" in texts[1] or f"of {NAME} are stale" in texts[1]
    assert "ben (" in texts[1]


def test_without_settings_troubles_are_kept_and_the_tick_says_what_is_missing(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    run(instance, lake, fails=True)
    said = tick(instance, lake)
    assert said.startswith("1 trouble open; nobody is told: FARMY_ALERT_WEBHOOK")
    assert len(lake.alerts.state().open_troubles()) == 1


def test_a_setting_that_makes_no_sense_is_said_and_fails_no_tick(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    assert "is no web address" in tick(instance, lake, FARMY_ALERT_WEBHOOK="nonsense")


def test_secrets_are_read_from_secrets_manager_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def read(arn: str, **_: object) -> str:
        asked.append(arn)
        return "https://hooks.example.com/s3cr3t"

    monkeypatch.setattr("farmy_assets.defs.resources.read_secret", read)
    names = ("RAW_BUCKET", "CLEANSED_BUCKET", "RECORDS_BUCKET", "DATASETS_BUCKET", "CATALOG_TABLE")
    variables = {f"FARMY_{name}": "x" for name in names} | {
        "AWS_DEFAULT_REGION": "eu-central-1", "FARMY_ALERT_WEBHOOK_SECRET": "arn:aws:x",
    }  # fmt: skip
    environment = AlertEnvironment(variables)
    assert environment.settings().webhook == "https://hooks.example.com/s3cr3t"
    assert asked == ["arn:aws:x"]
    assert "s3cr3t" not in repr(environment.settings())


def test_the_failure_sensor_and_the_alerts_sensor_run_by_themselves() -> None:
    for sensor in (run_failures_sensor, alerts_sensor):
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
        assert sensor.minimum_interval_seconds == alerts.SECONDS
