"""What a blocking check says when it fails: its claim and the first examples."""

from collections.abc import Mapping, Sequence

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.batches import Batch, batch_id_for
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.datasets.release import Problem, ProblemKind
from farmy_assets.definitions import defs
from farmy_assets.defs.resources import ScraperFiles
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.execution.image_work import ImageWork
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import (
    CAMPAIGN,
    TRUE,
    photograph,
    run_what_is_asked,
    submit,
)

Resources = Mapping[str, object]
ASSETS = [a for a in defs.assets or [] if isinstance(a, dg.AssetsDefinition)]
GHOST = "f" * 32 + "-" + "0" * 12


def failure(
    asset: str, check: str, partition: str, instance: dg.DagsterInstance, resources: Resources
) -> str:
    """Materialize one asset that must fail by its check; returns what the error says."""
    before = instance.get_latest_materialization_event(dg.AssetKey(asset))
    result = dg.materialize(
        ASSETS, selection=[asset], partition_key=partition, instance=instance,
        resources={**resources, "scrapers": ScraperFiles()}, raise_on_error=False,
    )  # fmt: skip
    assert not result.success
    assert instance.get_latest_materialization_event(dg.AssetKey(asset)) == before
    (evaluated,) = result.get_asset_check_evaluations()
    assert (evaluated.check_name, evaluated.passed) == (check, False)
    told = result.failure_data_for_node(asset)
    assert told is not None
    assert told.error is not None
    return told.error.message


@pytest.fixture
def batch(lake: Lake) -> Batch:
    """A batch of one photograph and of one that nobody ever sent."""
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    ids = bring(lake, {"a.jpg": photograph(1)})
    made = Batch(
        batch_id=batch_id_for(1, NOON, "weeds"), number=1, campaign="weeds", sealed_at=NOON,
        image_ids=(ids["a.jpg"], GHOST),
    )  # fmt: skip
    assert lake.records.write_once(keys.batch(1), made)
    return made


def test_images_without_an_entry_are_named(
    batch: Batch, instance: dg.DagsterInstance, resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    whole = CatalogTable.entries

    def without_the_ghost(table: CatalogTable, ids: Sequence[str]) -> dict[str, CatalogEntry]:
        return {i: entry for i, entry in whole(table, ids).items() if i != GHOST}

    monkeypatch.setattr(CatalogTable, "entries", without_the_ghost)
    instance.add_dynamic_partitions("batches", [batch.batch_id])
    told = failure(
        "catalog_entries", "every_image_has_an_entry", batch.batch_id, instance, resources
    )
    assert "every_image_has_an_entry failed: 1 image of 2 without an entry" in told
    assert GHOST in told


def test_images_without_a_verdict_are_named(
    batch: Batch, instance: dg.DagsterInstance, resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    instance.add_dynamic_partitions("batches", [batch.batch_id])
    monkeypatch.setattr(ImageWork, "examine", lambda *_, **__: [])
    told = failure(
        "image_quality", "every_image_has_one_verdict", batch.batch_id, instance, resources
    )
    assert "2 images without just one verdict" in told
    assert batch.image_ids[0] in told


def test_images_that_a_set_leaves_out_are_named_and_the_set_does_not_count(
    lake: Lake, batch: Batch, instance: dg.DagsterInstance, resources: Resources
) -> None:
    instance.add_dynamic_partitions("batches", [batch.batch_id])
    lake.quality.write(batch.batch_id, [])
    told = failure(
        "cleansed_set", "every_image_is_kept_or_excluded", batch.batch_id, instance, resources
    )
    assert "2 images not in the manifest just once" in told
    assert lake.records.bucket.find(keys.cleansed_set(batch.campaign, batch.batch_id)) is None


def test_tasks_that_are_not_in_their_inbox_are_named(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    (image_id,) = bring(lake, {"a.jpg": photograph(1)}).values()
    run_what_is_asked(new_images_sensor, instance, resources)
    (only,) = lake.batches.all()
    monkeypatch.setattr(StudioInMemory, "task_ids", lambda *_: {})
    told = failure(
        "annotation_projects", "every_task_is_in_its_inbox_once", only.batch_id, instance, resources
    )
    assert "2 tasks of 2 not in Label Studio" in told
    assert f"{image_id} of anna" in told


def test_a_version_that_is_not_sound_is_reported_counts_nowhere_and_is_no_materialization(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    (image_id,) = bring(lake, {"a.jpg": photograph(1)}).values()
    run_what_is_asked(new_images_sensor, instance, resources)
    for person in ("anna", "ben"):
        submit(studio, person, image_id, TRUE)
    assert run_what_is_asked(annotation_completion_sensor, instance, resources) == ["votes_job: ok"]
    problems = tuple(
        Problem(kind=ProblemKind.UNKNOWN_CLASS, image_ids=(image_id,), sentence=f"Fault {n}.")
        for n in range(5)
    )
    with monkeypatch.context() as patched:
        patched.setattr("farmy_assets.workflow.releases.problems_of", lambda _version: problems)
        told = failure(
            "dataset_version", "every_released_image_is_sound", "weeds", instance, resources
        )
        assert (
            "every_released_image_is_sound failed: weeds is not released, with 5 problems" in told
        )
        assert "Fault 0.; Fault 1.; Fault 2.; ..." in told
        assert lake.datasets.newest("weeds") is None
        assert list(lake.exports.keys("")) == []

    # Killed between the files and the number: the files lie there, and the version counts not yet.
    with monkeypatch.context() as patched:
        patched.setattr(type(lake.datasets), "freeze", lambda *_: 1 / 0)
        result = dg.materialize(
            ASSETS, selection=["dataset_version"], partition_key="weeds",
            instance=instance, resources={**resources, "scrapers": ScraperFiles()},
            raise_on_error=False,
        )  # fmt: skip
        assert not result.success
    assert any("MANIFEST.json" in key for key in lake.exports.keys("weeds/"))
    assert lake.datasets.newest("weeds") is None
    assert run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert lake.datasets.newest("weeds") is not None
