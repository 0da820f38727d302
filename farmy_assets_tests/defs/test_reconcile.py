"""The nightly repair as an asset, and what a sensor's look costs behind many finished batches."""

from collections.abc import Mapping

import dagster as dg

from farmy_assets.catalog.batches import Batch, SealingPolicy, batch_id_for
from farmy_assets.definitions import defs
from farmy_assets.defs.sensors import SensorCursor, new_images_sensor
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.progress import Progress
from farmy_assets_tests.arrivals import NOON, arrival, jpeg

Resources = Mapping[str, object]


def test_the_nightly_run_heals_and_tells_in_numbers_what_had_come_apart(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    lake.ingestion.store(arrival("a.jpg", jpeg()), jpeg())  # its event is lost
    added = []
    for _ in range(2):
        result = defs.resolve_job_def("reconcile_job").execute_in_process(
            instance=instance, resources=dict(resources)
        )
        (event,) = result.asset_materializations_for_node("reconciled_catalog")
        added.append(event.metadata["entries_added"].value)
    assert added == [1, 0]
    assert len(lake.catalog.waiting()) == 1


def test_it_runs_every_night_at_three() -> None:
    schedule = defs.resolve_schedule_def("nightly_reconcile")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 3 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def seal_by_hand(lake: Lake, numbers: range) -> None:
    """Finished batches, but for the first, which waits for its campaign for ever."""
    for number in numbers:
        batch = Batch(
            batch_id=batch_id_for(number, NOON, "weeds"), number=number, campaign="weeds",
            sealed_at=NOON, image_ids=(arrival(f"{number}.jpg", jpeg()).image_id,),
        )  # fmt: skip
        lake.records.write_once(keys.batch(number), batch)
        lake.records.bucket.put(keys.cleansed_set("weeds", batch.batch_id), b"{}")
        if number > 1:
            lake.records.bucket.put(keys.placements("weeds", batch.batch_id), b"{}")


def test_a_look_costs_the_same_behind_few_and_many_finished_batches(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    asked: list[object] = []
    for client in (lake.raw.client, lake.catalog.client):
        client.meta.events.register("before-call", lambda **_: asked.append(1))

    def tick(cursor: str | None) -> str | None:
        with dg.build_sensor_context(
            instance=instance, definitions=defs, resources=dict(resources), cursor=cursor
        ) as context:
            result = new_images_sensor(context)
        assert isinstance(result, dg.SensorResult)
        return result.cursor

    counts = []
    cursor = None
    for numbers in (range(1, 4), range(4, 40)):
        seal_by_hand(lake, numbers)
        cursor = tick(cursor)
        assert SensorCursor.model_validate_json(cursor or "") == SensorCursor(
            up_to=numbers[-1], undone=(1,)
        )
        asked.clear()
        known = SensorCursor.model_validate_json(cursor or "")
        lake.batches.seal_waiting(policy=SealingPolicy(), now=NOON, known_up_to=known.up_to)
        found = Progress.of(lake).of_batches(after=known.up_to, besides=known.undone)
        assert [batch.number for batch in found] == [1]
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_cursor_of_another_form_or_another_lake_costs_a_look_and_loses_nothing(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    seal_by_hand(lake, range(1, 3))
    for cursor in ('{"done_up_to": 2}', "not JSON", '{"up_to": 77, "undone": []}'):
        with dg.build_sensor_context(
            instance=instance, definitions=defs, resources=dict(resources), cursor=cursor
        ) as context:
            result = new_images_sensor(context)
        assert isinstance(result, dg.SensorResult)
        assert SensorCursor.model_validate_json(result.cursor or "").undone == (1,)
