"""A second campaign keeps what another one has; what an earlier version left out is told."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import Source
from farmy_assets.cli import campaign as cli_campaign
from farmy_assets.cli import duplicates as cli_duplicates
from farmy_assets.cli.main import app
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.lake import keys
from farmy_assets.lake.duplicate_index import DuplicateIndex, DuplicateIndexRepository
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.defs.conftest import bring
from farmy_assets_tests.defs.test_settings_of_assets import near_copy
from farmy_assets_tests.defs.test_the_loop import CAMPAIGN, photograph, run_what_is_asked

Resources = Mapping[str, object]
PHOTOGRAPHS = {f"{n}.jpg": photograph(400 + n) for n in range(3)}
run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _commands(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cli_campaign, cli_duplicates):
        monkeypatch.setattr(module, "open_lake", lambda: lake)
    monkeypatch.setenv("FARMY_RAW_BUCKET", lake.settings.raw_bucket)


@contextmanager
def earlier_version(lake: Lake) -> Iterator[None]:
    """Batches are compared with those of all campaigns, and the index names no campaign."""

    def of_all(
        _: DuplicateIndexRepository, index: DuplicateIndex, batch_id: str, campaign: str
    ) -> DuplicateIndex:
        campaigns = dict.fromkeys([*index.claims, batch_id], campaign)
        return index.model_copy(update={"campaigns": campaigns})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuplicateIndexRepository, "_with_campaigns", of_all)
        yield
    index = lake.records.read(keys.DUPLICATE_INDEX, DuplicateIndex)
    former = json.dumps(index.model_dump(exclude={"campaigns"})).encode()
    lake.records.bucket.put(keys.DUPLICATE_INDEX, former)


def bring_to_both(lake: Lake, instance: dg.DagsterInstance, resources: Resources) -> None:
    """The photographs for one campaign, and then, with a copy, for another one."""
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    lake.campaigns.apply(parse_campaign(CAMPAIGN.replace("name: weeds", "name: pests", 1)))
    bring(lake, PHOTOGRAPHS)
    run_what_is_asked(new_images_sensor, instance, resources)
    known = PHOTOGRAPHS | {"copy of 0.jpg": PHOTOGRAPHS["0.jpg"]}
    bring(lake, known, origin=DeliveryMetadata(source=Source.BULK, campaign="pests"))
    run_what_is_asked(new_images_sensor, instance, resources)


def test_a_second_campaign_keeps_the_photographs_that_another_one_has(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    bring_to_both(lake, instance, resources)
    (images,) = lake.cleansed_sets.all("pests")
    assert len(images.kept) == 3
    (copy,) = images.excluded
    assert copy.duplicate_of in {image.image_id for image in images.kept}
    assert "an earlier version" not in run(app, ["campaign", "status", "pests"]).stdout
    told = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"]).stdout
    assert "no photograph of pests is left out because another campaign has it" in told


def test_what_an_earlier_version_left_out_for_another_campaign_is_taken_in_by_one_command(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    with earlier_version(lake):
        bring_to_both(lake, instance, resources)
    assert lake.kept_images("pests") == {}
    told = run(app, ["campaign", "status", "pests"]).stdout
    assert "an earlier version left 4 photographs out as duplicates of campaign weeds's" in told
    assert "farmy duplicates restore --campaign pests --all" in told

    told = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"]).stdout
    assert "3 photographs taken in, known from weeds (4)" in told
    assert "1 copy within pests stays out" in told
    for _ in range(3):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert len(lake.kept_images("pests")) == 3
    assert len({a.image_id for a in lake.assignments.all("pests")}) == 3
    assert len(lake.kept_images("weeds")) == 3  # what others keep stays theirs

    again = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"]).stdout
    assert "no photograph of pests is left out" in again
    assert len(lake.triage.rulings("pests")) == 3


@pytest.mark.parametrize(
    "policy",
    [
        "default: {near_duplicate_max_distance_bits: 0}",
        "by_source: {mobile: {near_duplicate_max_distance_bits: 0}, "
        "bulk: {near_duplicate_max_distance_bits: 0}}",
    ],
    ids=["for all", "for their source"],
)
def test_copies_that_stay_out_are_counted_by_the_thresholds_of_the_platform(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, policy: str,
) -> None:  # fmt: skip
    file = tmp_path / "policy.yaml"
    file.write_text(policy)
    monkeypatch.setenv("FARMY_CLEANSING_POLICY", str(file))
    given = {**resources, "cleansing": CleansingSettings(policy_file=str(file))}
    photographs = {"0.jpg": PHOTOGRAPHS["0.jpg"], "near.jpg": near_copy(PHOTOGRAPHS["0.jpg"])}
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    with earlier_version(lake):
        bring(lake, photographs)
        run_what_is_asked(new_images_sensor, instance, given)
        bring(lake, photographs, origin=DeliveryMetadata(source=Source.BULK, campaign="pests"))
        run_what_is_asked(new_images_sensor, instance, given)
    told = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"]).stdout
    assert "2 photographs taken in, known from weeds (2)" in told
    assert "stays out" not in told


@pytest.mark.parametrize("content", [None, b"\xff", b"default: ["])
def test_a_policy_file_that_cannot_be_read_is_an_error_in_one_line(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "policy.yaml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("FARMY_CLEANSING_POLICY", str(file))
    done = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
