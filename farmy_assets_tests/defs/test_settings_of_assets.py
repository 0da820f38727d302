"""What is set for one source, and for Athena, reaches the assets that it is meant for."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from PIL import Image

from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.cleansing.policy import CleansingPolicies, parse_policy
from farmy_assets.defs import resources as settings
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.defs.sensors import new_images_sensor
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import VARIABLES, LakeSettings
from farmy_assets.query.athena import AthenaEngine
from farmy_assets_tests.defs.conftest import bring
from farmy_assets_tests.defs.test_chosen_images import ONLY_A_AND_B, campaign_with, choice_of
from farmy_assets_tests.defs.test_the_loop import CAMPAIGN, photograph, run_what_is_asked

Resources = Mapping[str, object]
OF_PHONES = "by_source: {mobile: {near_duplicate_max_distance_bits: 0}}"
OF_SCRAPERS = "by_source: {scraper: {near_duplicate_max_distance_bits: 0}}"


def near_copy(content: bytes) -> bytes:
    """The same photograph with a small mark in it: near, and no twin."""
    with Image.open(BytesIO(content)) as opened:
        image = opened.convert("RGB")
    image.paste((255, 255, 255), (0, 0, 30, 22))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


PHOTOGRAPHS = {"a.jpg": photograph(1), "copy.jpg": near_copy(photograph(1))}


def cleansed(lake: Lake) -> CleansedSet:
    (found,) = lake.cleansed_sets.everywhere()
    return found


@pytest.mark.parametrize(
    ("policy", "kept"), [("", 1), (OF_SCRAPERS, 1), (OF_PHONES, 2)],
    ids=["no source has its own", "another source has", "this source has"],
)  # fmt: skip
def test_the_thresholds_of_a_source_decide_which_of_its_photographs_are_copies(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, tmp_path: Path,
    policy: str, kept: int,
) -> None:  # fmt: skip
    file = tmp_path / "policy.yaml"
    file.write_text(policy)
    given = {**resources, "cleansing": CleansingSettings(policy_file=str(file))}
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, given) == ["batch_job: ok"]
    made = cleansed(lake)
    assert len(made.kept) == kept
    policies: CleansingPolicies = parse_policy(policy)
    assert made.rule_version == policies.default.rule_version
    own = {version for version in made.other_rule_versions.values()}
    assert own == ({p.rule_version for p in policies.by_source.values()} if kept == 2 else set())


def test_what_was_kept_under_other_rules_of_its_source_is_decided_anew(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources
) -> None:
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    ids = bring(lake, PHOTOGRAPHS)
    run_what_is_asked(new_images_sensor, instance, resources)
    made = cleansed(lake)
    (kept,) = made.kept
    policies = parse_policy(OF_PHONES)
    own = dict.fromkeys(ids.values(), policies.by_source[next(iter(policies.by_source))])
    assert made.kept_under(policies.default) == {kept.image_id}
    assert made.kept_under(policies.default, own) == frozenset()
    other = made.model_copy(
        update={"other_rule_versions": {i: p.rule_version for i, p in own.items()}}
    )
    assert other.kept_under(policies.default, own) == {kept.image_id}
    assert other.kept_under(policies.default) == frozenset()


def test_the_platforms_settings_name_athenas_workgroup(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES.values():
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("FARMY_ATHENA_WORKGROUP", "farmy-queries")
    by_environment = {"lake": settings.resources()["lake"]}
    with dg.build_resources(by_environment) as made:
        assert made.lake.settings.athena_workgroup == "farmy-queries"
    monkeypatch.delenv("FARMY_ATHENA_WORKGROUP")
    with dg.build_resources(by_environment) as made:
        assert made.lake.settings.athena_workgroup is None


def test_a_campaigns_query_is_asked_of_athena_where_a_workgroup_is_set(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(campaign_with(ONLY_A_AND_B)))
    ids = bring(lake, {"a.jpg": photograph(11), "b.jpg": photograph(12)})
    asked: list[tuple[str, str]] = []

    def answer(engine: AthenaEngine, sql: str) -> pa.Table:
        asked.append((engine.workgroup, engine.database))
        return pa.table({"image_id": [ids["b.jpg"]]})

    monkeypatch.setattr(AthenaEngine, "query", answer)
    by_athena = lake.settings.model_copy(update={"athena_workgroup": "farmy-queries"})
    given = {**resources, "lake": Lake.connect(by_athena)}
    assert run_what_is_asked(new_images_sensor, instance, given) == ["batch_job: ok"]
    assert asked == [("farmy-queries", "")]
    assert choice_of(lake).chosen == (ids["b.jpg"],)


def test_a_child_process_gets_every_setting_of_the_lake(lake: Lake) -> None:
    told = lake.settings.model_copy(
        update={"ingest_queue_url": "http://q", "glue_database": "g", "athena_workgroup": "w"}
    )
    assert LakeSettings.from_environment(told.to_environment()) == told
    assert LakeSettings.from_environment(lake.settings.to_environment()) == lake.settings
