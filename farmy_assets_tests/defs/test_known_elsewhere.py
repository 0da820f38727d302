"""A second campaign on known photographs: it is told, and one command takes them in."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign import parse_campaign
from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import Source
from farmy_assets.cli import campaign as cli_campaign
from farmy_assets.cli import duplicates as cli_duplicates
from farmy_assets.cli.main import app
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
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


def test_a_second_campaign_on_known_photographs_is_reported_and_gets_them_by_one_command(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    lake.campaigns.apply(parse_campaign(CAMPAIGN.replace("name: weeds", "name: pests", 1)))
    bring(lake, PHOTOGRAPHS)
    run_what_is_asked(new_images_sensor, instance, resources)
    known = PHOTOGRAPHS | {"copy of 0.jpg": PHOTOGRAPHS["0.jpg"]}
    bring(lake, known, origin=DeliveryMetadata(source=Source.BULK, campaign="pests"))
    run_what_is_asked(new_images_sensor, instance, resources)
    assert lake.kept_images("pests") == {}

    (record,) = [
        event.asset_materialization
        for event in instance.fetch_materializations(dg.AssetKey("cleansed_set"), limit=1).records
    ]
    assert record is not None
    told = str(record.metadata["known_elsewhere"].value)
    assert "4 photographs are left out because another campaign has them" in told
    assert "farmy duplicates restore --campaign pests --all" in told
    assert "weeds" in str(record.metadata["duplicates_of_other_campaigns"].value)
    told = run(app, ["campaign", "status", "pests"]).stdout
    assert "4 photographs are left out as duplicates of campaign weeds's" in told

    told = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"]).stdout
    assert "3 photographs taken in, known from weeds (4)" in told
    assert "1 copy within pests stays out" in told
    for _ in range(3):
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert len(lake.kept_images("pests")) == 3
    assert len({a.image_id for a in lake.assignments.all("pests")}) == 3
    assert len(lake.kept_images("weeds")) == 3  # what others keep stays theirs

    again = run(app, ["duplicates", "restore", "--campaign", "pests", "--all"]).stdout
    assert "no photograph of pests is left out" in again or "0 photographs taken in" in again
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
