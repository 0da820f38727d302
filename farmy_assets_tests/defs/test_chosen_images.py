"""A campaign's query chooses its images: asked once a batch, recorded, kept to, and told."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.defs.sensors import new_images_sensor
from farmy_assets.errors import InvalidInputError, LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import campaigns
from farmy_assets.workflow.audit import phases
from farmy_assets.workflow.progress import Progress
from farmy_assets.workflow.selection import ImageSelection, choose, images_to_ask
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import CAMPAIGN, photograph, run_what_is_asked

PHOTOGRAPHS = {f"{name}.jpg": photograph(seed) for seed, name in enumerate("abcd", 11)}
ONLY_A_AND_B = "SELECT image_id FROM images WHERE original_name IN ('a.jpg', 'b.jpg')"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def campaign_with(query: str) -> str:
    return f'{CAMPAIGN}\nimage_query: "{query}"\n'


def asked(lake: Lake, ids: Mapping[str, str]) -> set[str]:
    """The names of all images that annotators were asked about."""
    names = {image_id: name for name, image_id in ids.items()}
    return {names[a.image_id] for a in lake.assignments.all("weeds")}


def choice_of(lake: Lake) -> ImageSelection:
    (choice,) = lake.records.read_all(keys.choice("weeds"), ImageSelection)
    return choice


def test_only_what_the_query_chooses_is_asked_about_and_the_rest_is_reported(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    lake.campaigns.apply(parse_campaign(campaign_with(ONLY_A_AND_B)))
    ids = bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert asked(lake, ids) == {"a.jpg", "b.jpg"}
    choice = choice_of(lake)
    assert choice.query == ONLY_A_AND_B
    assert set(choice.chosen) == {ids["a.jpg"], ids["b.jpg"]}
    assert set(choice.left_out) == {ids["c.jpg"], ids["d.jpg"]}
    assert set(choice.generations) == {"images", "memberships"}
    left = {p.name: p for p in phases(lake) if p.phase is ImagePhase.CLEANSED}
    assert left["c.jpg"].reason == "the campaign's query left it out"
    assert all(batch.is_done for batch in Progress.of(lake).of_batches())


def test_the_batch_at_hand_is_in_every_table_that_a_query_names(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    query = (
        "WITH sharp AS (SELECT image_id FROM image_checks WHERE verdict <> 'fail' AND phash <> '') "
        "SELECT i.image_id FROM images i JOIN sharp s ON s.image_id = i.image_id "
        "WHERE i.original_name = 'c.jpg'"
    )
    lake.campaigns.apply(parse_campaign(campaign_with(query)))
    ids = bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert asked(lake, ids) == {"c.jpg"}
    assert set(choice_of(lake).generations) == {"images", "image_checks", "memberships"}


def test_a_query_that_chooses_nothing_gives_nobody_work_and_holds_nobody_up(
    lake: Lake,
    instance: dg.DagsterInstance,
    resources: Mapping[str, object],
    studio: StudioInMemory,
) -> None:
    lake.campaigns.apply(parse_campaign(campaign_with("SELECT image_id FROM images WHERE 1 = 0")))
    bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert studio.projects == {}
    assert all(batch.is_done for batch in Progress.of(lake).of_batches())


def test_what_was_chosen_stays_and_only_what_is_new_is_asked_about(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    campaign = lake.campaigns.apply(parse_campaign(campaign_with(ONLY_A_AND_B)))
    ids = bring(lake, PHOTOGRAPHS)
    run_what_is_asked(new_images_sensor, instance, resources)
    before = choice_of(lake)
    (images,) = lake.cleansed_sets.everywhere()
    assert choose(lake, campaign, images) == before
    other = lake.campaigns.apply(
        parse_campaign(campaign_with("SELECT image_id FROM images WHERE original_name = 'd.jpg'"))
    )
    changed = choose(lake, other, images)
    assert changed is not None
    assert set(changed.chosen) == {ids["a.jpg"], ids["b.jpg"], ids["d.jpg"]}
    assert changed.campaign_version == 2


def test_tasks_are_not_made_before_the_choice(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    bring(lake, PHOTOGRAPHS)
    run_what_is_asked(new_images_sensor, instance, resources)
    campaign = lake.campaigns.apply(parse_campaign(campaign_with(ONLY_A_AND_B)))
    (images,) = lake.cleansed_sets.everywhere()
    with pytest.raises(LakeError, match="materialize chosen_images first"):
        images_to_ask(lake, campaign, images)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("DROP TABLE images", "only a SELECT"),
        ("SELECT image_id FROM read_csv('/etc/passwd')", "no table of the lake"),
        ("SELECT image_id FROM images) AS x --", "cannot be read"),
        ("SELECT batch_id FROM images", "with a column image_id"),
        ("SELECT image_id FROM images WHERE colour = 'red'", "with a column image_id"),
        ("SELECT image_id FROM nowhere", "there is no table nowhere"),
    ],
)
def test_a_bad_query_is_refused_when_the_campaign_is_applied(
    lake: Lake, query: str, told: str
) -> None:
    with pytest.raises(InvalidInputError, match=told):
        campaigns.apply(lake, parse_campaign(campaign_with(query)))
    assert lake.campaigns.names() == []
