"""farmy conflicts on a small export: the four files, and what they say."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from farmy_assets.cli.main import app
from farmy_assets.workflow import export_parts
from farmy_assets.workflow.export_parts import TASKS_A_PORTION
from farmy_assets_tests.arrivals import jpeg

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="label" toName="image">
    <Label value="weed"/><Label value="crop"/>
  </RectangleLabels>
  <Choices name="quality" toName="image"><Choice value="good"/><Choice value="bad"/></Choices>
  <Choices name="stage" toName="image" perRegion="true">
    <Choice value="young"/><Choice value="old"/>
  </Choices>
</View>"""


def drawn(region_id: str, x: float, label: str = "weed", **changes: object) -> dict[str, Any]:
    value = {"x": x, "y": 20, "width": 10, "height": 20, "rotation": 0, "rectanglelabels": [label]}
    return {
        "id": region_id, "type": "rectanglelabels", "from_name": "label", "to_name": "image",
        "original_width": 400, "original_height": 300, "image_rotation": 0, "value": value,
    } | changes  # fmt: skip


def chosen(name: str, choice: str, region_id: str = "c") -> dict[str, Any]:
    value = {"choices": [choice]}
    return {
        "id": region_id,
        "type": "choices",
        "from_name": name,
        "to_name": "image",
        "value": value,
    }


def answer(person: str, *results: object, skipped: bool = False) -> dict[str, Any]:
    who = {"id": 1, "email": f"{person}@example.com"}
    return {"id": 1, "completed_by": who, "result": list(results), "was_cancelled": skipped}


def task(number: int, *answers: dict[str, Any]) -> dict[str, Any]:
    image = f"/data/upload/1/ab12cd34-{number}.jpg"
    return {"id": number, "data": {"image": image}, "annotations": list(answers)}


EXPORT = [
    task(1, answer("anna", drawn("a", 10)), answer("ben", drawn("b", 10.2))),
    task(2, answer("anna", drawn("a", 10)), answer("ben", drawn("b", 10, "crop"))),
    task(3, answer("anna", drawn("a", 10), drawn("c", 60)), answer("ben", drawn("b", 10))),
    task(4, answer("anna", drawn("a", 10)), answer("ben", skipped=True)),
    task(5, answer("anna", chosen("quality", "good")), answer("ben", chosen("quality", "bad"))),
    task(6, answer("anna", drawn("a", 10), chosen("stage", "young", "a")),
         answer("ben", drawn("b", 10), chosen("stage", "old", "b"))),
    task(7, answer("anna", drawn("a", 10, original_width=None)), answer("ben", drawn("b", 10))),
    task(8, answer("anna"), answer("ben")),
    task(9),
]  # fmt: skip


def run(folder: Path, *more: str, export: object = EXPORT) -> Result:
    (folder / "export.json").write_text(json.dumps(export))
    (folder / "config.xml").write_text(CONFIG)
    words = ["conflicts", str(folder / "export.json"), "--label-config", str(folder / "config.xml")]
    return CliRunner().invoke(app, [*words, "--out", str(folder / "out"), *more])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    done = run(tmp_path)
    assert done.exit_code == 0, done.output
    assert "9 images, 7 answered by two or more, 6 with a conflict." in done.output
    return tmp_path / "out"


def test_each_difference_is_a_row_with_people_classes_and_regions(out: Path) -> None:
    rows = pq.read_table(out / "conflicts.parquet").to_pylist()
    found = {row["task"]: row for row in rows}
    both = ["anna@example.com", "ben@example.com"]
    assert [(row["task"], row["kind"]) for row in rows] == [
        ("2", "other_class"), ("3", "missed"), ("4", "skipped"), ("5", "image_choice"),
        ("6", "attribute"), ("7", "missed"), ("7", "invalid"),
    ]  # fmt: skip
    assert found["2"]["annotators"] == both
    assert {found["2"]["class_a"], found["2"]["class_b"]} == {"weed", "crop"}
    assert found["2"]["distance"] == pytest.approx(0)
    assert found["2"]["region_ids"] == ["a", "b"]
    assert found["3"]["region_ids"] == ["c", None]
    assert {found["5"]["class_a"], found["5"]["class_b"]} == {"good", "bad"}
    assert {found["6"]["class_a"], found["6"]["class_b"]} == {"young", "old"}
    assert "does not say how large its image is" in found["7"]["sentence"]


def test_the_figures_count_people_and_leave_what_is_undefined_empty(out: Path) -> None:
    figures = json.loads((out / "agreement.json").read_bytes())
    assert figures["conflicts"]["missed"] == 2
    anna = figures["people"]["anna@example.com"]
    counts = ("answers", "skipped", "regions", "unreadable")
    assert [anna[name] for name in counts] == [8, 0, 6, 1]
    assert 0 < anna["with_majority"] < 1
    assert 0 < anna["accuracy"] <= 1
    assert 0 < figures["regions"]["alpha"]["value"] < 1
    (pair,) = figures["regions"]["pairs"]
    assert pair["images"] == 7
    assert figures["choices"]["quality"]["value"] == pytest.approx(0)


def test_the_consensus_is_an_export_that_agrees_with_itself(out: Path, tmp_path: Path) -> None:
    consensus = json.loads((out / "consensus.json").read_text())
    assert [task["id"] for task in consensus] == [task["id"] for task in EXPORT]
    regions = {t["id"]: [r for a in t["annotations"] for r in a["result"]] for t in consensus}
    ((first,), second, third) = (regions[number] for number in (1, 2, 3))
    assert first["value"]["x"] == pytest.approx(10.1)
    assert (first["from_name"], first["to_name"], first["score"]) == ("label", "image", 1)
    (either,) = second  # of two classes neither has most votes
    assert either["score"] == 0.5
    assert [region["score"] for region in third] == [1, 0.5]
    assert consensus[8]["annotations"] == []
    assert [result["type"] for result in regions[5]] == []  # no answer is ahead of the other
    again = run(tmp_path, export=consensus)
    assert again.exit_code == 0, again.output
    assert "0 with a conflict" in again.output


def test_with_a_quorum_the_consensus_has_only_what_so_many_people_agree_on(tmp_path: Path) -> None:
    done = run(tmp_path, "--quorum", "2")
    assert done.exit_code == 0, done.output
    consensus = json.loads((tmp_path / "out/consensus.json").read_text())
    drawn = [len(task["annotations"][0]["result"]) for task in consensus[:3]]
    assert drawn == [1, 0, 1]


def test_the_page_shows_the_worst_image_first_over_its_photograph(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "7.jpg").write_bytes(jpeg(7, size=(400, 300)))
    (pictures / "6.jpg").write_bytes(b"no picture")
    done = run(tmp_path, "--images", str(pictures))
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out/report.html").read_text()
    cards = page.split("<figure>")[1:]
    assert len(cards) == 6
    assert "task 7" in cards[0]
    assert 'href="data:image/jpeg;base64,' in cards[0]
    assert page.count("data:image/jpeg") == 1
    assert "<polygon points=" in cards[0]
    assert "anna@example.com sent something that cannot be read" in cards[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--match-iou", "0.9"], "must not be under --match-iou"),
        (["--images", "nowhere"], "is no folder"),
    ],
)
def test_what_makes_no_sense_ends_with_one_line(
    tmp_path: Path, words: list[str], reason: str
) -> None:
    done = run(tmp_path, *words)
    assert done.exit_code == 1
    assert reason in done.output
    assert "Traceback" not in done.output


def test_an_export_that_ends_early_leaves_no_half_written_files(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text(json.dumps(EXPORT)[:-200])
    (tmp_path / "config.xml").write_text(CONFIG)
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app,
        ["conflicts", str(tmp_path / "cut.json"), "--label-config", str(tmp_path / "config.xml"),
         "--out", str(out)],
    )  # fmt: skip
    assert done.exit_code == 1
    assert "cannot be read as JSON after" in done.output
    assert list(out.iterdir()) == []


def test_many_tasks_are_compared_on_all_cores_and_written_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = [{**EXPORT[n % len(EXPORT)], "id": n} for n in range(2 * TASKS_A_PORTION + 9)]
    names = ("conflicts.parquet", "agreement.json", "consensus.json", "report.html")
    written = []
    for portion in (TASKS_A_PORTION, 10 * TASKS_A_PORTION):
        monkeypatch.setattr(export_parts, "TASKS_A_PORTION", portion)
        done = run(tmp_path, export=export)
        assert done.exit_code == 0, done.output
        written.append([(tmp_path / "out" / name).read_bytes() for name in names[1:]])
        rows = pq.read_table(tmp_path / "out" / names[0]).to_pylist()
        assert [int(row["task"]) for row in rows] == sorted(int(row["task"]) for row in rows)
        assert len(json.loads(written[-1][1])) == len(export)
    assert written[0] == written[1]


def test_what_most_people_answer_is_in_the_consensus(tmp_path: Path) -> None:
    stages = {"anna": "young", "ben": "old", "dan": "old"}
    export = [
        task(1, *(
            answer(name, drawn(name, 10), chosen("stage", stage, name), chosen("quality", "bad"))
            for name, stage in stages.items()
        )),
    ]  # fmt: skip
    done = run(tmp_path, export=export)
    assert done.exit_code == 0, done.output
    (only,) = json.loads((tmp_path / "out/consensus.json").read_text())
    region, stage, quality = only["annotations"][0]["result"]
    assert (stage["id"], stage["type"], stage["from_name"]) == (region["id"], "choices", "stage")
    assert stage["value"]["choices"] == ["old"]
    assert stage["value"]["x"] == region["value"]["x"]
    assert quality["value"] == {"choices": ["bad"]}
    (row,) = pq.read_table(tmp_path / "out/conflicts.parquet").to_pylist()
    assert (row["kind"], row["class_a"], row["class_b"]) == ("attribute", "old", "young")
    assert row["region_ids"] == ["anna", "ben", "dan"]
