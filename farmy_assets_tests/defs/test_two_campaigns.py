"""Two campaigns with the same photographs, all the way: copied and checked once, judged by each."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import daft
import dagster as dg
import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.answers import RawAnnotation
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.batches import SealingPolicy, batch_id_for
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.cli import campaign, campaign_include, duplicates, search
from farmy_assets.cli.main import app
from farmy_assets.definitions import defs
from farmy_assets.defs.partitions import batches
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.defs.sensors import annotation_completion_sensor, new_images_sensor
from farmy_assets.execution.image_work import ExpectedContent, ImageWork
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.gallery import gather
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.tables import TABLES
from farmy_assets.workflow.audit import phases, sealed_twice
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.defs.conftest import StudioInMemory, bring
from farmy_assets_tests.defs.test_the_loop import CAMPAIGN, SIZE, photograph, run_what_is_asked
from farmy_assets_tests.defs.test_triage import darkened

Resources = Mapping[str, object]
PHOTOGRAPHS = {
    "a.jpg": photograph(1),
    "b.jpg": photograph(2),
    "copy of a.jpg": photograph(1),
    "dark.jpg": darkened(photograph(3)),
    "letter.jpg": b"Dear Sir or Madam",
}
IN_WEEDS = Box(label="weed", x_min=100, y_min=80, x_max=200, y_max=160)
IN_PESTS = Box(label="crop", x_min=10, y_min=20, x_max=90, y_max=70)
PESTS = CAMPAIGN.replace("name: weeds", "name: pests", 1)
run = CliRunner().invoke


class Examined(list[str]):
    """The images that were looked at, in their order."""


@pytest.fixture
def examined(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Examined:
    seen, fetched = Examined(), ImageWork._fetched

    def fetch(work: ImageWork, promised: Mapping[str, ExpectedContent]) -> daft.DataFrame:
        seen.extend(promised)
        return fetched(work, promised)

    monkeypatch.setattr(ImageWork, "_fetched", fetch)
    return seen


@pytest.fixture
def ids(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> dict[str, str]:  # fmt: skip
    """Photographs that came for one campaign and are with its annotators; file name to id."""
    for module in (campaign, campaign_include, search):
        monkeypatch.setattr(module, "open_lake", lambda: lake)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    found = bring(lake, PHOTOGRAPHS)
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    return found


def join(*more: str) -> str:
    told = run(app, ["campaign", "include", "pests", *(more or ("--from", "weeds"))])
    assert told.exit_code == 0, told.output
    return told.stdout


def in_pests(lake: Lake) -> CleansedSet:
    (found,) = lake.cleansed_sets.all("pests")
    return found


def taken_over(instance: dg.DagsterInstance) -> object:
    records = instance.fetch_materializations(dg.AssetKey("image_quality"), limit=1).records
    made = records[0].asset_materialization
    assert made is not None
    return made.metadata["taken_over_images"].value


def answer(studio: StudioInMemory, inbox: str, image_id: str, what: Box | str) -> None:
    result = (
        {"from_name": "usable", "to_name": "image", "type": "choices", "value": {"choices": [what]}}
        if isinstance(what, str)
        else region_to_result(what, region_id="1", width_px=SIZE[0], height_px=SIZE[1])
    )
    when = NOON + timedelta(seconds=len(studio.answers))
    annotation = RawAnnotation(
        annotation_id=len(studio.answers) + 1, email=f"{inbox.rpartition('/')[2]}@example.com",
        created_at=when, updated_at=when, skipped=False, lead_time_s=1.0, ground_truth=False,
        result=(result,),
    )  # fmt: skip
    studio.answer(f"farmy:{inbox}", image_id, annotation)


def until_quiet(instance: dg.DagsterInstance, resources: Resources) -> None:
    for _ in range(10):
        if not run_what_is_asked(annotation_completion_sensor, instance, resources):
            return
    pytest.fail("the sensor asks for ever")


def phases_of(lake: Lake, name: str) -> dict[str, ImagePhase]:
    return {image.name: image.phase for image in phases(lake) if image.campaign == name}


def test_the_same_photographs_are_judged_and_released_by_each_campaign(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory,
    examined: Examined, ids: dict[str, str],
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(PESTS))
    copies = {item.key: item for item in lake.cleansed.listing(keys.CLEANSED_IMAGES)}
    entries = lake.catalog.entries(list(ids.values()))
    examined.clear()
    assert "5 photographs join pests" in join()
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert examined == [ids["letter.jpg"]]  # what has no copy is looked at again
    assert taken_over(instance) == 4
    assert {i.key: i for i in lake.cleansed.listing(keys.CLEANSED_IMAGES)} == copies
    assert lake.catalog.entries(list(ids.values())) == entries

    for name in ("weeds", "pests"):
        found = phases_of(lake, name)
        pair = {found.pop("a.jpg"), found.pop("copy of a.jpg")}
        assert pair == {ImagePhase.ANNOTATION, ImagePhase.DUPLICATE}
        assert found == {
            "b.jpg": ImagePhase.ANNOTATION, "dark.jpg": ImagePhase.HELD,
            "letter.jpg": ImagePhase.REJECTED,
        }  # fmt: skip
    answer(studio, "weeds/triage/dora", ids["dark.jpg"], "no")
    until_quiet(instance, resources)
    assert phases_of(lake, "weeds")["dark.jpg"] is ImagePhase.DISCARDED
    assert phases_of(lake, "pests")["dark.jpg"] is ImagePhase.HELD
    answer(studio, "pests/triage/dora", ids["dark.jpg"], "yes")
    until_quiet(instance, resources)
    assert phases_of(lake, "pests")["dark.jpg"] is ImagePhase.ANNOTATION

    for image_id in lake.kept_images("weeds"):
        for person in ("anna", "ben"):
            answer(studio, f"weeds/annotation/{person}", image_id, IN_WEEDS)
    until_quiet(instance, resources)
    assert lake.datasets.newest("pests") is None
    assert phases_of(lake, "weeds")["b.jpg"] is ImagePhase.RELEASED
    assert phases_of(lake, "pests")["b.jpg"] is ImagePhase.ANNOTATION
    for image_id in lake.kept_images("pests"):
        for person in ("anna", "ben"):
            answer(studio, f"pests/annotation/{person}", image_id, IN_PESTS)
    until_quiet(instance, resources)
    for name, box, count in (("weeds", IN_WEEDS, 2), ("pests", IN_PESTS, 3)):
        version = lake.datasets.newest(name)
        assert version is not None
        assert len(version.images) == count
        assert {b.label for image in version.images for b in image.regions} == {box.label}
        assert all(lake.datasets.has_export(version, form) for form in ("coco", "yolo"))
        pictures = keys.dataset(name, version.version_id, "images/")
        assert len(list(lake.exports.keys(pictures))) == count
    assert phases_of(lake, "pests")["dark.jpg"] is ImagePhase.RELEASED
    assert sealed_twice(lake) == set()


def test_search_and_its_page_keep_campaigns_apart(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory,
    ids: dict[str, str], tmp_path: Path,
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(PESTS))
    join()
    run_what_is_asked(new_images_sensor, instance, resources)
    for person in ("anna", "ben"):
        answer(studio, f"pests/annotation/{person}", ids["b.jpg"], IN_PESTS)
    until_quiet(instance, resources)
    QueryLayer(lake).bring_up_to_date(TABLES)

    def found(*filters: str) -> list[str]:
        return run(app, ["search", *filters]).stdout.split()

    for name in ("weeds", "pests"):
        assert sorted(found("--where", f"campaign={name}")) == sorted(ids.values())
    assert sorted(found("--where", "original_name=b.jpg")) == [ids["b.jpg"]]  # a line once
    assert found("--phase", "settled") == [ids["b.jpg"]]
    assert found("--phase", "settled", "--where", "campaign=weeds") == []
    assert ids["b.jpg"] in found("--phase", "annotation", "--where", "campaign=weeds")
    pages = {}
    for name in ("weeds", "pests"):
        sheet = tmp_path / f"{name}.html"
        filters = ("--where", f"campaign={name}", "--where", "original_name=b.jpg")
        run(app, ["search", *filters, "--sheet", str(sheet)])
        pages[name] = sheet.read_text()
    assert "<title>crop" in pages["pests"]
    assert "<title>crop" not in pages["weeds"]
    sheet = tmp_path / "asked.html"
    asked = f"SELECT image_id FROM images WHERE image_id = '{ids['b.jpg']}'"
    run(app, ["search", "--sql", asked, "--sheet", str(sheet)])
    assert "<title>crop" not in sheet.read_text()  # its own campaign's, unless another is named
    settled = {}
    for name in ("weeds", "pests"):
        (picture,), _ = gather(lake, [ids["b.jpg"]], tmp_path, lambda _: None, campaign=name)
        settled[name] = [drawn.region.label for drawn in picture.consensus]
        assert picture.metadata["campaign"] == name
    assert settled == {"weeds": [], "pests": ["crop"]}


def test_a_copy_is_restored_in_the_campaign_that_is_named(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, ids: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(duplicates, "open_lake", lambda: lake)
    lake.campaigns.apply(parse_campaign(PESTS))
    join()
    run_what_is_asked(new_images_sensor, instance, resources)
    (copy,) = (e.image_id for e in in_pests(lake).excluded if e.duplicate_of)
    pair = {ids["a.jpg"], ids["copy of a.jpg"]}
    told = run(app, ["duplicates", "restore", copy, "--campaign", "pests"])
    assert told.exit_code == 0, told.output
    until_quiet(instance, resources)
    assert pair <= lake.kept_images("pests").keys()
    assert len(pair & lake.kept_images("weeds").keys()) == 1
    refused = run(app, ["duplicates", "restore", ids["letter.jpg"], "--campaign", "pests"])
    assert "not excluded as a duplicate" in refused.stderr
    run(app, ["duplicates", "exclude", copy, "--campaign", "pests"])
    until_quiet(instance, resources)
    assert len(pair & lake.kept_images("pests").keys()) == 1
    unknown = run(app, ["duplicates", "restore", copy, "--campaign", "pest"])
    assert "no cleansed batch of pest holds" in unknown.stderr


def test_other_thresholds_examine_again_and_the_copy_of_the_other_campaign_stays(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, examined: Examined,
    ids: dict[str, str], tmp_path: Path,
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(PESTS))
    lake.cleansed.delete(keys.cleansed_image(ids["b.jpg"]))
    file = tmp_path / "policy.yaml"
    file.write_text("default: {max_long_side_px: 100}")
    given = {**resources, "cleansing": CleansingSettings(policy_file=str(file))}
    copies = {item.key: item for item in lake.cleansed.listing(keys.CLEANSED_IMAGES)}
    examined.clear()
    join()
    assert run_what_is_asked(new_images_sensor, instance, given) == ["batch_job: ok"]
    assert sorted(examined) == sorted(ids.values())
    assert taken_over(instance) == 0
    after = {item.key: item for item in lake.cleansed.listing(keys.CLEANSED_IMAGES)}
    assert after.keys() - copies.keys() == {keys.cleansed_image(ids["b.jpg"])}
    assert {key: after[key] for key in copies} == copies
    own, sizes = lake.kept_images("weeds"), {}
    for image in in_pests(lake).kept:
        sizes[image.image_id] = max(image.width_px, image.height_px)
        if image.image_id != ids["b.jpg"] and image.image_id in own:
            assert image == own[image.image_id]
    assert sizes[ids["b.jpg"]] == 100


def test_a_copy_that_is_gone_is_made_again(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, examined: Examined,
    ids: dict[str, str],
) -> None:  # fmt: skip
    lake.campaigns.apply(parse_campaign(PESTS))
    lake.cleansed.delete(keys.cleansed_image(ids["b.jpg"]))
    lake.raw.delete(keys.raw_image(ids["a.jpg"]))  # its event is late
    examined.clear()
    join()
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert sorted(examined) == sorted(ids[n] for n in ("a.jpg", "b.jpg", "letter.jpg"))
    assert taken_over(instance) == 2
    assert lake.cleansed.find(keys.cleansed_image(ids["b.jpg"])) is not None
    gone = next(e for e in in_pests(lake).excluded if e.image_id == ids["a.jpg"])
    assert gone.reasons == ("missing_from_raw",)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in turn", "reversed"])
def test_an_image_in_two_batches_of_a_campaign_is_given_out_once_and_has_one_phase(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, order: tuple[int, int]
) -> None:
    """Such a batch is sealed by nobody now; whichever runs first keeps it, also when run again."""
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    ids = bring(lake, {name: PHOTOGRAPHS[name] for name in ("a.jpg", "b.jpg")})
    (first,) = lake.batches.seal_waiting(policy=SealingPolicy(quiet=timedelta(0)), now=NOON)
    again = {"number": 2, "batch_id": batch_id_for(2, NOON, "weeds")}
    lake.records.write_once(keys.batch(2), first.model_copy(update=again))
    batch_ids = [batch.batch_id for batch in lake.batches.all()]
    instance.add_dynamic_partitions(str(batches.name), batch_ids)
    for place in (*order, *reversed(order), *order):
        job = defs.resolve_job_def("batch_job")
        assert job.execute_in_process(
            instance=instance, partition_key=batch_ids[place], resources=dict(resources)
        ).success
        kept = lake.cleansed_sets.read("weeds", batch_ids[order[0]]).kept
        assert {image.image_id for image in kept} == set(ids.values())
    left_out = lake.cleansed_sets.read("weeds", batch_ids[order[1]]).excluded
    assert {(e.image_id, e.duplicate_of) for e in left_out} == {(i, i) for i in ids.values()}
    given = [(a.image_id, a.person) for a in lake.assignments.all("weeds")]
    assert sorted(given) == sorted((i, p) for i in ids.values() for p in ("anna", "ben"))
    assert [image.phase for image in phases(lake)] == [ImagePhase.ANNOTATION] * 2
    assert sealed_twice(lake) == set(ids.values())


def test_a_batch_that_runs_again_changes_nothing_for_either_campaign(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, studio: StudioInMemory,
    ids: dict[str, str],
) -> None:  # fmt: skip

    lake.campaigns.apply(parse_campaign(PESTS))
    join()
    run_what_is_asked(new_images_sensor, instance, resources)
    before = phases(lake), {key: list(tasks) for key, tasks in studio.tasks.items()}
    for batch in [*lake.batches.all(), *reversed(lake.batches.all())]:
        job = defs.resolve_job_def("batch_job")
        assert job.execute_in_process(
            instance=instance, partition_key=batch.batch_id, resources=dict(resources)
        ).success
    assert (phases(lake), {key: list(tasks) for key, tasks in studio.tasks.items()}) == before


def test_a_campaigns_query_chooses_among_the_images_that_it_includes(
    lake: Lake, instance: dg.DagsterInstance, resources: Resources, ids: dict[str, str]
) -> None:
    query = "SELECT i.image_id FROM images i WHERE i.original_name = 'b.jpg'"
    lake.campaigns.apply(parse_campaign(f'{PESTS}\nimage_query: "{query}"\n'))
    join()
    assert run_what_is_asked(new_images_sensor, instance, resources) == ["batch_job: ok"]
    assert {a.image_id for a in lake.assignments.all("pests")} == {ids["b.jpg"]}
    assert "chooses 1 of 2 kept images" in run(app, ["campaign", "choose", "pests"]).stdout


def test_the_command_previews_and_takes_a_query_or_ids(
    lake: Lake, ids: dict[str, str], tmp_path: Path
) -> None:
    lake.campaigns.apply(parse_campaign(PESTS))
    assert "5 photographs would join pests" in join("--from", "weeds", "--preview")
    assert len(lake.batches.all()) == 1
    query = "SELECT image_id FROM images WHERE original_name = 'a.jpg'"
    assert "1 photograph joins pests, of 1 asked for\n1 batch sealed" in join("--query", query)
    file = tmp_path / "ids.txt"
    file.write_text(f"{ids['a.jpg']}\n\n{ids['b.jpg']}\nno id\n")
    told = join("--ids", str(file))
    assert "1 photograph joins pests, of 3 asked for" in told
    assert "left out, already in the campaign: 1" in told
    assert "left out, not in the lake: 1" in told
    piped = run(app, ["campaign", "include", "pests", "--ids", "-", "--json"], input=ids["b.jpg"])
    assert '"joining": 0' in piped.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pest", "--from", "weeds"], "did you mean pests?"),
        (["pests"], "give one of --from OTHER, --query SQL and --ids FILE"),
        (["pests", "--from", "weeds", "--ids", "x"], "give one of"),
        (["pests", "--from", "pests"], "name another campaign"),
        (["pests", "--from", "weed"], "did you mean weeds?"),
        (["pests", "--query", "SELECT batch_id FROM images"], "a column image_id"),
        (["pests", "--query", "DROP TABLE images"], "only a SELECT"),
        (["pests", "--ids", "/nowhere/ids.txt"], "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_included_is_told_in_one_line(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setattr(campaign_include, "open_lake", lambda: lake)
    for text in (CAMPAIGN, PESTS):
        lake.campaigns.apply(parse_campaign(text))
    told = run(app, ["campaign", "include", *arguments])
    assert told.exit_code == 1
    (line,) = told.stderr.splitlines()
    assert words in line
