"""Athena, played: what is sent, how long is waited, what it cost, and how its answers are read."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake.lake import Lake
from farmy_assets.query.athena import AthenaEngine, Scan
from farmy_assets.query.engine import LocalEngine
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.sandbox import Limits
from farmy_assets_tests.arrivals import NOON

COLUMNS = [("crop", "varchar"), ("n", "bigint"), ("share", "double"), ("is_new", "boolean"),
           ("at", "timestamp")]  # fmt: skip
ROW: list[str | None] = ["maize", "3", "0.5", "true", "2026-05-14 12:00:00.000"]


class Athena:
    """Answers as Athena's API does: states in turn, then pages of text."""

    def __init__(
        self,
        *states: str,
        rows: list[list[str | None]] | None = None,
        reason: str = "",
        retryable: bool = False,
    ) -> None:
        self.states = list(states) or ["SUCCEEDED"]
        self.rows = [ROW] if rows is None else rows
        self.failure = {"StateChangeReason": reason, "AthenaError": {"Retryable": retryable}}
        self.sent: list[dict[str, Any]] = []
        self.stopped: list[str] = []

    def start_query_execution(self, **asked: object) -> dict[str, str]:
        self.sent.append(asked)
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803
        del QueryExecutionId
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        status = {"State": state, **self.failure}
        return {
            "QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": 25_000_000}}
        }

    def stop_query_execution(self, QueryExecutionId: str) -> None:  # noqa: N803
        self.stopped.append(QueryExecutionId)

    def get_work_group(self, WorkGroup: str) -> dict[str, Any]:  # noqa: N803
        assert WorkGroup == "questions"
        return {"WorkGroup": {"Configuration": {"BytesScannedCutoffPerQuery": 10**10}}}

    def get_paginator(self, name: str) -> "Athena":
        assert name == "get_query_results"
        return self

    def paginate(self, QueryExecutionId: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        del QueryExecutionId
        header: list[str | None] = [name for name, _ in COLUMNS]
        for rows in ([header, *self.rows[:2]], self.rows[2:]):
            data = [{"Data": [{} if c is None else {"VarCharValue": c} for c in r]} for r in rows]
            info = [{"Name": name, "Type": kind} for name, kind in COLUMNS]
            yield {"ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": info}}}


def engine(athena: Athena, **more: Any) -> AthenaEngine:  # noqa: ANN401
    return AthenaEngine(athena, "questions", "farmy", **({"pause": lambda _: None} | more))


def test_an_answer_has_athenas_types_and_keeps_its_nulls() -> None:
    nothing: list[str | None] = [None] * len(COLUMNS)
    answer = engine(Athena(rows=[ROW, nothing, ROW])).query("SELECT crop FROM images")
    first, second, third = answer.to_pylist()
    assert first == third
    assert first == {
        "crop": "maize", "n": 3, "share": 0.5, "is_new": True, "at": NOON.replace(tzinfo=None),
    }  # fmt: skip
    assert set(second.values()) == {None}


def test_an_answer_without_rows_still_has_its_columns() -> None:
    answer = engine(Athena(rows=[])).query("SELECT crop FROM images")
    assert answer.column_names == [name for name, _ in COLUMNS]
    assert len(answer) == 0


def test_what_is_sent_is_what_was_checked() -> None:
    athena = Athena()
    engine(athena).query("select crop from images -- /* a comment */\n where n = 'x''y'")
    assert athena.sent[0]["WorkGroup"] == "questions"
    assert athena.sent[0]["QueryExecutionContext"] == {"Database": "farmy"}
    assert athena.sent[0]["QueryString"].startswith("SELECT crop FROM images")


@pytest.mark.parametrize(
    "sql", ["DROP TABLE images", "SELECT 1; SELECT 2", "SELECT * FROM other.images",
            "UNLOAD (SELECT 1) TO 's3://x/'"]
)  # fmt: skip
def test_what_is_not_allowed_is_never_sent(sql: str) -> None:
    athena = Athena()
    with pytest.raises(InvalidInputError):
        engine(athena).query(sql)
    assert athena.sent == []


def test_the_scan_and_its_limit_and_cost_are_told() -> None:
    told: list[Scan] = []
    engine(Athena("QUEUED", "RUNNING", "SUCCEEDED"), on_scan=told.append).query("SELECT 1 AS one")
    assert told == [Scan(25_000_000, 10**10)]
    assert told[0].cost_usd == pytest.approx(0.000125)
    assert Scan(0, None).cost_usd == pytest.approx(0.00005)  # ten megabytes are paid at least


def test_a_query_that_takes_too_long_is_stopped() -> None:
    athena = Athena("RUNNING")
    with pytest.raises(InvalidInputError, match="longer than 5 s"):
        engine(athena, limits=Limits(seconds=5)).query("SELECT 1 AS one")
    assert athena.stopped == ["q1"]


def test_a_person_who_stops_waiting_pays_no_longer() -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    athena = Athena("RUNNING")
    with pytest.raises(KeyboardInterrupt):
        engine(athena, pause=interrupt).query("SELECT 1 AS one")
    assert athena.stopped == ["q1"]


@pytest.mark.parametrize(
    ("athena", "error", "told"),
    [
        (Athena("FAILED", reason="COLUMN_NOT_FOUND: line 1"), InvalidInputError, "COLUMN_NOT"),
        (Athena("CANCELLED", reason="Query cancelled! : Bytes scanned limit was exceeded"),
         InvalidInputError, "name fewer columns"),
        (Athena("FAILED", reason="internal", retryable=True), LakeUnavailableError, "just now"),
    ],
)  # fmt: skip
def test_a_failure_says_why(athena: Athena, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        engine(athena).query("SELECT 1 AS one")


def test_a_busy_athena_is_asked_again_later() -> None:
    class Busy(Athena):
        def start_query_execution(self, **asked: object) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Start")

    with pytest.raises(LakeUnavailableError):
        engine(Busy()).query("SELECT 1 AS one")


def test_an_answer_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="LIMIT"):
        engine(Athena(rows=[ROW] * 9), limits=Limits(rows=5)).query("SELECT crop FROM images")


def test_a_workgroup_in_the_settings_has_athena_answer(lake: Lake) -> None:
    assert isinstance(QueryLayer(lake).engine, LocalEngine)
    told = {"glue_database": "farmy", "athena_workgroup": "questions"}
    found = QueryLayer(Lake.connect(lake.settings.model_copy(update=told))).engine
    assert isinstance(found, AthenaEngine)
    assert (found.workgroup, found.database) == ("questions", "farmy")
