"""The page of a search: what people drew, where they differ, and the way to their tasks."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign_file import parse_campaign
from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.cli import search, task_links
from farmy_assets.cli.main import app
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.table_sources import table_sources
from farmy_assets_tests.annotation.examples import vote
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.cleansing.drawing import plants, stored
from farmy_assets_tests.defs.conftest import bring
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio
from farmy_assets_tests.lake.evaluations import write_judgements

CAMPAIGN = """
name: weeds
crop: maize
classes: [{id: 1, name: crop}, {id: 2, name: weed}]
annotators: [{name: anna, email: anna@example.com}, {name: ben, email: ben@example.com}]
adjudicator: {name: dora, email: dora@example.com}
"""
SETTLED = Box(label="weed", x_min=100, y_min=150, x_max=300, y_max=300)
run = CliRunner().invoke


@pytest.fixture(autouse=True)
def images(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Two sealed photographs: one is settled, one in conflict."""
    monkeypatch.setattr(search, "open_lake", lambda: lake)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lake.campaigns.apply(parse_campaign(CAMPAIGN))
    contents = {n: stored(plants(i, (400, 300))) for i, n in enumerate(("settled.jpg", "open.jpg"))}
    ids = bring(lake, contents)
    for name, content in contents.items():
        lake.cleansed.put(keys.cleansed_image(ids[name]), content)
    one = vote("anna", SETTLED, image_id=ids["open.jpg"], campaign="weeds")
    other_box = SETTLED.model_copy(update={"label": "crop"})
    other = vote("ben", other_box, image_id=ids["open.jpg"], campaign="weeds")
    lake.votes.add("weeds", [one, other])
    conflict = Conflict(
        image_id=ids["open.jpg"], kind=ConflictKind.OTHER_CLASS, people=("anna", "ben"),
        regions=(SETTLED, other_box), iou=1.0,
    )  # fmt: skip
    judged = {"campaign": "weeds", "campaign_version": 1, "people": ("anna", "ben")}
    judgements = (
        ImageConsensus(
            image_id=ids["settled.jpg"], status=ConsensusStatus.AGREED, regions=(SETTLED,), **judged
        ),
        ImageConsensus(
            image_id=ids["open.jpg"], status=ConsensusStatus.IN_CONFLICT, conflicts=(conflict,),
            vote_ids=(one.vote_id, other.vote_id), **judged,
        ),
    )  # fmt: skip
    write_judgements(lake, judgements, votes=[one, other])
    lake.batches.seal_waiting(
        policy=SealingPolicy(max_images=10, max_wait=timedelta(0)), now=NOON + timedelta(days=1)
    )
    (batch,) = lake.batches.all()
    assignments = [
        Assignment(campaign="weeds", phase=Phase.ANNOTATION, image_id=image_id, person="anna",
                   task_key=image_id, batch_id=batch.batch_id)
        for image_id in ids.values()
    ]  # fmt: skip
    page = BatchAssignments(
        batch_id=batch.batch_id, campaign="weeds", campaign_version=1,
        assignments=tuple(assignments),
    )  # fmt: skip
    lake.records.replace(keys.assignments("weeds", batch.batch_id), page)
    for name in ("images", "image_checks"):
        QueryLayer(lake).refresh(table_sources(lake)[name])
    return ids


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return tmp_path / "sheet.html"


def test_the_sheet_draws_regions_and_names_class_and_conflict(sheet: Path) -> None:
    done = run(app, ["search", "--where", "campaign=weeds", "--sheet", str(sheet)])
    assert done.exit_code == 0, done.output
    page = sheet.read_text()
    settled = re.findall(
        r'<polygon points="100,150 300,150 300,300 100,300" stroke="(#\w+)"><title>weed<', page
    )
    by_person = re.findall(r'stroke="(#\w+)" class="open"><title>(\w+) \((\w+)\)<', page)
    assert len(settled) == 1
    assert {(label, person) for _, label, person in by_person} == {
        ("weed", "anna"),
        ("crop", "ben"),
    }
    assert {colour for colour, label, _ in by_person if label == "weed"} == set(settled)
    (sentence,) = re.findall(r'class="conflict">([^<]+)<', page)
    assert "anna" in sentence
    assert "ben" in sentence
    assert "annotation: in conflict" in page


def test_without_label_studio_the_sheet_is_made_and_the_person_told(
    sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_links, "environment", dict)
    done = run(app, ["search", "--where", "campaign=weeds", "--sheet", str(sheet)])
    assert done.exit_code == 0
    assert "no links to tasks" in done.stderr
    assert "<svg" in sheet.read_text()


def test_the_sheet_leads_to_each_task(
    images: dict[str, str], sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeLabelStudio()
    project = server.add_project("farmy:weeds/annotation/anna")
    task = server.add_task(project, {"asset_key": images["open.jpg"]})
    made = StudioSettings("http://studio.test", "0" * 40, "cleansed")
    monkeypatch.setattr(
        task_links, "Studio", lambda _settings: Studio(made, transport=server.transport)
    )
    environment = {"FARMY_LABEL_STUDIO_URL": made.url, "FARMY_LABEL_STUDIO_TOKEN": made.token}
    monkeypatch.setattr(task_links, "environment", lambda: environment)
    done = run(app, ["search", "--where", "campaign=weeds", "--sheet", str(sheet)])
    assert done.exit_code == 0, done.stderr
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', sheet.read_text())
    assert links == [
        (f"http://studio.test/projects/{project}/data?task={task}", "annotation, anna")
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--label", "wede"], "there is no class 'wede'; did you mean weed?"),
        (["--where", "campaign=weds"], "there is no campaign 'weds'; did you mean weeds?"),
        (["--annotator", "anja"], "there is no annotator 'anja'; did you mean anna?"),
        (["--conflict", "other_clas"], "did you mean other_class?"),
        (["--label", "zzz"], "there are: crop, weed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_nothing_has_is_reported_with_the_nearest(arguments: list[str], words: str) -> None:
    done = run(app, ["search", *arguments])
    assert done.exit_code == 1
    assert words in done.stderr.replace("\n", " ")


def test_a_class_that_nobody_drew_yet_is_no_error() -> None:
    done = run(app, ["search", "--label", "crop"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "0 images" in done.stderr
