"""farmy view: what FiftyOne is handed, and what a person is told when it cannot be."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.regions.box import Box
from farmy_assets.cli import view
from farmy_assets.cli.main import app
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.table_sources import table_sources
from farmy_assets_tests.annotation.examples import vote
from farmy_assets_tests.cleansing.drawing import plants, stored
from farmy_assets_tests.defs.conftest import bring
from farmy_assets_tests.lake.evaluations import write_judgements

run = CliRunner().invoke
STUB = """
import json, os
class _Told(dict):
    def __init__(self, **told): super().__init__(told)
Sample = Detection = Detections = GeoLocation = _Told
OTHERS = os.environ.get("STUB_OTHERS", "").split()
def list_datasets(): return OTHERS
def load_dataset(name): return Dataset(name)
class Dataset:
    def __init__(self, name, **options): self.name, self.info = name, {}
    def save(self): pass
    def add_samples(self, samples, progress):
        with open(os.environ["STUB_OUT"], "w") as out:
            json.dump(samples, out, default=str)
"""


@pytest.fixture(autouse=True)
def handed(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FiftyOne that writes down what it is handed, and where it does."""
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "fiftyone.py").write_text(STUB)
    out = tmp_path / "handed.json"
    for name, value in {
        "PYTHONPATH": str(tmp_path / "stub"),
        "STUB_OUT": str(out),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(view, "open_lake", lambda: lake)
    return out


@pytest.fixture
def ids(lake: Lake) -> dict[str, str]:
    """Two photographs in the tables, of which one has a copy, a settled box and a vote."""
    content = stored(plants(1, (400, 300)))
    ids = bring(lake, {"seen.jpg": content, "refused.jpg": stored(plants(2, (400, 300)))})
    seen = ids["seen.jpg"]
    lake.cleansed.put(keys.cleansed_image(seen), content)
    drawn = Box(label="weed", x_min=0, y_min=0, x_max=200, y_max=75)
    cast = vote("anna", drawn, image_id=seen, campaign="weeds")
    lake.votes.add("weeds", [cast])
    judgement = ImageConsensus(
        image_id=seen, campaign="weeds", campaign_version=1, status=ConsensusStatus.AGREED,
        people=("anna",), vote_ids=(cast.vote_id,),
        regions=(Box(label="weed", x_min=100, y_min=150, x_max=300, y_max=300),),
    )  # fmt: skip
    write_judgements(lake, [judgement], votes=[cast])
    for name in ("images", "image_checks"):
        QueryLayer(lake).refresh(table_sources(lake)[name])
    return ids


def asked(*arguments: str, ids: str = "") -> Result:
    return run(app, ["view", "--python", sys.executable, "--no-serve", *arguments], input=ids)


def test_an_image_has_its_copy_what_is_known_and_both_kinds_of_boxes(
    ids: dict[str, str], handed: Path
) -> None:
    result = asked("SELECT image_id FROM images")

    assert result.exit_code == 0, result.stderr
    (sample,) = json.loads(handed.read_text())
    assert Path(sample["filepath"]).read_bytes() == stored(plants(1, (400, 300)))
    assert (sample["image_id"], sample["crop"]) == (ids["seen.jpg"], "maize")
    assert "media_type" not in sample  # FiftyOne would show no picture
    (settled,) = sample["consensus"]["detections"]
    assert settled == {"label": "weed", "bounding_box": [0.25, 0.5, 0.5, 0.5]}
    (drawn,) = sample["votes"]["detections"]
    assert drawn == {"label": "weed", "bounding_box": [0, 0, 0.5, 0.25], "person": "anna"}
    assert f"1 have no copy to show: {ids['refused.jpg']}" in result.stderr


def test_ids_come_by_a_pipe_as_farmy_search_writes_them(ids: dict[str, str], handed: Path) -> None:
    assert asked(ids=f"{ids['seen.jpg']}\n\n{ids['seen.jpg']}\n").exit_code == 0
    assert len(json.loads(handed.read_text())) == 1


def test_where_fiftyone_is_missing_one_line_tells_how_to_install_it(tmp_path: Path) -> None:
    result = run(app, ["view", "SELECT image_id FROM images", "--python", str(tmp_path / "no")])
    assert result.exit_code == 1
    assert "make setup-view" in result.stderr


@pytest.mark.usefixtures("ids")
def test_somebody_elses_dataset_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch, handed: Path
) -> None:
    monkeypatch.setenv("STUB_OTHERS", "farmy")
    result = asked("SELECT image_id FROM images")
    assert result.exit_code == 1
    assert "give another --name" in result.stderr
    assert not handed.exists()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT crop FROM images", "a column image_id"),
        ("SELECT image_id FROM images WHERE crop = 'none'", "has a copy to show"),
    ],
)
def test_what_shows_nothing_is_reported(sql: str, told: str) -> None:
    result = asked(sql)
    assert result.exit_code == 1
    assert told in result.stderr
