"""Checks that warn, on a history of materializations in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pytest

from farmy_assets.defs import warning_checks
from farmy_assets.defs.metadata import count_table, record_table

KEPT_SHARE = warning_checks.kept_share_is_as_usual
CONFLICT_RATE = warning_checks.conflict_rate_is_as_usual
CLASSES = warning_checks.no_class_vanished
PAUSED = warning_checks.nobody_is_paused

History = Sequence[tuple[str, Mapping[str, Any]]]


def checked(
    instance: dg.DagsterInstance,
    check: dg.AssetChecksDefinition,
    asset: str,
    history: History,
    *,
    partition: str,
) -> dg.AssetCheckEvaluation:
    """What the check says in a run of one partition, after these materializations."""
    for name, metadata in history:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(asset, partition=name, metadata=metadata)
        )
    job = dg.define_asset_job("job", selection=dg.AssetSelection.checks(check))
    location = dg.Definitions(assets=[dg.AssetSpec(asset)], asset_checks=[check], jobs=[job])
    done = location.resolve_job_def("job").execute_in_process(
        instance=instance, tags={"dagster/partition": partition}
    )
    (evaluation,) = done.get_asset_check_evaluations()
    return evaluation


def batch(share: float, campaign: str = "weeds") -> dict[str, object]:
    return {"kept_share": share, "campaign": campaign}


def version(name: str, **boxes: int) -> dict[str, object]:
    table = count_table(boxes, of="class", counted="regions")
    return {"version": name, "regions_by_class": table}


@pytest.mark.parametrize(("share", "passed"), [(0.4, False), (0.8, True)])
def test_a_batch_is_compared_with_earlier_batches_of_its_own_campaign(
    instance: dg.DagsterInstance, share: float, passed: bool
) -> None:
    others = [(f"other-{n}", batch(0.1, "pests")) for n in range(5)]
    earlier = [(f"b{n}", batch(0.9)) for n in range(4)]
    again = [("b5", batch(0.9)), ("b5", batch(share))]
    found = checked(
        instance, KEPT_SHARE, "cleansed_set", [*others, *earlier, *again], partition="b5"
    )
    assert found.passed is passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.metadata["compared_with"].value == 4


def test_a_campaign_whose_new_answers_are_in_conflict_more_often_is_reported(
    instance: dg.DagsterInstance,
) -> None:
    history = [
        ("weeds", {"dagster/partition_row_count": images, "images_ever_in_conflict": conflicts})
        for images, conflicts in ((100, 5), (160, 8), (230, 60))
    ]
    other = [("pests", {"dagster/partition_row_count": 9, "images_ever_in_conflict": 9})]
    found = checked(
        instance, CONFLICT_RATE, "annotation_conflicts", [*history, *other], partition="weeds"
    )
    assert not found.passed
    assert "74% of the 70 images" in str(found.description)


@pytest.mark.parametrize("is_over", [False, True])
def test_a_person_who_is_paused_is_reported_until_the_pause_is_over(
    instance: dg.DagsterInstance, is_over: bool
) -> None:
    def scores(**paused: str) -> dict[str, object]:
        rows = [{"person": who, "reason": why} for who, why in paused.items()]
        return {"paused": record_table(rows, ("person", "reason"))}

    history = [("weeds", scores()), ("weeds", scores(finn="55% was right"))]
    history += [("weeds", scores())] if is_over else []
    other = [("pests", scores(gina="0% was right"))]
    found = checked(instance, PAUSED, "gold_scores", [*history, *other], partition="weeds")
    assert found.passed is is_over
    assert found.description == ("as usual" if is_over else "finn: 55% was right")


def test_a_class_without_a_box_in_the_newest_version_is_reported(
    instance: dg.DagsterInstance,
) -> None:
    history = [
        ("weeds", version("v1", thistle=3, nettle=1)),
        ("weeds", version("v2", thistle=5)),
        ("weeds", version("v2", thistle=5)),
    ]
    found = checked(instance, CLASSES, "dataset_version", history, partition="weeds")
    assert found.description == "no longer in the version: nettle"


@pytest.mark.parametrize(
    ("check", "asset"),
    [
        (KEPT_SHARE, "cleansed_set"),
        (CONFLICT_RATE, "annotation_conflicts"),
        (CLASSES, "dataset_version"),
    ],
)
@pytest.mark.parametrize("history", [[], [("p", {})]], ids=["no history", "nothing known"])
def test_without_a_history_a_check_passes(
    instance: dg.DagsterInstance, check: dg.AssetChecksDefinition, asset: str, history: History
) -> None:
    assert checked(instance, check, asset, history, partition="p").passed
