"""Whatever a piece of work does to its process, the others get their answers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from farmy_assets.errors import WorkersError
from farmy_assets.execution import guard
from farmy_assets.execution.guard import Failure, GuardedPool, Message

SECONDS = 0.5
TASK = "farmy_assets_tests.execution.misbehaving:worker"


@pytest.fixture(autouse=True)
def children_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """They look for modules nowhere but where these are installed; tests are not."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[GuardedPool]:
    (tmp_path / "died").touch()
    made = GuardedPool(TASK, str(tmp_path / "died"), seconds=SECONDS, memory_mb=512)
    yield made
    made.close()


def told(*deeds: str) -> list[Message]:
    return [Message({"do": deed}, deed.encode()) for deed in deeds]


def children() -> list[psutil.Process]:
    """Those of this file's pools that are alive."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it may end at any moment
            if TASK in child.cmdline():
                found.append(child)
    return found


def test_every_piece_of_work_is_answered_in_order(pool: GuardedPool) -> None:
    answers = pool.work(told(*(f"deed {number}" for number in range(50))))

    assert [answer.content for answer in answers if isinstance(answer, Message)] == [
        f"deed {number}".encode() for number in range(50)
    ]


def test_absent_and_empty_content_give_different_results(pool: GuardedPool) -> None:
    absent, empty = pool.work([Message({"do": "a"}, None), Message({"do": "b"}, b"")])

    assert isinstance(absent, Message)
    assert isinstance(empty, Message)
    assert (absent.content, empty.content) == (None, b"")


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("hang", "took more than 0.5 s"),
        ("crash", "ended its process (SIGSEGV)"),
        ("be killed", "ended its process (SIGKILL)"),
        ("eat", "needed more than 512 MB of memory"),
    ],
)
def test_what_misbehaves_fails_alone(pool: GuardedPool, deed: str, said: str) -> None:
    before, failed, after = pool.work(told("one", deed, "two"))

    assert isinstance(before, Message)
    assert failed == Failure(said)
    assert isinstance(after, Message)


@pytest.mark.parametrize("deed", ["be killed once", "eat once"])
def test_a_worker_that_ends_once_costs_one_retry(pool: GuardedPool, deed: str) -> None:
    answers = pool.work(told("one", deed, "two"))

    assert [answer.content for answer in answers if isinstance(answer, Message)] == [
        b"one", deed.encode(), b"two"
    ]  # fmt: skip


def test_a_child_killed_from_outside_is_replaced(pool: GuardedPool) -> None:
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(pool.work, told("one", *["wait"] * 200))
        deadline = time.monotonic() + 20
        while not children() and time.monotonic() < deadline:
            time.sleep(0.01)
        children()[0].send_signal(signal.SIGKILL)
        answers = running.result()

    assert all(isinstance(answer, Message) for answer in answers)


def test_a_librarys_words_do_not_disturb_the_answers(pool: GuardedPool) -> None:
    assert all(isinstance(answer, Message) for answer in pool.work(told("talk", "one")))


def test_children_are_used_again_and_end_with_their_pool(pool: GuardedPool) -> None:
    answers = [answer for _ in range(3) for answer in pool.work(told("x"))]
    pids = {answer.header["pid"] for answer in answers if isinstance(answer, Message)}
    assert len(pids) == 1

    pool.close()

    assert not [child for child in children() if child.pid in pids]


def test_a_pool_that_is_used_after_its_end_can_be_ended_again(pool: GuardedPool) -> None:
    pool.close()
    (answer,) = pool.work(told("x"))
    assert isinstance(answer, Message)

    pool.close()

    assert answer.header["pid"] not in [child.pid for child in children()]


def test_no_module_comes_from_the_folder_that_is_worked_in(
    pool: GuardedPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('ran a file of the folder')")
    monkeypatch.chdir(tmp_path)

    assert all(isinstance(answer, Message) for answer in pool.work(told("x")))


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("farmy_assets_tests.execution.misbehaving:no_worker", "ImportError: no decoder here"),
        ("farmy_assets.no_such_module:worker", "ModuleNotFoundError"),
    ],
)
def test_a_child_that_cannot_start_is_no_files_fault(task: str, said: str) -> None:
    pool = GuardedPool(task, "decoder", seconds=SECONDS, memory_mb=512)

    with pytest.raises(WorkersError, match=said):
        pool.work(told("one"))


def test_a_child_that_dies_before_it_is_ready_is_no_files_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    pool = GuardedPool(TASK, "", seconds=SECONDS, memory_mb=512)

    with pytest.raises(WorkersError, match="exit code 1"):
        pool.work(told("one"))


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from farmy_assets.execution.guard import GuardedPool, Message\n"
        f"pool = GuardedPool({TASK!r}, {str(tmp_path)!r},"
        " seconds=5, memory_mb=512)\n"
        "print(pool.work([Message({'do': 'x'})])[0].header['pid'], flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        child = psutil.Process(int(one.stdout.readline()))
        os.kill(one.pid, signal.SIGKILL)
        one.wait()
    _, alive = psutil.wait_procs([child], timeout=10)

    assert not alive


@pytest.mark.parametrize(
    "attempt",
    [
        "connect", "listen", "run a program", "look at the parent", "write a file", "change a file",
        "make a folder", "make a link",
    ],
)  # fmt: skip
def test_a_child_has_no_network_no_programs_no_view_of_its_parent_and_writes_no_file(
    attempt: str,
) -> None:
    pool = GuardedPool(TASK.replace(":", ":curious_"), "", seconds=SECONDS, memory_mb=512)
    (answer,) = pool.work(told(attempt))
    pool.close()

    assert isinstance(answer, Message)
    assert answer.header["refused"] == "PermissionError"


def test_a_child_inherits_no_secret_and_no_open_file(
    pool: GuardedPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "FARMY_LABEL_STUDIO_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, "hush-hush")
    secret = tmp_path / "secret"
    secret.write_text("hush-hush")

    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        (answer,) = pool.work(told("tell what it knows"))

    assert isinstance(answer, Message)
    assert "hush-hush" not in answer.header["environment"].values()
    assert "PATH" in answer.header["environment"]
    assert str(secret) not in answer.header["files"]


def test_what_a_machine_cannot_take_away_is_reported_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        guard._warn_of(("sockets and other programs",))
        guard._warn_of(())

    assert [record.getMessage() for record in caplog.records] == [
        "this machine cannot take these away from processes that decode: sockets and other programs"
    ]


def test_children_can_be_started_before_there_is_work(pool: GuardedPool) -> None:
    pool.start(2)
    started = {child.pid for child in children()}
    answers = pool.work(told("x"))

    assert len(started) == 2
    assert {a.header["pid"] for a in answers if isinstance(a, Message)} <= started


def test_a_child_that_was_started_early_and_died_is_replaced(pool: GuardedPool) -> None:
    pool.start(1)
    for child in children():
        child.send_signal(signal.SIGKILL)

    assert all(isinstance(answer, Message) for answer in pool.work(told("x")))


def test_processes_that_load_early_are_taken_over_by_the_next_pool(pool: GuardedPool) -> None:
    before = {child.pid for child in children()}
    guard.start_loading(TASK, 1)

    (answer,) = pool.work(told("x"))

    assert isinstance(answer, Message)
    assert {child.pid for child in children()} - before == {answer.header["pid"]}
    assert not guard._loading.get(TASK)


def test_a_child_reads_the_file_that_its_work_names(pool: GuardedPool, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff name"))
    path.write_bytes(b"0123456789")
    wanted = [(str(path), 100), (str(path), 3), (str(tmp_path / "nothing"), 100)]

    answers = pool.work([Message({"do": "x"}, file=file) for file in wanted])

    contents = [answer.content for answer in answers if isinstance(answer, Message)]
    assert contents == [b"0123456789", b"0123", None]
