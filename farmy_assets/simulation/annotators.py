"""Simulated people: each with an own account, in an own thread, over Label Studio's own API.

What they draw is the caller's business (`answer_for`); here is how they work: take the open tasks
of the own inbox, answer one after the other, wait for more. They come back after an error or a
restart of the server, and look what is still open before they go on: no task is answered twice.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

import httpx

from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.inboxes import SKIP_REASONS
from farmy_assets.annotation.regions.box import Box
from farmy_assets.cleansing.rulings import Answer
from farmy_assets.errors import FarmyError, StudioUnavailableError
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.controls import CANNOT_LABEL, DECISION, USABLE
from farmy_assets.label_studio.data_manager import UNANSWERED, TaskRow, fetch
from farmy_assets.label_studio.projects import find_inboxes
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.simulation.accounts import Account

DECISIONS = "decisions"
"""The field of a task's data that holds an adjudicator's choices."""
REASONS = "reasons"
"""The field of a task's data that says why a photograph was flagged."""

_TAKEN_AT_ONCE = 50  # one listing costs as much as one answer
_AFTER_AN_ERROR_S = 1.0

_log = logging.getLogger(__name__)


class SubmittedAnswer(NamedTuple):
    """What a person makes of one task: boxes, or a decision whether the photograph is usable.

    An adjudicator's answer without a `decision` is what a person does who draws all there is.
    """

    boxes: tuple[Box, ...]
    skipped: bool
    lead_time_s: float
    triage_answer: Answer | None = None
    decision: Decision | None = None


AnswerFor = Callable[[Mapping[str, Any]], SubmittedAnswer]
"""Task data -> answer; must give the same answer for the same data."""

OnAnswer = Callable[[str, int], None]
"""Told after each answer: e-mail, and how many answers this person has given so far."""


@dataclass(frozen=True)
class Annotator:
    """One person, the inbox that he or she works on, and what comes to mind at each task."""

    account: Account
    inbox_key: str
    answer_for: AnswerFor


def work_inbox(
    connection: Connection,
    project_id: int,
    *,
    email: str,
    answer_for: AnswerFor,
    stop: threading.Event,
    answered: Callable[[], None] = lambda: None,
) -> int:
    """Answer the open tasks of an inbox until none is left or `stop` is set.

    Args:
        connection: with the person's own token: it decides whose annotations these are.
        project_id: the inbox.
        email: of the person; makes the ids of the drawn regions.
        answer_for: says what to draw.
        stop: looked at before each task.
        answered: called after each answer.

    Returns:
        How many tasks were answered.

    Raises:
        StudioUnavailableError: whether the last answer was stored is unclear; call again, the
            open tasks are read anew.
        StudioError: the server refused an answer.
    """
    count = 0
    while tasks := _open_tasks(connection, project_id):
        for task in tasks:
            if stop.is_set():
                return count
            answer = answer_for(task["data"])
            connection.post(
                f"/api/tasks/{task['id']}/annotations?project={project_id}",
                _as_submitted(answer, task, email),
                doing=f"submitting task {task['id']}",
            )
            count += 1
            answered()
    return count


def _open_tasks(connection: Connection, project_id: int) -> list[TaskRow]:
    """The next tasks in the order in which the label stream would show them.

    Listed, not asked for one by one: `/next` costs as much for one task as this does for fifty.
    """
    tasks: list[TaskRow] = fetch(
        connection, project_id, filters=[UNANSWERED], page_size=_TAKEN_AT_ONCE, include="id,data"
    )["tasks"]
    return tasks


def _as_submitted(answer: SubmittedAnswer, task: TaskRow, email: str) -> dict[str, Any]:
    """The body that the browser sends; a skip holds no regions."""
    data = task["data"]
    boxes = () if answer.skipped else answer.boxes
    given: list[dict[str, Any]] = [
        region_to_result(
            box,
            region_id=_region_id(email, data["asset_key"], number),
            width_px=data["width_px"],
            height_px=data["height_px"],
        )
        | {"origin": "manual"}
        for number, box in enumerate(boxes)
    ]
    if answer.triage_answer and not answer.skipped:
        given.append(
            _chosen(USABLE, answer.triage_answer.value, _region_id(email, data["asset_key"], -1))
        )
    if DECISIONS in data and not answer.skipped:
        decision = answer.decision or Decision(kind=_drawing_or_nothing(boxes))
        given.append(_chosen(DECISION, decision.choice, _region_id(email, data["asset_key"], -1)))
    # An annotator's page has no Skip: a reason is chosen, and submitted.
    says_why = answer.skipped and DECISIONS not in data and REASONS not in data
    if says_why:
        region_id = _region_id(email, data["asset_key"], -1)
        given.append(_chosen(CANNOT_LABEL, SKIP_REASONS[0], region_id))
    return {
        "result": given,
        "was_cancelled": answer.skipped and not says_why,
        "lead_time": answer.lead_time_s,
        "draft_id": 0,
        "parent_prediction": None,
        "parent_annotation": None,
    }


def _drawing_or_nothing(boxes: Sequence[Box]) -> DecisionKind:
    return DecisionKind.WHOLE_IMAGE if boxes else DecisionKind.NOTHING


def _chosen(control: str, choice: str, region_id: str) -> dict[str, Any]:
    """One choice as the browser sends it."""
    return {
        "id": region_id,
        "from_name": control,
        "to_name": "image",
        "type": "choices",
        "value": {"choices": [choice]},
        "origin": "manual",
    }


def _region_id(email: str, task_key: str, number: int) -> str:
    return hashlib.sha256(f"{email}\x00{task_key}\x00{number}".encode()).hexdigest()[:10]


class Workforce:
    """Several people at work at the same time, from `with` to its end.

    An inbox that does not exist yet is waited for. A server that is away is waited for. Any other
    error ends that person's work and is raised again by `stop`.

    Example:
        with Workforce(url, people):
            ...  # until the campaign is settled

    Args:
        url: base address of Label Studio.
        people: who works; one inbox each.
        idle_s: pause before looking into an empty inbox again.
        on_answer: called after each answer, from the person's own thread.
        transport: takes the place of the network in tests.
    """

    def __init__(
        self,
        url: str,
        people: Sequence[Annotator],
        *,
        idle_s: float = 1.0,
        on_answer: OnAnswer = lambda _email, _count: None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._idle_s = idle_s
        self._on_answer = on_answer
        self._transport = transport
        self._stop = threading.Event()
        self._counts = {person.account.email: 0 for person in people}
        self._counting = threading.Lock()  # one person may be at two inboxes
        self._errors: list[BaseException] = []
        self._threads = [
            threading.Thread(
                target=self._live, args=(person,), name=f"annotator-{person.account.email}"
            )
            for person in people
        ]

    @property
    def answered(self) -> dict[str, int]:
        """E-mail -> answers given since the start."""
        return dict(self._counts)

    @property
    def is_broken(self) -> bool:
        """Whether somebody's work ended with an error; `stop` tells which."""
        return bool(self._errors)

    def start(self) -> None:
        """Let everybody begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish the task at hand, then raise the first error that there was.

        Raises:
            FarmyError: somebody's work was refused.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def __enter__(self) -> "Workforce":
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; an error that is already on its way is not hidden by one of ours."""
        try:
            self.stop()
        except FarmyError:
            if error is None:
                raise

    def _live(self, person: Annotator) -> None:
        connection = Connection(self._url, person.account.token, transport=self._transport)
        try:
            while not self._stop.is_set():
                self._stop.wait(self._work(person, connection))
        except Exception as error:  # noqa: BLE001  # a thread has nobody to raise to: stop() raises it
            self._errors.append(error)
        finally:
            connection.close()

    def _work(self, person: Annotator, connection: Connection) -> float:
        """Do what there is to do now; returns how many seconds to wait before looking again."""
        email = person.account.email

        def answered() -> None:
            with self._counting:
                self._counts[email] += 1
                count = self._counts[email]
            self._on_answer(email, count)

        try:
            project_id = find_inboxes(connection, person.inbox_key).get(person.inbox_key)
            if project_id is not None:
                work_inbox(
                    connection,
                    project_id,
                    email=email,
                    answer_for=person.answer_for,
                    stop=self._stop,
                    answered=answered,
                )
        except StudioUnavailableError as error:
            _log.warning("%s waits: %s", email, error)
            return _AFTER_AN_ERROR_S
        return self._idle_s
