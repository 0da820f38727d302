"""Reading a statement ends in time, whatever the statement is."""

import time

import pytest

from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.guard import GuardedPool
from farmy_assets.query import translation
from farmy_assets.query.dialect import to_duckdb
from farmy_assets.query.function_macros import MACROS
from farmy_assets.query.sandbox import run_in_duckdb
from farmy_assets.query.sql_allowlist import MOST_NODES, checked
from farmy_assets.query.translation import translate

LEVELS = 15


def nested(before: str, inside: str, after: str, levels: int = LEVELS) -> str:
    return f"SELECT {before * levels}{inside}{after * levels} AS x"


NESTED = {
    "division": nested("1/(", "1", ")"),
    "forty divisions": nested("1/(", "1", ")", 40),
    "rest": nested("(1+1%(", "3", "))"),
    "substr": nested("substr(", "'abc'", ", 1)"),
    "substr with a nested place": nested("length(substr('abc', ", "1", "))"),
    "array_max": nested("array_max(ARRAY[", "1", "])", 8),
    "all_match": nested("all_match(ARRAY[", "true", "], x -> x)", 8),
    "regexp_extract": nested("regexp_extract(", "'a'", ", 'a')"),
    "json": nested("json_extract_scalar(", """'{"a": 1}'""", ", '$.a')"),
    "array_position": nested("array_position(ARRAY[1], ", "1", ")"),
    "slice": nested("slice(", "ARRAY[1, 2]", ", 1, 2)"),
    "format": nested("format('%s', ", "1", ")"),
    "date": nested("date_add('day', 1, ", "date '2026-05-01'", ")"),
}


@pytest.mark.parametrize("sql", NESTED.values(), ids=NESTED)
def test_no_rule_doubles_its_operand(sql: str) -> None:
    began = time.perf_counter()
    duckdb = to_duckdb(checked(sql))
    assert len(duckdb) < 20 * len(sql)
    run_in_duckdb(duckdb, {})
    assert time.perf_counter() - began < 30


@pytest.mark.parametrize("name", MACROS)
def test_a_macros_body_names_each_argument_once(name: str) -> None:
    for body in MACROS[name]:
        arguments, _, text = body.partition(" AS ")
        for argument in arguments.strip("()").split(", "):
            if (name, argument) == ("athena_json_extract_scalar", "p"):
                continue  # always written out
            words = text.replace("q.", "q_").replace("'", " ' ")
            bare = [w for w in words.replace("(", " ").replace(")", " ").replace(",", " ")
                    .replace("[", " ").replace("]", " ").replace("{", " ").replace("}", " ")
                    .split() if w == argument]  # fmt: skip
            keys = text.count(f"'{argument}':")
            assert len(bare) - keys == 1, (argument, body)


def test_a_statement_that_takes_too_long_to_read_is_stopped_and_the_next_one_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = GuardedPool(f"{translation.__name__}:worker", "", seconds=2, memory_mb=600)
    monkeypatch.setattr(translation, "_pool", lambda: pool)
    endless = nested("ARRAY[", "1", "]", 40)
    began = time.perf_counter()
    with pytest.raises(InvalidInputError, match="took more than 2 s and was stopped"):
        translate(endless)
    assert time.perf_counter() - began < 30
    assert translate("SELECT 7/2 AS y").for_duckdb()
    pool.close()


def test_a_tree_that_is_too_large_is_refused_before_it_is_translated() -> None:
    with pytest.raises(InvalidInputError, match=f"{MOST_NODES:,}"):
        translate("SELECT " + "1+" * 4_000 + "1")


def test_what_only_athena_answers_is_told_when_it_is_asked_of_duckdb() -> None:
    read = translate("SELECT nothing FROM images")
    assert read.athena
    assert read.tables == ("images",)
    with pytest.raises(InvalidInputError, match="nothing"):
        read.for_duckdb()


def test_a_chain_of_signs_is_refused_in_words() -> None:
    for sql in ("SELECT " + "NOT " * 3_000 + "true", "SELECT " + "- " * 3_000 + "1"):
        with pytest.raises(InvalidInputError, match=r"nested|more than"):
            translate(sql)
