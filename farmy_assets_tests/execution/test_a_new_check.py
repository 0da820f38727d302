"""A check that only this test knows goes all the way: a value in a list is all that it takes."""

import json
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from farmy_assets.annotation.triage import failed_checks, in_words
from farmy_assets.cleansing import checks
from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.cleansed_set import Examined
from farmy_assets.cleansing.policy import CleansingPolicy, parse_policy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets.cleansing.readings import Readings
from farmy_assets.cleansing.tables import quality_columns, quality_of_row
from farmy_assets.cleansing.verdicts import Limit, Status, Verdict
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.folder import FolderReport
from farmy_assets.execution.work_order import WorkOrder
from farmy_assets_tests.cleansing.drawing import plants, stored

POLICY_FILE = "default: {too_red: {warn: 0.8, fail: 0.9}}"


def redness(readings: Readings) -> float:
    """The mean of red, 0 to 1."""
    return float(readings.colours[0].mean()) / 255


TOO_RED = MeasuredCheck(
    name="too_red",
    title="Too red",
    sentence="Somebody's finger was before the lens.",
    flagged="it is very red: its mean red (0 to 1)",
    value_is="mean red, 0 to 1",
    fails_above=True,
    measure=redness,
    limit=Limit(warn=0.5),
)


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> CleansingPolicy:
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, TOO_RED))
    return parse_policy(POLICY_FILE).default


@pytest.fixture
def finger(policy: CleansingPolicy) -> ImageQuality:
    picture = plants()
    red = Image.merge("RGB", (Image.new("L", picture.size, 250), *picture.split()[1:]))
    return assess("finger.jpg", stored(red), policy=policy)


def test_without_the_check_a_policy_does_not_know_its_name() -> None:
    with pytest.raises(InvalidInputError, match=r"default\.too_red"):
        parse_policy(POLICY_FILE)


def test_it_is_measured_and_judged_by_the_policy_file(
    policy: CleansingPolicy, finger: ImageQuality
) -> None:
    (failed,) = failed_checks(finger.checks)
    sound = assess("plants.jpg", stored(plants()), policy=policy)

    assert finger.status is Status.HELD
    assert (failed.check, failed.threshold) == ("too_red", 0.9)
    assert failed.value == pytest.approx(250 / 255, abs=0.02)
    assert sound.value_of("too_red") == pytest.approx(sound.checks[-1].value)
    assert sound.checks[-1].verdict is Verdict.PASS
    assert in_words(failed).startswith("It is very red: its mean red (0 to 1) is 0.9")


def test_its_limits_name_other_rules_and_reach_child_processes(policy: CleansingPolicy) -> None:
    told = WorkOrder(policy=policy).model_dump_json()

    assert json.loads(told)["policy"]["too_red"] == {"warn": 0.8, "fail": 0.9}
    assert WorkOrder.model_validate_json(told).policy == policy
    assert policy.rule_version != CleansingPolicy().rule_version


def test_it_has_a_column_in_the_table_of_a_folder_and_in_that_of_a_batch(
    tmp_path: Path, policy: CleansingPolicy, finger: ImageQuality
) -> None:
    table = FolderReport(tmp_path, policy, (finger,), {}).as_table()
    written = BytesIO()
    pq.write_table(table, written)

    (row,) = pq.read_table(BytesIO(written.getvalue())).to_pylist()
    assert row["too_red"] == finger.value_of("too_red")
    assert row["reasons"] == ["too_red"]
    assert quality_of_row("finger.jpg", quality_columns(finger)) == finger
    assert Examined(finger, None, None).quality.reasons == ("too_red",)


def test_the_page_shows_it(tmp_path: Path, policy: CleansingPolicy, finger: ImageQuality) -> None:
    report = FolderReport(tmp_path, policy, (finger,), {}).report
    page = report.page({}).decode()

    assert report.reasons() == {"too_red": 1}
    assert 'id="too_red-fail">Too red' in page
    assert "Somebody&#39;s finger was before the lens." in page
    assert "<tr><td>Too red</td>" in page


def test_results_stay_readable_when_the_check_is_gone(
    monkeypatch: pytest.MonkeyPatch, finger: ImageQuality
) -> None:
    row = quality_columns(finger)
    monkeypatch.setattr(checks, "CHECKS", checks.CHECKS[:-1])

    read = quality_of_row("finger.jpg", row)

    assert read.reasons == ("too_red",)
    assert "Too red is" in in_words(read.checks[-1])
