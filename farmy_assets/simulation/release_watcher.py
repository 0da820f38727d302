"""The wait until a campaign is released: people at work, progress shown, trouble noticed."""

import time
from collections.abc import Sequence

import psutil

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.errors import (
    InvalidInputError,
    LakeUnavailableError,
    PlatformError,
    StudioUnavailableError,
)
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake
from farmy_assets.local import dagster_servers, label_studio, ministack
from farmy_assets.local.processes import Processes
from farmy_assets.local.settings import LocalSettings
from farmy_assets.simulation.annotators import Annotator, Workforce
from farmy_assets.simulation.demo_display import Screen, StageBoard
from farmy_assets.simulation.demo_report import reasons_of_exclusion, unaccounted
from farmy_assets.simulation.demo_troubles import (
    DagsterWindow,
    RunSeen,
    failed_runs,
    hopeless_run,
    servers_in_trouble,
)
from farmy_assets.simulation.demo_watch import Look, StageTimer, look, waiting_for

SERVERS = (
    ministack.NAME, label_studio.NAME, dagster_servers.CODE_SERVER,
    dagster_servers.WEB_SERVER, dagster_servers.DAEMON,
)  # fmt: skip
_BETWEEN_LOOKS_SECONDS = 1.5
_LOOKS_PER_CHECK = 4
_NAMED = 5
_HOUR_SECONDS = 3600  # work that failed is tried again later and later


class ReleaseWatcher:
    """Looks on until everything that came in is settled and released.

    Args:
        settings: The platform.
        lake: Its records.
        studio: Its Label Studio.
        campaign: What is waited for.
        screen: Where progress is shown.
    """

    def __init__(
        self,
        settings: LocalSettings,
        lake: Lake,
        studio: Studio,
        campaign: Campaign,
        screen: Screen,
    ) -> None:
        self.course = StageTimer(time.monotonic)
        self.peak_memory_bytes = 0
        self._settings, self._lake, self._studio = settings, lake, studio
        self._campaign, self._screen = campaign, screen
        self._window = DagsterWindow(settings.address("dagster"))
        self._processes = Processes(settings.run, settings.logs)
        self._began = time.time()
        self._runs: tuple[RunSeen, ...] = ()
        self._reported: set[str] = set()

    def until_released(self, image_ids: frozenset[str], people: Sequence[Annotator]) -> None:
        """Let people work until the campaign is released and every image is at its end.

        Raises:
            InvalidInputError: Not one photograph was fit to annotate.
            PlatformError: A server died, a run fails again and again, or nothing moves any more.
            StudioError: Label Studio refused somebody's answer.
        """
        self.course = StageTimer(time.monotonic)
        with StageBoard(self._screen) as board:
            if self._is_over(image_ids, board):
                return
            address = self._settings.address(label_studio.NAME)
            with Workforce(address, people) as workforce:
                looks = 0
                while not workforce.is_broken:
                    time.sleep(_BETWEEN_LOOKS_SECONDS)
                    if self._is_over(image_ids, board):
                        return
                    looks += 1
                    if looks % _LOOKS_PER_CHECK == 0:
                        self._check_health()

    def _is_over(self, image_ids: frozenset[str], board: StageBoard) -> bool:
        """One look."""
        seen, trouble = Look(arrived=len(image_ids)), ""
        try:
            seen = look(self._lake, self._studio, self._campaign, image_ids)
            wrong = (
                unaccounted(self._lake, self._campaign.name, image_ids) if seen.is_finished else []
            )
        except (LakeUnavailableError, StudioUnavailableError) as error:
            trouble = str(error)
        else:
            signs = [(run.run_id, run.status, run.steps_done) for run in self._runs]
            self.course.note(seen, *signs)
            is_over = seen.is_finished and not wrong
            board.show(seen, self.course.seconds, last=is_over)
            if is_over:
                return True
            if seen.is_hopeless:
                raise InvalidInputError(self._nothing_is_left())
            trouble = "; ".join(wrong[:_NAMED])
        if self.course.is_stuck:
            raise PlatformError(self._stuck(waiting_for(seen), trouble))
        return False

    def _check_health(self) -> None:
        """Report servers that died and runs that cannot succeed at once, not after minutes."""
        dead = [name for name in SERVERS if self._memory_of(name) is None]
        if dead:
            raise PlatformError(self._advice("; ".join(servers_in_trouble(self._settings))))
        self.peak_memory_bytes = max(
            self.peak_memory_bytes, sum(self._memory_of(name) or 0 for name in SERVERS)
        )
        self._runs = self._window.runs(since=self._began)
        for run in self._runs:
            if run.has_failed and run.run_id not in self._reported:
                self._tell(run.run_id, failed_runs(self._window, (run,))[0])
        for text in self._window.sensor_troubles():
            self._tell(text, text)
        if hopeless := hopeless_run(self._runs):
            raise PlatformError(self._advice(failed_runs(self._window, (hopeless,))[0]))

    def _tell(self, key: str, trouble: str) -> None:
        """Tell a trouble that may pass, once."""
        if key not in self._reported:
            self._reported.add(key)
            self._screen.say(f"{trouble}; it will be tried again")

    def _memory_of(self, server: str) -> int | None:
        """Resident bytes of a server and its children; None when it is not there."""
        process = self._processes.living(server)
        if process is None:
            return None
        try:
            family = [process, *process.children(recursive=True)]
            return sum(member.memory_info().rss for member in family)
        except psutil.NoSuchProcess:
            return 0  # a child ended meanwhile: the next look will tell

    def _nothing_is_left(self) -> str:
        counts = reasons_of_exclusion(self._lake, self._campaign.name)
        summary = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in counts.most_common())
        return (
            f"not one photograph of campaign {self._campaign.name} is fit to annotate ({summary}); "
            "give a folder with others: --images DIR"
        )

    def _stuck(self, waited_for: str, trouble: str) -> str:
        seconds = self.course.clock() - self.course.moved
        reasons = [
            f"nothing has moved for {seconds:.0f} s while it waited for {waited_for}",
            *([trouble] if trouble else []),
            *servers_in_trouble(self._settings),
            *self._window.sensor_troubles(),
            *failed_runs(self._window, self._window.runs(since=self._began - _HOUR_SECONDS)),
        ]
        return self._advice("\n  ".join(reasons))

    def _advice(self, reason: str) -> str:
        return (
            f"{reason}\n  what to do: look into {self._settings.logs} and at "
            f"{self._settings.address('dagster')}/runs, then run `make demo` again: it repairs "
            "what is down and goes on from here"
        )
