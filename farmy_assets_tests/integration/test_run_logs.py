"""What a run prints: in S3 when it is over, and shown by Dagster from there."""

import shutil
from collections.abc import Iterator

import dagster as dg
import httpx
import pytest

from farmy_assets.lake.connection import s3_client
from farmy_assets.lake.objects import Bucket
from farmy_assets.local.settings import bucket
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.servers import running_platform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ASSET = "images_table"
SHOWN = """
query($key: [String!]!) {
  capturedLogs(logKey: $key) { stdout stderr }
  capturedLogsMetadata(logKey: $key) { stderrLocation stderrDownloadUrl }
}
"""
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message } }
}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    home = tmp_path_factory.mktemp("run-logs")
    with running_platform(home, parts={"ministack", "dagster"}) as platform:
        yield platform


def run_of(platform: RunningPlatform, asset: str) -> str:
    selector = {
        "repositoryLocationName": "farmy_assets", "repositoryName": "__repository__",
        "jobName": "__ASSET_JOB", "assetSelection": [{"path": [asset]}],
    }  # fmt: skip
    params = {"mode": "default", "selector": selector, "runConfigData": {}}
    answer = platform.graphql(LAUNCH, params=params)["launchRun"]
    assert "run" in answer, answer
    run_id = str(answer["run"]["runId"])
    assert platform.wait_for_run(run_id).is_success, platform.failure(run_id)
    return run_id


def test_what_a_run_printed_is_in_s3_and_shown_by_dagster(running: RunningPlatform) -> None:
    run_id = run_of(running, ASSET)
    logs = Bucket(s3_client(running.lake.settings), bucket("logs"))
    prefix = f"runs/storage/{run_id}/compute_logs/"
    kept = sorted(logs.keys(prefix))
    assert [key.rpartition(".")[2] for key in kept] == ["err", "out"]
    text = logs.get(kept[0]).decode()
    assert f"{ASSET} - STEP_SUCCESS" in text

    # Nothing of it has to be on this machine: another web server shows it as well.
    (captured,) = running.instance.all_logs(run_id, of_type=dg.DagsterEventType.LOGS_CAPTURED)
    file_key = captured.get_dagster_event().logs_captured_data.file_key
    shutil.rmtree(running.settings.dagster_home / "run-logs")
    shown = running.graphql(SHOWN, key=[run_id, "compute_logs", file_key])
    assert shown["capturedLogs"]["stderr"] == text
    metadata = shown["capturedLogsMetadata"]
    assert metadata["stderrLocation"] == f"s3://{bucket('logs')}/{kept[0]}"
    # The link that people click is signed, and good for this one object.
    link = metadata["stderrDownloadUrl"]
    assert httpx.get(link, trust_env=False).text == text
    assert httpx.get(link.partition("?")[0], trust_env=False).status_code == 403
