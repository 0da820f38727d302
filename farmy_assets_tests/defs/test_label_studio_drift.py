"""The comparison of Label Studio with the records as an asset: by night, and after an outage."""

import dagster as dg
import httpx
import pytest

from farmy_assets.definitions import defs
from farmy_assets.defs.label_studio_drift import outage_sensor
from farmy_assets_tests.defs.inboxes_in_memory import InboxesInMemory
from farmy_assets_tests.workflow.test_evaluation import BATCHES


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    made = InboxesInMemory()
    made.place(BATCHES[0])
    return made


def test_the_run_heals_and_tells_in_numbers_what_had_come_apart(
    inboxes: InboxesInMemory, instance: dg.DagsterInstance
) -> None:
    del inboxes.server.tasks[next(iter(inboxes.server.tasks))]
    inboxes.server.add_task(inboxes.project("anna"), {"image": "s3://mine/1.jpg"})
    told = []
    for _ in range(2):
        result = defs.resolve_job_def("reconcile_inboxes_job").execute_in_process(
            instance=instance, resources={"lake": inboxes.lake, "studio": inboxes.studio}
        )
        (event,) = result.asset_materializations_for_node("reconciled_inboxes")
        names = ("tasks_missing", "tasks_unknown", "healed", "left_for_people")
        told.append([event.metadata[name].value for name in names])
    assert told == [[1, 1, 1, 1], [0, 1, 0, 1]]


def test_while_label_studio_is_away_the_run_fails_and_says_so(
    inboxes: InboxesInMemory, instance: dg.DagsterInstance
) -> None:
    inboxes.server.fault = lambda _request: httpx.Response(502)
    result = defs.resolve_job_def("reconcile_inboxes_job").execute_in_process(
        instance=instance, resources={"lake": inboxes.lake, "studio": inboxes.studio},
        raise_on_error=False,
    )  # fmt: skip
    assert not result.success
    (failed,) = (e for e in result.all_node_events if e.event_type_value == "STEP_FAILURE")
    assert "HTTP 502" in str(failed.event_specific_data)


def test_it_runs_every_night() -> None:
    schedule = defs.resolve_schedule_def("nightly_inbox_reconcile")
    assert schedule.cron_schedule == "30 3 * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_after_an_outage_the_comparison_is_asked_for_once(
    inboxes: InboxesInMemory, instance: dg.DagsterInstance
) -> None:
    cursor: str | None = None

    def look() -> dg.SensorResult:
        nonlocal cursor
        with dg.build_sensor_context(
            instance=instance, definitions=defs, resources={"studio": inboxes.studio}, cursor=cursor
        ) as context:
            found = outage_sensor(context)
        assert isinstance(found, dg.SensorResult)
        cursor = found.cursor
        return found

    assert not look().run_requests
    inboxes.server.fault = lambda _request: httpx.Response(503)
    away = [look() for _ in range(2)]
    assert [found.cursor for found in away] == [away[0].cursor] * 2
    inboxes.server.fault = lambda _request: None
    (request,) = look().run_requests or []
    assert request.run_key == f"back:{away[0].cursor}"
    assert not look().run_requests
