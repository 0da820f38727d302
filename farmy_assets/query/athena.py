"""Checked SQL on AWS: the same questions, answered by Athena within its workgroup's limits.

What is sent is written anew from the tree that was checked, never the text as it came.
Prices: 5 USD a terabyte scanned, 10 MB a query at least (Athena's price list, 2026).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from farmy_assets.errors import InvalidInputError, LakeUnavailableError
from farmy_assets.lake.connection import translated
from farmy_assets.query.sandbox import Limits
from farmy_assets.query.translation import translate

AthenaClient: TypeAlias = Any  # of boto3

USD_PER_BYTE = 5 / 1e12
LEAST_BYTES = 10_000_000
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 3.0
_RUNNING = {"QUEUED", "RUNNING"}
_TYPES = {
    "boolean": pa.bool_(), "tinyint": pa.int64(), "smallint": pa.int64(), "integer": pa.int64(),
    "bigint": pa.int64(), "real": pa.float64(), "float": pa.float64(), "double": pa.float64(),
    "timestamp": pa.timestamp("ms"),
}  # fmt: skip


class Scan(NamedTuple):
    """What a question took: bytes read, and the bytes at which the workgroup stops one."""

    scanned_bytes: int
    limit_bytes: int | None

    @property
    def cost_usd(self) -> float:
        """About what it costs, in US dollars."""
        return max(self.scanned_bytes, LEAST_BYTES) * USD_PER_BYTE


@dataclass(frozen=True)
class AthenaEngine:
    """Queries in one Athena workgroup; `on_scan` is called with the statistics of each query."""

    client: AthenaClient
    workgroup: str
    database: str
    limits: Limits = field(default_factory=Limits)
    on_scan: Callable[[Scan], None] = lambda scan: None
    pause: Callable[[float], None] = time.sleep

    def query(self, sql: str) -> pa.Table:
        """The result of a query in Athena's dialect.

        Lists come as text: Athena's answers have no other form for them.

        Raises:
            InvalidInputError: The query is not allowed, is wrong, or takes too much.
            LakeUnavailableError: Athena is busy; ask again later.
        """
        text = translate(sql).athena
        with translated("asking Athena"):
            asked = self.client.start_query_execution(
                QueryString=text, WorkGroup=self.workgroup,
                QueryExecutionContext={"Database": self.database},
            )["QueryExecutionId"]  # fmt: skip
        try:
            done = self._finished(asked)
        except BaseException:  # also a person's Ctrl-C: what nobody waits for should cost nothing
            with suppress(ClientError, BotoCoreError):
                self.client.stop_query_execution(QueryExecutionId=asked)
            raise
        scanned = int(done.get("Statistics", {}).get("DataScannedInBytes", 0))
        self.on_scan(Scan(scanned, self._limit_bytes()))
        return self._answer(asked)

    def _finished(self, asked: str) -> dict[str, Any]:
        pause, waited = FIRST_PAUSE_SECONDS, 0.0
        while True:
            with translated("waiting for Athena"):
                found = self.client.get_query_execution(QueryExecutionId=asked)["QueryExecution"]
            state = found["Status"]["State"]
            if state == "SUCCEEDED":
                return dict(found)
            if state not in _RUNNING:
                raise _failure(found["Status"])
            if waited > self.limits.seconds:
                msg = f"the query took longer than {self.limits.seconds:g} s and was stopped; "
                raise InvalidInputError(msg + "ask for less")
            self.pause(pause)
            waited += pause
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _limit_bytes(self) -> int | None:
        with translated(f"looking at Athena's workgroup {self.workgroup}"):
            found = self.client.get_work_group(WorkGroup=self.workgroup)["WorkGroup"]
        limit = found.get("Configuration", {}).get("BytesScannedCutoffPerQuery")
        return int(limit) if limit else None

    def _answer(self, asked: str) -> pa.Table:
        names: list[str] = []
        kinds: list[str] = []
        rows: list[list[str | None]] = []
        with translated("reading Athena's answer"):
            for page in self._pages(asked):
                if not kinds:
                    columns = page["ResultSetMetadata"]["ColumnInfo"]
                    names = [column["Name"] for column in columns]
                    kinds = [column["Type"] for column in columns]
                rows += [[c.get("VarCharValue") for c in r["Data"]] for r in page["Rows"]]
                if len(rows) > self.limits.rows + 1:
                    msg = f"the answer has more than {self.limits.rows:,} rows; add a LIMIT or a "
                    raise InvalidInputError(msg + "WHERE")
        body = rows[1:] if rows and rows[0] == names else rows  # the first row is the header
        arrays = [
            pa.array([_value(row[place], kind) for row in body], _TYPES.get(kind, pa.string()))
            for place, kind in enumerate(kinds)
        ]
        return pa.Table.from_arrays(arrays, names=names)

    def _pages(self, asked: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=asked)
        return (page["ResultSet"] for page in pages)


def _failure(status: dict[str, Any]) -> InvalidInputError | LakeUnavailableError:
    reason = str(status.get("StateChangeReason", "no reason given"))
    if status.get("AthenaError", {}).get("Retryable"):
        return LakeUnavailableError(f"Athena could not answer just now: {reason}")
    if "Bytes scanned limit was exceeded" in reason:
        reason += "; name fewer columns, or days by dt"
    return InvalidInputError(f"the query fails: {reason}")


def _value(text: str | None, kind: str) -> object:
    if text is None or kind not in _TYPES:
        return text
    if kind == "boolean":
        return text == "true"
    if kind == "timestamp":
        return datetime.fromisoformat(text)
    return float(text) if pa.types.is_floating(_TYPES[kind]) else int(text)
