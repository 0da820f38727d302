"""How the demo shows itself: bars that move on a terminal, plain lines anywhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from farmy_assets.simulation.demo_watch import Look

PLAIN_WIDTH = 110
_SECONDS_BETWEEN_LINES = 3.0
_SECONDS_BETWEEN_COUNTS = 10.0


def demo_console() -> Console:
    """Standard output; wide enough for the tables where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


class Screen:
    """Everything the demo says while it works.

    Args:
        console: Where it says it.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.part = ""

    def chapter(self, title: str) -> None:
        """Begin a part."""
        self.part = title
        self.console.print(Text.assemble(("▸ ", "bold green"), (title, "bold")), soft_wrap=True)

    def say(self, line: str) -> None:
        """One line about the part at hand."""
        self.console.print(Text.assemble(("  · ", "dim"), line), soft_wrap=True)

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator["Counter"]:
        """A bar for something that is counted up to a total; a line now and then without one."""
        with self._bars() as progress:
            yield Counter(self, progress, what, total)

    @contextmanager
    def _bars(self) -> Iterator[Progress]:
        columns = (
            TextColumn("    {task.description:<18}"), BarColumn(40), MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
        )  # fmt: skip
        progress = Progress(
            *columns, console=self.console, transient=True, disable=not self.console.is_terminal
        )
        with progress:
            yield progress


class Counter:
    """Shows how many of something are done; `update` may be called from any thread."""

    def __init__(self, screen: Screen, progress: Progress, what: str, total: int) -> None:
        self._screen, self._progress = screen, progress
        self._what, self._total = what, total
        self._bar = progress.add_task(what, total=total, note="")
        self._printed_at = time.monotonic()

    def update(self, done: int) -> None:
        """So many are done."""
        self._progress.update(self._bar, completed=done)
        now = time.monotonic()
        if self._progress.disable and now - self._printed_at > _SECONDS_BETWEEN_COUNTS:
            self._printed_at = now
            self._screen.say(f"{self._what}: {done} of {self._total}")


class StageBoard:
    """The stages of a campaign, moving; from `with` to its end.

    Args:
        screen: Where they are shown.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._bars = screen._bars()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._line, self._printed_at = "", 0.0

    def __enter__(self) -> "StageBoard":
        """Begin to show."""
        self._progress = self._bars.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no bar behind."""
        self._bars.__exit__(kind, error, trace)

    def show(self, seen: Look, seconds: float, *, last: bool = False) -> None:
        """Show a look, taken so many seconds after the first one."""
        for stage in seen.stages():
            if self._progress is not None:
                task = self._tasks.get(stage.name)
                if task is None:
                    task = self._progress.add_task(stage.name, total=None, note="")
                    self._tasks[stage.name] = task
                total = stage.total or None
                self._progress.update(task, completed=stage.done, total=total, note=stage.note)
        if last or not self._screen.console.is_terminal:
            self._tell(seen, seconds, last=last)

    def _tell(self, seen: Look, seconds: float, *, last: bool) -> None:
        parts = [f"{s.name} {s.done}/{s.total}" for s in seen.stages() if s.total]
        line = ", ".join(parts) or f"{seen.arrived} photographs wait to be catalogued"
        now = time.monotonic()
        if line != self._line and (last or now - self._printed_at > _SECONDS_BETWEEN_LINES):
            self._line, self._printed_at = line, now
            self._screen.say(f"{seconds:4.0f} s  {line}")
