"""People's SQL, read and translated in a guarded child.

A short statement can take any time to read: brackets inside one another are tried in more than one
way at each level. So no statement is parsed in the process that receives it, but in a child with
limits on time and memory, which answers with text.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.guard import Failure, GuardedPool, Message
from farmy_assets.query.dialect import to_duckdb
from farmy_assets.query.sql_allowlist import checked, tables_of

SECONDS = 10.0
MEMORY_MB = 600  # the child's interpreter and libraries are part of it
_REMEMBERED = 64


class Translation(NamedTuple):
    """A query that is allowed, in the dialects of both engines.

    Attributes:
        athena: The statement for Athena, written anew from what was read.
        duckdb: The statement that gives Athena's values in DuckDB; empty when there is none.
        refusal: Why there is none for DuckDB; empty when there is one.
        tables: The names of the lake's tables that it reads, sorted.
    """

    athena: str
    duckdb: str
    refusal: str
    tables: tuple[str, ...]

    def for_duckdb(self) -> str:
        """The statement for DuckDB.

        Raises:
            InvalidInputError: It does not fit the tables, or only Athena can answer it.
        """
        if self.refusal:
            raise InvalidInputError(self.refusal)
        return self.duckdb


@lru_cache(maxsize=_REMEMBERED)
def translate(sql: str) -> Translation:
    """What a person's SQL becomes for both engines.

    Raises:
        InvalidInputError: It is not allowed, cannot be read, or takes too much to read.
        WorkersError: No child process can start.
    """
    (answer,) = _pool().work([Message({"sql": sql})])
    if isinstance(answer, Failure):
        msg = f"reading the query {answer.detail} and was stopped; write it shorter or flatter"
        raise InvalidInputError(msg)
    header = answer.header
    if header["not_allowed"]:
        raise InvalidInputError(header["not_allowed"])
    return Translation(
        header["athena"], header["duckdb"], header["refusal"], tuple(header["tables"])
    )


@lru_cache(maxsize=1)
def _pool() -> GuardedPool:
    return GuardedPool(f"{__name__}:worker", "", seconds=SECONDS, memory_mb=MEMORY_MB)


def worker(_settings: str) -> Callable[[Message], Message]:
    """What the child does with each statement."""

    def answer(message: Message) -> Message:
        header = {"not_allowed": "", "athena": "", "duckdb": "", "refusal": "", "tables": []}
        try:
            query = checked(message.header["sql"])
            header |= {"athena": query.sql(dialect="athena"), "tables": tables_of(query)}
        except InvalidInputError as error:
            return Message(header | {"not_allowed": str(error)})
        except RecursionError:
            return Message(header | {"not_allowed": "the query is nested too deep"})
        try:
            header["duckdb"] = to_duckdb(query)
        except InvalidInputError as error:
            header["refusal"] = str(error)
        return Message(header)

    return answer
