"""How the demo puts Dagster's troubles into words."""

from farmy_assets.simulation.demo_troubles import RunSeen, error_text, hopeless_run, sensor_texts


def run(status: str, partition: str = "demo") -> RunSeen:
    return RunSeen(f"{status}-{partition}", "votes_job", partition, status, 0)


def test_the_failed_step_is_reported_in_its_own_words() -> None:
    step = {
        "__typename": "ExecutionStepFailureEvent", "stepKey": "annotations",
        "failureMetadata": {"description": "Label Studio does not\nanswer"},
        "error": {"message": "dagster.Failure", "cause": None},
    }  # fmt: skip
    failure = {"__typename": "RunFailureEvent", "message": "Steps failed", "error": None}
    assert error_text([failure, step]) == "annotations: Label Studio does not answer"


def test_a_run_that_never_began_is_reported_in_the_words_of_the_run() -> None:
    failure = {"__typename": "RunFailureEvent", "message": "its process is gone", "error": None}
    assert error_text([failure]) == "its process is gone"
    assert error_text([]) == "it says nothing of itself"


def test_a_sensor_is_reported_only_when_its_last_look_failed() -> None:
    def sensor(name: str, status: str) -> dict[str, object]:
        error = {"message": "outer", "cause": {"message": "the record is damaged"}}
        return {"name": name, "sensorState": {"ticks": [{"status": status, "error": error}]}}

    sensors = [sensor("new_images_sensor", "SKIPPED"), sensor("votes_sensor", "FAILURE")]
    location = {"locationOrLoadError": {"repositories": [{"sensors": sensors}]}}
    answer = {"workspaceOrError": {"locationEntries": [location]}}
    assert sensor_texts(answer) == ["votes_sensor fails: the record is damaged"]
    assert sensor_texts({}) == []


def test_code_that_cannot_be_loaded_is_reported() -> None:
    entry = {"locationOrLoadError": {"message": "No module named x"}}
    told = sensor_texts({"workspaceOrError": {"locationEntries": [entry]}})
    assert told == ["the code server cannot load the code: No module named x"]


def test_work_that_fails_three_times_in_a_row_is_given_up() -> None:
    failed, other = run("FAILURE"), run("FAILURE", "another")
    assert hopeless_run((failed, other, failed)) is None
    assert hopeless_run((failed, other, failed, failed)) == failed
    assert hopeless_run((run("SUCCESS"), failed, failed, failed)) is None
    assert hopeless_run((run("STARTED"), failed, failed, run("SUCCESS"), failed)) is None
