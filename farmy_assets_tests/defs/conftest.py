"""The assets on a lake in memory and a Label Studio in memory; the real ones: integration tests."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import daft
import dagster as dg
import pytest

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.catalog.arrivals import DeliveryMetadata
from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.defs.resources import CleansingSettings
from farmy_assets.errors import StudioUnavailableError
from farmy_assets.execution.image_work import ExpectedContent, ImageWork
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.label_studio import InboxActivity, InboxProgress, Studio, StudioSettings
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.predictions import Prediction
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, ORIGIN, arrival, s3_event


@dataclass
class StudioInMemory(Studio):
    """What the assets need of Label Studio, without a server."""

    projects: dict[str, int] = field(default_factory=dict)
    tasks: dict[int, dict[str, NewTask]] = field(default_factory=dict)
    answers: dict[tuple[int, str], RawAnnotation] = field(default_factory=dict)
    seen_instructions: set[int] = field(default_factory=set)
    owners: dict[str, str | None] = field(default_factory=dict)
    in_work: set[tuple[int, str]] = field(default_factory=set)
    shown: dict[int, str] = field(default_factory=dict)
    models: dict[int, str] = field(default_factory=dict)
    ordered: dict[int, bool] = field(default_factory=dict)
    is_down: bool = False

    def check(self) -> str:
        self._must_be_up()
        return "in memory"

    def ensure_inbox(
        self, inbox: Inbox, *, label_config: str, instructions: str, owner: str | None = None
    ) -> int:
        self._must_be_up()
        self.owners[inbox.key] = owner
        return self.projects.setdefault(inbox.key, len(self.projects) + 1)

    def give_inboxes(self, owners: Mapping[str, str]) -> int:
        there = {key: owner for key, owner in owners.items() if key in self.projects}
        changed = sum(self.owners.get(key) != owner for key, owner in there.items())
        self.owners |= there
        return changed

    def find_inboxes(self, prefix: str = "") -> dict[str, int]:
        self._must_be_up()
        return {key: i for key, i in self.projects.items() if key.startswith(prefix)}

    def add_tasks(self, project_id: int, new_tasks: object) -> int:
        assert isinstance(new_tasks, list)
        there = self.tasks.setdefault(project_id, {})
        new = [task for task in new_tasks if task.task_key not in there]
        there.update({task.task_key: task for task in new})
        return len(new)

    def remove_unanswered(self, project_id: int, task_keys: Collection[str]) -> int:
        self._must_be_up()
        there = self.tasks.get(project_id, {})
        gone = [k for k in task_keys if k in there and (project_id, k) not in self.answers]
        for key in gone:
            del there[key]
        return len(gone)

    def tasks_in_work(self, project_id: int, *, since: datetime) -> set[str]:
        del since
        return {task_key for project, task_key in self.in_work if project == project_id}

    def show_prediction(self, project_id: int, name: str) -> None:
        self._must_be_up()
        self.shown[project_id] = name

    def show_predictions(
        self, project_id: int, found: Mapping[str, Prediction], *, model: str
    ) -> frozenset[str]:
        self._must_be_up()
        there = self.tasks.get(project_id, {})
        shown = {k for k in found if k in there and (project_id, k) not in self.answers}
        for key in shown:
            versions = {p["model_version"] for p in there[key].predictions}
            if model not in versions:
                predictions = (*there[key].predictions, dict(found[key]))
                there[key] = there[key].model_copy(update={"predictions": predictions})
        self.models[project_id] = model
        return frozenset(shown)

    def order_open_tasks(self, project_id: int, *, by_score: bool) -> None:
        self.ordered[project_id] = by_score

    def hide_predictions(self, project_id: int, task_keys: Collection[str]) -> frozenset[str]:
        self._must_be_up()
        there = self.tasks.get(project_id, {})
        left = {k for k in task_keys if k in there and (project_id, k) not in self.answers}
        for key in left:
            there[key] = there[key].model_copy(update={"predictions": ()})
        self.models.pop(project_id, None)
        return frozenset(left)

    def stop_opening_instructions(self, project_id: int) -> None:
        self.seen_instructions.add(project_id)

    def task_ids(self, project_id: int) -> dict[str, int]:
        return {key: number for number, key in enumerate(self.tasks.get(project_id, {}))}

    def activity(self, project_id: int) -> InboxActivity:
        mine = [a for (project, _), a in self.answers.items() if project == project_id]
        newest = max((a.updated_at for a in mine), default=None)
        return InboxActivity(newest, len(self.tasks.get(project_id, {})), len(mine))

    def progress(self, project_ids: Iterable[int]) -> dict[int, InboxProgress]:
        answered = [project for project, _ in self.answers]
        return {
            i: InboxProgress(len(self.tasks.get(i, {})), answered.count(i), answered.count(i))
            for i in project_ids
        }

    def changed_tasks(self, project_id: int, *, since: datetime | None) -> Iterator[AnsweredTask]:
        del since
        for number, (key, task) in enumerate(self.tasks.get(project_id, {}).items()):
            answer = self.answers.get((project_id, key))
            yield AnsweredTask(
                task_id=number,
                task_key=key,
                image_id=str(task.data["image_id"]),
                width_px=int(task.data["width_px"]),
                height_px=int(task.data["height_px"]),
                updated_at=answer.updated_at if answer else NOON,
                annotations=(answer,) if answer else (),
            )

    def answer(self, key: str, task_key: str, annotation: RawAnnotation) -> None:
        """Somebody submits an annotation."""
        self.answers[self.projects[key], task_key] = annotation

    def _must_be_up(self) -> None:
        if self.is_down:
            raise StudioUnavailableError("Label Studio does not answer; start it with `make up`")


@pytest.fixture
def studio() -> StudioInMemory:
    made = StudioInMemory()
    Studio.__init__(made, StudioSettings("http://127.0.0.1:1", "x" * 40, "cleansed"))
    return made


@pytest.fixture
def resources(
    lake: Lake, studio: StudioInMemory, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, object]:
    monkeypatch.setattr(ImageWork, "_fetched", _fetched_without_network)
    return {
        "lake": lake,
        "studio": studio,
        "sealing": SealingPolicy(max_images=100, quiet=timedelta(0), max_wait=timedelta(minutes=1)),
        "cleansing": CleansingSettings(),
    }


def _fetched_without_network(
    work: ImageWork, promised: Mapping[str, ExpectedContent]
) -> daft.DataFrame:
    """As Daft would read them, if moto could answer Daft."""
    ids = sorted(promised)
    return daft.from_pydict(
        {
            "image_id": ids,
            "name": [promised[i].name for i in ids],
            "promised_sha256": [promised[i].sha256 for i in ids],
            "content": [work.raw.find(keys.raw_image(i)) for i in ids],
        }
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def bring(
    lake: Lake, photographs: Mapping[str, bytes], *, origin: DeliveryMetadata = ORIGIN
) -> dict[str, str]:
    """Put photographs into the lake and its catalog; returns file name to image id."""
    intake = EventIntake(lake.raw, lake.catalog)
    ids = {}
    for name, content in photographs.items():
        metadata = arrival(name, content, origin=origin)
        lake.ingestion.store(metadata, content)
        intake.take(s3_event(keys.raw_image(metadata.image_id), "01"), now=NOON)
        ids[name] = metadata.image_id
    return ids
