"""The door to Label Studio: one object with everything the platform asks of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import httpx

from farmy_assets.annotation.answers import AnsweredTask
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.errors import StudioUnavailableError
from farmy_assets.label_studio import answers, predictions, projects, restoring, tabs, tasks
from farmy_assets.label_studio.answers import InboxActivity
from farmy_assets.label_studio.connection import Connection, ServerClock
from farmy_assets.label_studio.inventory import Inventory
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.people import People
from farmy_assets.label_studio.predictions import Prediction
from farmy_assets.label_studio.project_lists import InboxProgress, read_progress
from farmy_assets.label_studio.restoring import PutBackAnswer
from farmy_assets.label_studio.settings import StudioSettings


class Studio:
    """Label Studio as the platform uses it.

    Every method may raise `StudioUnavailableError` (later may help) or `StudioError` (a refusal).
    All of them can be called again after a crash or an error: nothing is created twice.

    Example:
        >>> settings = StudioSettings("http://127.0.0.1:8180", "0123abcd", "cleansed")
        >>> Studio(settings).task_url(7, 21)
        'http://127.0.0.1:8180/projects/7/data?task=21'

    Args:
        settings: address, token and the bucket that the tasks' images are in.
        transport: takes the place of the network in tests.
    """

    def __init__(
        self, settings: StudioSettings, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._connection = Connection(settings.url, settings.token, transport=transport)

    def check(self) -> str:
        """The server's version, after making sure that it is up and takes our token.

        Raises:
            StudioUnavailableError: it does not answer, or is still starting.
            StudioError: it answers, but refuses the token.
        """
        health = self._connection.get("/health", doing="asking for its health")
        if health.get("status") != "UP":
            msg = f"Label Studio at {self._settings.url} is still starting; ask again in a minute"
            raise StudioUnavailableError(msg)
        self._connection.get("/api/current-user/whoami", doing="checking the token")
        version = self._connection.get("/api/version/", doing="asking for its version")
        return str(version["release"])

    @property
    def clock(self) -> ServerClock | None:
        """Label Studio's clock beside ours, as of its last answer; None when it told no time."""
        return self._connection.clock

    @property
    def people(self) -> People:
        """Who has an account, and the way to one."""
        return People(self._connection)

    @property
    def inventory(self) -> Inventory:
        """All projects and tasks, for the comparison with the records."""
        return Inventory(self._connection, self._settings.cleansed_bucket)

    def ensure_inbox(
        self, inbox: Inbox, *, label_config: str, instructions: str, owner: str | None = None
    ) -> int:
        """The id of the inbox's project: found by its key, or created; then brought up to date.

        Args:
            inbox: whose key is looked for in the projects' descriptions.
            owner: the address of the person whose inbox it is: with this account one gets in, also
                when it is made later. None leaves the inbox to whom it belongs.
            label_config: the labelling interface as XML; a change is applied to the project.
            instructions: plain text, shown to the annotator; a change is applied as well.

        Raises:
            StudioError: also when the bucket does not exist, or the configuration is refused,
                e.g. because existing annotations use a label control that it no longer has.
        """
        return projects.ensure_inbox(
            self._connection,
            inbox,
            owner=owner,
            bucket=self._settings.cleansed_bucket,
            label_config=label_config,
            instructions=instructions,
        )

    def stop_opening_instructions(self, project_id: int) -> None:
        """Let an inbox's instructions no longer open by themselves: somebody has answered."""
        projects.stop_opening_instructions(self._connection, project_id)

    def find_inboxes(self, prefix: str = "") -> dict[str, int]:
        """Inbox key -> project id, of all inboxes whose key starts with the prefix."""
        return projects.find_inboxes(self._connection, prefix)

    def give_inboxes(self, owners: Mapping[str, str]) -> int:
        """Make inboxes that are there belong to their persons' addresses; how many changed.

        Args:
            owners: inbox key -> address; keys without a project are left out.
        """
        return projects.give_inboxes(self._connection, owners)

    def add_tasks(self, project_id: int, new_tasks: Sequence[NewTask]) -> int:
        """Put tasks into an inbox, each key once; returns how many were not there before."""
        return tasks.add_tasks(self._connection, project_id, new_tasks)

    def remove_unanswered(self, project_id: int, task_keys: Collection[str]) -> int:
        """Delete the tasks with these keys that nobody has answered; returns how many those were.

        An answer is never deleted.
        """
        return tasks.remove_unanswered(self._connection, project_id, task_keys)

    def tasks_in_work(self, project_id: int, *, since: datetime) -> set[str]:
        """The keys of tasks that somebody has open, or a draft of that was changed since then."""
        return tasks.read_tasks_in_work(self._connection, project_id, since=since)

    def show_prediction(self, project_id: int, name: str) -> None:
        """Have an inbox show the predictions of this name, as it does by itself for the first ones.

        Args:
            project_id: The inbox.
            name: The model version that the predictions carry; there has to be one.

        Raises:
            StudioError: It goes on to show others.
        """
        projects.show_prediction(self._connection, project_id, name)

    def remove_copies(self, project_id: int, task_keys: Collection[str]) -> int:
        """Delete second tasks with one key that nobody has answered; returns how many."""
        return tasks.remove_copies(self._connection, project_id, task_keys)

    def show_predictions(
        self, project_id: int, found: Mapping[str, Prediction], *, model: str
    ) -> frozenset[str]:
        """Give unanswered tasks a model's predictions, each once; returns those that have them.

        The project then shows this model's predictions and no others.

        Args:
            project_id: The inbox.
            found: Task key to the prediction.
            model: The model's name, which the predictions carry.
        """
        return predictions.show(self._connection, project_id, found, model=model)

    def order_open_tasks(self, project_id: int, *, by_score: bool) -> None:
        """Have an inbox's open tasks begin with the lowest prediction scores, or the first ones."""
        tabs.order_open_tasks(self._connection, project_id, by_score=by_score)

    def hide_predictions(self, project_id: int, task_keys: Collection[str]) -> frozenset[str]:
        """Let an inbox show no predictions; returns those of these tasks that nobody answered."""
        return predictions.hide(self._connection, project_id, task_keys)

    def task_ids(self, project_id: int) -> dict[str, int]:
        """Task key -> task id; ids may be used again after a deletion, keys never are."""
        return tasks.read_task_ids(self._connection, project_id)

    def find_task_ids(self, project_id: int, keys: Collection[str]) -> dict[str, int]:
        """Task key -> task id, of those of these keys that are in the inbox."""
        return tasks.find_task_ids(self._connection, project_id, keys)

    def has_answer(self, task_id: int, email: str) -> bool:
        """Whether somebody has an answer in a task."""
        return restoring.has_answer(self._connection, task_id, email)

    def put_answer(self, task_id: int, answer: PutBackAnswer) -> bool:
        """Put a recorded answer into a task, unless its author has one there.

        Returns:
            Whether it was put there now.

        Raises:
            InvalidInputError: Its author has no account.
        """
        return restoring.put_answer(self._connection, task_id, answer)

    def changed_tasks(self, project_id: int, *, since: datetime | None) -> Iterator[AnsweredTask]:
        """Tasks changed at or after `since` (None: all), oldest change first.

        Several people save at once, so a change may become visible a little after a later one:
        let `since` be the latest `updated_at` read so far, less a few seconds.
        """
        return answers.read_changed(self._connection, project_id, since=since)

    def activity(self, project_id: int) -> InboxActivity:
        """A fingerprint that differs from an earlier one when there is something new to read."""
        return answers.read_activity(self._connection, project_id)

    def progress(self, project_ids: Iterable[int]) -> dict[int, InboxProgress]:
        """How far these inboxes are; one that was deleted is left out."""
        return read_progress(self._connection, project_ids)

    def task_url(self, project_id: int, task_id: int | None = None) -> str:
        """Where a person opens an inbox, or one task of it."""
        page = f"{self._settings.url}/projects/{project_id}/data"
        return page if task_id is None else f"{page}?task={task_id}"

    def close(self) -> None:
        """Give the sockets back."""
        self._connection.close()
