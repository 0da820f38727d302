"""A campaign's crop is that of its photographs, and a query can be asked again of what is done."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.metadata import Source
from farmy_assets.cli import accounts
from farmy_assets.cli import campaign as cli_campaign
from farmy_assets.cli.main import app
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.table_sources import table_sources
from farmy_assets.workflow.selection import ImageSelection
from farmy_assets_tests.cli.test_campaign import PeopleInMemory
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import CAMPAIGN, photograph, run_what_is_asked

Resources = Mapping[str, object]
PHOTOGRAPHS = {f"{letter}.jpg": photograph(300 + n) for n, letter in enumerate("abcd")}
NO_CROP = DeliveryMetadata(source=Source.MOBILE, campaign="weeds")
OF_MAIZE = "SELECT image_id FROM images WHERE crop = 'maize'"
ONLY_A = "SELECT image_id FROM images WHERE original_name = 'a.jpg'"
run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _commands(lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cli_campaign, "open_lake", lambda: lake)
    monkeypatch.setattr(accounts, "open_people", PeopleInMemory)


def rules(query: str, *, crop: str = "maize") -> str:
    return CAMPAIGN.replace("crop: maize", f"crop: {crop}", 1) + f'image_query: "{query}"\n'


def crops(lake: Lake) -> set[str | None]:
    QueryLayer(lake).bring_up_to_date(["images"])
    return set(QueryLayer(lake).engine.query("SELECT crop FROM images")["crop"].to_pylist())


def asked(lake: Lake, ids: Mapping[str, str]) -> set[str]:
    given = {a.image_id for a in lake.assignments.all("weeds")}
    return {name for name, image_id in ids.items() if image_id in given}


def test_a_campaigns_crop_is_that_of_its_photographs_so_that_its_query_finds_them(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    lake.campaigns.apply(parse_campaign(rules(OF_MAIZE)))
    ids = bring(lake, PHOTOGRAPHS, origin=NO_CROP)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert asked(lake, ids) == set(ids)
    assert crops(lake) == {"maize"}


def test_the_table_follows_a_campaign_that_comes_late_or_changes_and_reads_no_other_batch(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    bring(lake, {"a.jpg": PHOTOGRAPHS["a.jpg"]}, origin=NO_CROP)
    assert crops(lake) == {None}  # of what waits for a batch
    run_what_is_asked(new_images_sensor, instance, resources)
    assert crops(lake) == {None}
    lake.campaigns.apply(parse_campaign(rules("", crop="maize")))
    assert crops(lake) == {"maize"}
    lake.campaigns.apply(parse_campaign(rules("", crop="beet")))
    assert crops(lake) == {"beet"}
    assert QueryLayer(lake).refresh(table_sources(lake)["images"]).records_read == 0
    lake.campaigns.apply(parse_campaign(rules("").replace("name: weeds", "name: others", 1)))
    assert QueryLayer(lake).refresh(table_sources(lake)["images"]).records_read == 0


def test_apply_tells_beforehand_what_the_query_would_choose(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, tmp_path: Path
) -> None:
    lake.campaigns.apply(parse_campaign(rules(ONLY_A)))
    bring(lake, PHOTOGRAPHS, origin=NO_CROP)
    run_what_is_asked(new_images_sensor, instance, resources)
    file = tmp_path / "weeds.yaml"
    file.write_text(rules(OF_MAIZE))
    told = run(app, ["campaign", "apply", str(file)])
    assert "its query chooses 4 of 4 kept images as of now" in told.stdout
    file.write_text(rules("SELECT image_id FROM images WHERE crop = 'wheat'"))
    told = run(app, ["campaign", "apply", str(file)])
    assert "warning: its query chooses 0 of 4 kept images" in told.stderr
    assert told.exit_code == 0
    file.write_text(rules("SELECT image_id FROM images WHERE crop = 'wheat'", crop="wheat"))
    told = run(app, ["campaign", "apply", str(file)])  # its own crop counts before it is applied
    assert "its query chooses 4 of 4 kept images" in told.stdout


def test_a_changed_query_is_asked_again_adds_only_and_twice_is_once(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory
) -> None:
    nothing = "SELECT image_id FROM images WHERE 1 = 0"
    lake.campaigns.apply(parse_campaign(rules(nothing)))
    ids = bring(lake, PHOTOGRAPHS, origin=NO_CROP)
    run_what_is_asked(new_images_sensor, instance, resources)
    assert asked(lake, ids) == set()
    told = run(app, ["campaign", "status", "weeds"]).stdout
    assert "the campaign's query has chosen none of 4 images" in told
    assert "not chosen by the campaign's query" in told

    lake.campaigns.apply(parse_campaign(rules(ONLY_A)))
    assert (
        "its query chooses 1 of 4 kept images" in run(app, ["campaign", "choose", "weeds"]).stdout
    )
    assert lake.pending.of("weeds").to_place == ()  # without --again it was but a look
    told = run(app, ["campaign", "choose", "weeds", "--again"]).stdout
    assert "1 image of 1 batch goes to the annotators" in told
    runs = run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert "placement_job: ok" in runs
    assert asked(lake, ids) == {"a.jpg"}
    assert lake.pending.of("weeds").to_place == ()

    lake.campaigns.apply(parse_campaign(rules(ONLY_A.replace("a.jpg", "b.jpg"))))
    for _ in range(2):
        run(app, ["campaign", "choose", "weeds", "--again"])
        run_what_is_asked(annotation_completion_sensor, instance, resources)
        run_what_is_asked(annotation_completion_sensor, instance, resources)
    assert asked(lake, ids) == {"a.jpg", "b.jpg"}
    (choice,) = lake.records.read_all(keys.choice("weeds"), ImageSelection)
    assert set(choice.chosen) == {ids["a.jpg"], ids["b.jpg"]}
    assert [round_.query for round_ in choice.earlier] == [nothing, ONLY_A]
    assert [len(round_.chosen) for round_ in choice.earlier] == [0, 1]
    told = run(app, ["campaign", "choose", "weeds", "--again"]).stdout
    assert "chooses no image of weeds that was not given out already" in told

    lake.campaigns.apply(parse_campaign(rules(nothing)))
    run(app, ["campaign", "choose", "weeds", "--again"])
    told = run(app, ["campaign", "status", "weeds"]).stdout
    assert "asked last has chosen none of 2 images; 2 were chosen by earlier ones and stay" in told
    names = [task.data["image_id"] for tasks in studio.tasks.values() for task in tasks.values()]
    assert sorted(names) == sorted([ids["a.jpg"], ids["b.jpg"]] * 2)


def test_a_campaign_that_does_not_exist_is_reported_with_the_nearest(lake: Lake) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    told = run(app, ["campaign", "choose", "weed", "--again"])
    assert told.exit_code == 1
    assert "did you mean weeds?" in told.stderr
