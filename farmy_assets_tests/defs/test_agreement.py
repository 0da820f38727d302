"""The asset `agreement`: figures, a picture, and a run for each state of an evaluation."""

import base64
from pathlib import Path

import dagster as dg

from farmy_assets.annotation.agreement.figures import RegionAgreement
from farmy_assets.annotation.agreement.intervals import Estimate
from farmy_assets.definitions import defs
from farmy_assets.defs.agreement import agreement, agreement_schedule
from farmy_assets.defs.agreement_plot import agreement_plot
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.agreement import update_agreement
from farmy_assets_tests.lake.memory import BucketInMemory, lake_in_memory
from farmy_assets_tests.workflow.test_agreement import answered, open_campaign
from farmy_assets_tests.workflow.test_evaluation import BATCHES, EVERY_IMAGE, NAME, place


def test_a_run_tells_figures_and_is_asked_for_once_a_state_of_the_evaluation(
    tmp_path: Path,
) -> None:
    lake = lake_in_memory(BucketInMemory())
    open_campaign(lake)
    place(lake, BATCHES[0], people=("anna", "ben", "dan"))
    answered(lake, EVERY_IMAGE[:3], ("weed", "weed", "crop"))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.add_dynamic_partitions("campaigns", [NAME])
        done = dg.materialize(
            [agreement], partition_key=NAME, instance=instance, resources={"lake": lake},
            selection=[agreement],
        )  # fmt: skip
        (event,) = done.asset_materializations_for_node("agreement")
        metadata = event.metadata
        assert metadata["dagster/partition_row_count"].value == 3
        assert isinstance(metadata["alpha"].value, float)
        pairs = metadata["pairs"]
        assert isinstance(pairs, dg.TableMetadataValue)
        assert len(pairs.records) == 3
        (first,), (again,) = asked_for(lake, instance), asked_for(lake, instance)
        assert first == again
        assert first[0] == NAME
        answered(lake, EVERY_IMAGE[3:4], ("weed", "weed", "weed"))
        (later,) = asked_for(lake, instance)
        assert later != first


def asked_for(lake: Lake, instance: dg.DagsterInstance) -> list[tuple[str | None, str | None]]:
    """Which campaigns the schedule asks for, and the keys of the runs."""
    resources = {"lake": lake}
    with dg.build_schedule_context(
        instance=instance, resources=resources, repository_def=defs.get_repository_def()
    ) as context:
        found = agreement_schedule.evaluate_tick(context).run_requests or ()
    return [(run.partition_key, run.run_key) for run in found]


def test_the_picture_has_a_bar_a_class_and_says_what_is_undefined() -> None:
    lake = lake_in_memory(BucketInMemory())
    rules = open_campaign(lake)
    nothing = Estimate(value=None, items=0)
    regions = RegionAgreement(
        alpha=Estimate(value=0.5, low=0.4, high=0.6, items=9), image_mean=nothing,
        by_class={"<b>weed": Estimate(value=-0.2, items=9), "crop": nothing},
        without={}, pairs=(),
    )  # fmt: skip
    place(lake, BATCHES[0])
    answered(lake, [], ("weed", "weed", "weed"))
    found = update_agreement(lake, rules).model_copy(update={"regions": regions})
    text = agreement_plot(found).value or ""
    picture = base64.b64decode(text.partition("base64,")[2].rstrip(")")).decode()
    assert "&lt;b&gt;weed" in picture
    assert picture.count("undefined") == 1
    assert picture.count('fill="#2ca02c"') == 2
    assert 'width="160.0"' in picture
    assert 'width="0.0"' in picture
