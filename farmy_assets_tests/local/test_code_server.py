"""The processes of runs: forked from one that has loaded everything."""

import sys
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.queues import Queue

import boto3
import daft
import duckdb
import pytest

from farmy_assets.lake import connection
from farmy_assets.lake.settings import VARIABLES
from farmy_assets.local.code_server import PRELOADED, warm_processes
from farmy_assets.local.warm_aws import warm as warm_clients

WITHIN_S = 60


@pytest.fixture(scope="module")
def warm() -> Iterator[ForkServerContext]:
    yield warm_processes()
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # it holds 400 MB


def told(warm: ForkServerContext, work: Callable[["Queue[object]"], None]) -> object:
    """What a new process puts into its queue; it has to end well, too."""
    queue: Queue[object] = warm.Queue()
    process = warm.Process(target=work, args=[queue])
    process.start()
    answer = queue.get(timeout=WITHIN_S)
    process.join(WITHIN_S)
    assert process.exitcode == 0
    return answer


def _what_is_loaded(queue: "Queue[object]") -> None:
    queue.put(set(PRELOADED) & set(sys.modules))


def _engines(queue: "Queue[object]") -> None:
    (total,) = duckdb.connect().sql("SELECT sum(i) FROM range(100000) t(i)").fetchall()
    frame = daft.from_pydict({"x": [1, 2, 3]}).with_column("y", daft.col("x") + 1)
    queue.put((total[0], frame.to_pydict()["y"]))


def test_a_new_process_has_everything_loaded(warm: ForkServerContext) -> None:
    assert told(warm, _what_is_loaded) == set(PRELOADED)


def test_the_engines_with_threads_of_their_own_work_in_a_forked_process(
    warm: ForkServerContext,
) -> None:
    for _ in range(3):
        assert told(warm, _engines) == (4999950000, [2, 3, 4])


def test_clients_for_aws_are_quick_to_make_once_they_were_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {name: "x" for name in VARIABLES.values()}
    given |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    connection._session.cache_clear()
    warm_clients({})
    assert (boto3.DEFAULT_SESSION, connection._session.cache_info().currsize) == (None, 0)
    warm_clients(given)
    assert boto3.DEFAULT_SESSION is not None
    assert connection._session.cache_info().currsize == 1
    connection._session.cache_clear()
