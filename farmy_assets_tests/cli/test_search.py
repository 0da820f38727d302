"""farmy search: by a photograph's look, by what is known, by SQL; and the page to look at."""

import re
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from farmy_assets.cleansing.compared_images import Fingerprint, fingerprint_of
from farmy_assets.cleansing.duplicates import DuplicateOf, find_duplicates
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets.cli import search
from farmy_assets.cli.main import app
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.snapshots import SnapshotRepository
from farmy_assets.query.table_sources import table_sources
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.cleansing.drawing import plants, stored
from farmy_assets_tests.defs.conftest import bring

POLICY = CleansingPolicy()
run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "open_lake", lambda: lake)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def kept(lake: Lake) -> dict[str, str]:
    """Photographs that a batch kept; name to image id."""
    contents = {f"{n}.jpg": stored(plants(n, (400, 300))) for n in range(4)}
    ids = bring(lake, contents)
    lake.duplicates.claim("b", _fingerprints(ids, contents), campaign="weeds", find=_nothing)
    for name, content in contents.items():
        lake.cleansed.put(keys.cleansed_image(ids[name]), content)
    return ids


def _fingerprints(ids: Mapping[str, str], contents: Mapping[str, bytes]) -> list[Fingerprint]:
    found = (
        fingerprint_of(assess(ids[name], content, policy=POLICY), taken_at=NOON + timedelta(1))
        for name, content in contents.items()
    )
    return [fingerprint for fingerprint in found if fingerprint]


def _nothing(new: object, known: object) -> dict[str, DuplicateOf]:
    del new, known
    return {}


def _turned(seed: int) -> bytes:
    buffer = BytesIO()
    plants(seed, (400, 300)).transpose(Image.Transpose.ROTATE_90).resize((180, 240)).save(
        buffer, "JPEG", quality=60
    )
    return buffer.getvalue()


def test_a_small_turned_copy_finds_its_original_first(
    lake: Lake, kept: dict[str, str], tmp_path: Path
) -> None:
    photograph, sheet = tmp_path / "turned.jpg", tmp_path / "sheet.html"
    photograph.write_bytes(_turned(2))
    told = run(app, ["search", "--like", str(photograph), "--sheet", str(sheet)])
    assert told.exit_code == 0
    assert told.stdout.split() == [kept["2.jpg"]]
    page = sheet.read_text()
    assert page.count("data:image/jpeg") == 1
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", page)
    assert "Looks like turned.jpg" in page


def test_what_cannot_be_decoded_is_no_photograph_to_search_by(
    kept: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
    told = run(app, ["search", "--like", str(tmp_path / "letter.jpg")])
    assert told.exit_code == 1
    assert "cannot be compared: unreadable" in told.stderr


def test_images_are_found_by_their_columns_and_by_sql(lake: Lake, kept: dict[str, str]) -> None:
    SnapshotRepository(lake.records).take(table_sources(lake)["images"])
    told = run(app, ["search", "--where", "original_name=1.jpg"])
    assert told.stdout.split() == [kept["1.jpg"]]
    told = run(app, ["search", "--sql", "SELECT image_id FROM images ORDER BY original_name"])
    assert told.stdout.split() == [kept[f"{n}.jpg"] for n in range(4)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give one of: filters"),
        (["--where", "crop"], "write NAME=VALUE"),
        (["--where", "colour=red"], "images have no colour"),
        (["--sql", "SELECT 1 AS n"], "has to have a column image_id"),
        (["--like", "nowhere.jpg"], "nowhere.jpg cannot be read"),
        (["--where", "crop=a", "--sql", "SELECT 1"], "--sql, or --like"),
    ],
)
def test_what_cannot_be_looked_for_is_reported_in_one_line(arguments: list[str], said: str) -> None:
    told = run(app, ["search", *arguments])
    assert told.exit_code == 1
    assert said in told.stderr
    assert "Traceback" not in told.output


def test_duplicates_are_still_found_with_the_same_hashes(kept: dict[str, str], lake: Lake) -> None:
    (new,) = _fingerprints({"again": "x"}, {"again": stored(plants(3, (400, 300)), "PNG")})
    found = lake.duplicates.claim(
        "later",
        [new],
        campaign="weeds",
        find=lambda n, known: find_duplicates(n, known, policy=POLICY),
    )
    assert found["x"].of_image_id == kept["3.jpg"]


def test_a_fresh_search_finds_what_came_since_the_last_snapshot(
    lake: Lake, kept: dict[str, str]
) -> None:
    asked = ["search", "--where", "campaign=weeds"]
    before, now = run(app, asked), run(app, [*asked, "--fresh"])
    assert before.stdout == ""
    assert set(now.stdout.split()) == set(kept.values())
