"""farmy query, as a person types it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from farmy_assets.cli import query
from farmy_assets.cli.main import app
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.defs.conftest import bring

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "open_lake", lambda: lake)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_an_answer_is_shown_or_written_in_the_form_asked_for(tmp_path: Path) -> None:
    sql = "SELECT 7/2 AS half, 'x' AS letter"
    assert "letter" in run(app, ["query", sql]).stdout
    assert run(app, ["query", sql, "--format", "csv"]).stdout == "half,letter\n3,x\n"
    told = run(app, ["query", sql, "--format", "json"]).stdout
    assert json.loads(told) == [{"half": 3, "letter": "x"}]
    out = tmp_path / "answer.parquet"
    assert run(app, ["query", sql, "--format", "parquet", "--out", str(out)]).exit_code == 0
    assert pd.read_parquet(out).to_dict("list") == {"half": [3], "letter": ["x"]}


VALUES = (
    "SELECT date '2026-05-14' AS day, timestamp '2026-05-14 10:00:00' AS moment, "
    "9007199254740993 AS large, ARRAY['a', NULL] AS texts, map(ARRAY['k'], ARRAY[1]) AS pairs, "
    "1e0/0 AS endless, true AS yes UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL"
)


def test_json_has_days_whole_numbers_lists_and_nulls_as_they_are() -> None:
    first, second = json.loads(run(app, ["query", VALUES, "--format", "json"]).stdout)
    assert first == {
        "day": "2026-05-14", "moment": "2026-05-14T10:00:00", "large": 9007199254740993,
        "texts": ["a", None], "pairs": {"k": 1}, "endless": "inf", "yes": True,
    }  # fmt: skip
    assert set(second.values()) == {None}


def test_csv_has_whole_numbers_beside_nulls_and_lists_in_jsons_form() -> None:
    lines = run(app, ["query", VALUES, "--format", "csv"]).stdout.splitlines()
    assert lines[1].startswith('2026-05-14,2026-05-14 10:00:00,9007199254740993,"[""a"", null]"')
    assert lines[2] == ",,,,,,"


def test_jsonl_is_one_object_a_line() -> None:
    sql = "SELECT 1 AS n, 'x' AS letter UNION ALL SELECT 2, 'y'"
    lines = run(app, ["query", sql, "--format", "jsonl"]).stdout.splitlines()
    assert sorted(json.loads(line)["n"] for line in lines) == [1, 2]


def test_csv_for_spreadsheets_holds_no_formula_and_other_csv_holds_the_values() -> None:
    sql = "SELECT '=HYPERLINK(\"http://x\")' AS a, '@SUM(1)' AS b, -1 AS c, 'plain' AS d"
    plain = run(app, ["query", sql, "--format", "csv"]).stdout.splitlines()[1]
    safe = run(app, ["query", sql, "--format", "csv", "--for-spreadsheets"]).stdout.splitlines()[1]
    assert plain.startswith('"=HYPERLINK(')
    assert safe.startswith("\"'=HYPERLINK(")
    assert safe.endswith(",'@SUM(1),-1,plain")
    wrong = run(app, ["query", sql, "--format", "json", "--for-spreadsheets"])
    assert wrong.exit_code == 1


def test_a_shown_table_cuts_no_value_off() -> None:
    shown = run(app, ["query", f"SELECT '{'x' * 300}[/b]' AS a, ARRAY['y'] AS b"]).stdout
    assert shown.count("x") == 300
    assert "[/b]" in shown.replace("\n", "").replace(" ", "")
    assert '["y"]' in shown


def test_fresh_tables_have_what_came_since_the_last_snapshot(lake: Lake) -> None:
    asked = ["query", "SELECT count(*) AS n FROM images", "--format", "csv"]
    bring(lake, {"a.jpg": b"a"})
    assert run(app, asked).stdout == "n\n0\n"
    assert run(app, [*asked, "--fresh"]).stdout == "n\n1\n"
    assert run(app, ["query", "SELECT 1 AS n FROM runs", "--fresh"]).exit_code == 0


def test_an_empty_answer_says_when_the_tables_are_of(lake: Lake) -> None:
    answer = run(app, ["query", "SELECT image_id FROM images"])
    assert answer.exit_code == 0
    assert "--fresh" in answer.stderr


def test_a_saved_query_is_asked_again_by_its_name(tmp_path: Path) -> None:
    run(app, ["query", "SELECT count(*) AS n FROM images", "--save", "how-many"])
    assert (tmp_path / "queries" / "how-many.sql").is_file()
    assert run(app, ["query", "how-many", "--format", "csv"]).stdout == "n\n0\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["SELECT * FROM read_text('/etc/passwd')"], "is no table of the lake"),
        (["DROP TABLE images"], "read-only"),
        (["nothing-saved"], "there is no saved query"),
        ([""], "ask something"),
        (["SELECT 1", "--save", "../up"], "is no name for a query"),
        (["SELECT 1", "--format", "parquet"], "--out FILE"),
        (["SELECT 1 AS a, 2 AS a", "--format", "json"], "two columns are called a"),
        (["SELECT interval '1' day AS a", "--format", "parquet", "--out", "a"], "has no form"),
        (['SELECT * FROM "[/b]"'], "there is no table [/b]"),
        (["SELECT * FROM imags"], "did you mean images?"),
    ],
)
def test_what_cannot_be_done_ends_in_one_plain_line(arguments: list[str], told: str) -> None:
    result = run(app, ["query", *arguments])
    assert result.exit_code == 1
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_the_tables_are_listed_with_what_each_column_means() -> None:
    listed = run(app, ["query", "--tables"]).stdout
    assert "image_checks: one row an image of a batch that was checked" in listed
    assert "perceptual hash, 16 hexadecimal digits" in listed
