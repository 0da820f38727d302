"""The played Label Studio in a process other than the measured one, which calls it over a socket.

So the memory of a measured process is that of the platform's own work alone, and the inboxes stay
from one step to the next.
"""

import os
import secrets
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from farmy_assets.annotation.answers import AnsweredTask
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.label_studio import InboxActivity, InboxProgress, Studio, StudioSettings
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets_tests.benchmarks.synthetic_campaign import RecordingStudio

_ADDRESS, _KEY = "FARMY_BENCH_STUDIO", "FARMY_BENCH_STUDIO_KEY"


@contextmanager
def served(studio: RecordingStudio) -> Iterator[None]:
    """Answer the calls of child processes, one after the other, as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="farmy-bench-") as folder:
        address, key = str(Path(folder) / "studio"), secrets.token_bytes(16)
        os.environ |= {_ADDRESS: address, _KEY: key.hex()}
        listener = Listener(address, authkey=key)
        Thread(target=_serve, args=(listener, studio), daemon=True).start()
        try:
            yield
        finally:
            with Client(address, authkey=key) as last:
                last.send(None)


def _serve(listener: Listener, studio: RecordingStudio) -> None:
    """Answer one process after the other, until one sends nothing."""
    with listener:
        while True:
            with listener.accept() as connection:
                try:
                    while (call := connection.recv()) is not None:
                        name, arguments, options = call
                        connection.send(_answer(studio, name, arguments, options))
                except EOFError:
                    continue
                return


def _answer(studio: RecordingStudio, name: str, arguments: Any, options: Any) -> object:  # noqa: ANN401
    found = getattr(studio, name)(*arguments, **options)
    return list(found) if isinstance(found, Iterator) else found


class CalledStudio(Studio):
    """The played Label Studio as a measured process sees it."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        super().__init__(StudioSettings("http://127.0.0.1:1", "x" * 40, "cleansed"))
        self._socket, self._calling = connection, Lock()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "CalledStudio":
        """Connect to the process that started this one."""
        return cls(Client(environment[_ADDRESS], authkey=bytes.fromhex(environment[_KEY])))

    def _call(self, name: str, *arguments: object, **options: object) -> Any:  # noqa: ANN401
        with self._calling:
            self._socket.send((name, arguments, options))
            return self._socket.recv()

    def submit(self, inbox: Inbox, task: AnsweredTask, *, at: datetime) -> None:
        """Somebody changes an answer."""
        self._call("submit", inbox, task, at=at)

    def check(self) -> str:
        return str(self._call("check"))

    def find_inboxes(self, prefix: str = "") -> dict[str, int]:
        return dict(self._call("find_inboxes", prefix))

    def give_inboxes(self, owners: Mapping[str, str]) -> int:
        return int(self._call("give_inboxes", dict(owners)))

    def ensure_inbox(
        self, inbox: Inbox, *, label_config: str, instructions: str, owner: str | None = None
    ) -> int:
        return int(
            self._call(
                "ensure_inbox", inbox, label_config=label_config, instructions=instructions,
                owner=owner,
            )
        )  # fmt: skip

    def add_tasks(self, project_id: int, new_tasks: Sequence[NewTask]) -> int:
        return int(self._call("add_tasks", project_id, list(new_tasks)))

    def remove_unanswered(self, project_id: int, task_keys: Collection[str]) -> int:
        return int(self._call("remove_unanswered", project_id, list(task_keys)))

    def stop_opening_instructions(self, project_id: int) -> None:
        self._call("stop_opening_instructions", project_id)

    def activity(self, project_id: int) -> InboxActivity:
        found: InboxActivity = self._call("activity", project_id)
        return found

    def progress(self, project_ids: Iterable[int]) -> dict[int, InboxProgress]:
        return dict(self._call("progress", list(project_ids)))

    def changed_tasks(self, project_id: int, *, since: datetime | None) -> Iterator[AnsweredTask]:
        return iter(self._call("changed_tasks", project_id, since=since))
