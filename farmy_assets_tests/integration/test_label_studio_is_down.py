"""Label Studio is away while a batch wants its tasks placed."""

from pathlib import Path

import dagster as dg
import pytest

from farmy_assets_tests.integration.evidence import assert_no_task_is_there_twice
from farmy_assets_tests.integration.people import open_campaign
from farmy_assets_tests.integration.photographs import write_photographs
from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "studio-down"


def test_a_batch_fails_with_a_clear_message_is_asked_for_again_and_succeeds(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    write_photographs(tmp_path, of=NAME, count=3)
    open_campaign(platform, NAME, overlap=0)
    platform.kill("label-studio")
    try:
        platform.ingest(NAME, tmp_path)

        def failed() -> dg.DagsterRun | None:
            runs = platform.runs(platform.batch_ids(NAME))
            return next((r for r in runs if r.status is dg.DagsterRunStatus.FAILURE), None)

        run = platform.wait_until("the failure of the batch's run", failed)
        address = platform.label_studio_url
        told = platform.failure(run.run_id)
        assert f"Label Studio at {address} does not answer" in told
        assert "start it with `make up`; the run is asked for again by itself" in told
        said = platform.wait_for_looks("annotation_completion_sensor", count=1)
        assert f"Label Studio at {address} does not answer" in said[0]
        assert "Traceback" not in said[0]
    finally:
        platform.up()
    platform.wait_for_tasks(NAME, images=3)
    newest = platform.runs(platform.batch_ids(NAME))[0]
    assert newest.run_id != run.run_id
    assert newest.tags["dagster/sensor_name"] == "new_images_sensor"
    assert platform.wait_for_run(newest.run_id).is_success
    assert_no_task_is_there_twice(platform, NAME)
