"""What Label Studio holds of the inboxes, compared with what the records say it should hold.

What has one right answer can be put right; the rest is for people to look at. Nothing here asks
anybody: it compares values.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Shown = Mapping[str, str | int]
"""What a task shows: `image`, `image_id`, `width_px` and `height_px`, as they stand in its data."""


class DriftKind(StrEnum):
    """In what Label Studio and the records can differ."""

    INBOXES_MISSING = "inboxes_missing"
    INBOXES_WITHOUT_KEY = "inboxes_without_key"
    INBOXES_DOUBLED = "inboxes_doubled"
    INBOXES_RENAMED = "inboxes_renamed"
    OTHER_LABEL_CONFIG = "other_label_config"
    OTHER_SETTINGS = "other_settings"
    OTHER_OWNER = "other_owner"
    WITHOUT_IMAGES = "inboxes_without_images"
    TASKS_MISSING = "tasks_missing"
    TASKS_DOUBLED = "tasks_doubled"
    ANSWERED_TWICE = "tasks_answered_twice"
    TASKS_ALTERED = "tasks_with_altered_data"
    TASKS_UNKNOWN = "tasks_unknown"
    TASKS_LEFT_OVER = "tasks_left_over"
    ANSWERS_LOST = "answers_lost_in_label_studio"
    ANSWERS_NOT_COPIED = "answers_not_copied"
    WITHOUT_ACCOUNT = "people_without_account"
    READS_ALL = "annotators_who_read_all_inboxes"


@dataclass(frozen=True)
class ExpectedTask:
    """A task that the records know.

    Attributes:
        shown: What it shows; None when that is not compared.
        is_wanted: Whether it is to be in Label Studio; one that was taken back, or whose image
            has left the cleansed set, may be there and is not asked for.
        is_answered: Whether an answer of the inbox's person stands in the record.
        is_recorded: Whether any answer to it was ever recorded.
    """

    shown: Shown | None
    is_wanted: bool = True
    is_answered: bool = False
    is_recorded: bool = False


@dataclass(frozen=True)
class PresentTask:
    """A task as Label Studio lists it; without a key it is not of the platform's making."""

    task_id: int
    key: str | None
    data: Mapping[str, object]
    is_answered: bool
    changed_at: datetime


@dataclass
class TaskDrift:
    """Where the tasks of one inbox differ, by key; unknown ones by key or number."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    answered_twice: list[str] = field(default_factory=list)
    altered: dict[int, Shown] = field(default_factory=dict)
    """Task id to what it is to show; of those that can be put right."""
    altered_keys: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    """Open tasks that were taken back; nobody is to be asked these."""
    lost_answers: list[str] = field(default_factory=list)
    not_copied: list[str] = field(default_factory=list)

    def by_kind(self) -> dict[DriftKind, list[str]]:
        """The keys of each kind of difference."""
        return {
            DriftKind.TASKS_MISSING: self.missing,
            DriftKind.TASKS_DOUBLED: self.doubled,
            DriftKind.ANSWERED_TWICE: self.answered_twice,
            DriftKind.TASKS_ALTERED: self.altered_keys,
            DriftKind.TASKS_UNKNOWN: self.unknown,
            DriftKind.TASKS_LEFT_OVER: self.left_over,
            DriftKind.ANSWERS_LOST: self.lost_answers,
            DriftKind.ANSWERS_NOT_COPIED: self.not_copied,
        }


def compare_tasks(
    expected: Mapping[str, ExpectedTask],
    present: Iterable[PresentTask],
    *,
    read_up_to: datetime | None = None,
) -> TaskDrift:
    """Compare the tasks of one inbox with the records.

    A task with a recorded answer that Label Studio does not have is never altered, nor is it
    missing: touched or made anew it would ask for the answer again. Its answer can be put back.

    Args:
        expected: What the records know of the inbox, by key.
        present: All its tasks in Label Studio.
        read_up_to: Up to which change its answers were copied: what came later waits for the next
            copying, and is no difference. None when nothing was copied yet.
    """
    drift, strangers = TaskDrift(), list[PresentTask]()
    there: dict[str, list[PresentTask]] = defaultdict(list)
    for task in present:
        if task.key is not None and task.key in expected:
            there[task.key].append(task)
        else:
            strangers.append(task)
    for key, known in expected.items():
        found = there.get(key, [])
        answered = [task for task in found if task.is_answered]
        if known.is_answered and not answered:
            drift.lost_answers.append(key)
        elif known.is_wanted and not found:
            drift.missing.append(key)
        was_read = read_up_to and any(task.changed_at <= read_up_to for task in answered)
        if was_read and not known.is_recorded:
            drift.not_copied.append(key)
        if len(answered) > 1:
            drift.answered_twice.append(key)
        if len(found) > max(len(answered), 1):
            drift.doubled.append(key)
        if found and not known.is_wanted and not answered and not known.is_recorded:
            drift.left_over.append(key)
        _compare_data(drift, key, known, found)
    _find_renamed(drift, expected, strangers)
    return drift


KEY = "asset_key"
"""Where a task's data name the task."""


def _find_renamed(
    drift: TaskDrift, expected: Mapping[str, ExpectedTask], strangers: Iterable[PresentTask]
) -> None:
    """Tell tasks that have lost their key, and show an image that is missing, from unknown ones."""
    images = {}
    for key in drift.missing:
        shown = expected[key].shown
        if shown is not None:
            images[shown["image"]] = key
    for task in strangers:
        image = task.data.get("image")
        meant = images.pop(image, None) if isinstance(image, str) else None
        if meant is None:
            drift.unknown.append(task.key or f"task {task.task_id}")
            continue
        drift.missing.remove(meant)
        drift.altered_keys.append(meant)
        drift.altered[task.task_id] = {**(expected[meant].shown or {}), KEY: meant}


def _compare_data(
    drift: TaskDrift, key: str, known: ExpectedTask, found: Collection[PresentTask]
) -> None:
    shown = known.shown
    if shown is None:
        return
    altered = [t for t in found if any(t.data.get(name) != shown[name] for name in shown)]
    if altered:
        drift.altered_keys.append(key)
        drift.altered |= {
            t.task_id: shown for t in altered if t.is_answered or not known.is_answered
        }


@dataclass(frozen=True)
class ExpectedInbox:
    """An inbox that the records know.

    Attributes:
        key: Its key.
        title: Its project's title.
        owner: The address of its person; None for somebody who has left.
        settings: The settings that the platform relies on; None for an inbox of somebody who left.
        is_needed: Whether there is work for it, so that its project has to be there.
    """

    key: str
    title: str
    owner: str | None
    settings: Mapping[str, object] | None
    is_needed: bool


@dataclass(frozen=True)
class PresentProject:
    """A project as Label Studio lists it; `key` is empty when the platform did not make it."""

    project_id: int
    key: str
    owner: str | None
    title: str
    settings: Mapping[str, object]
    has_images: bool = True


def compare_inbox(
    inbox: ExpectedInbox, projects: Iterable[PresentProject]
) -> tuple[PresentProject | None, dict[DriftKind, list[str]]]:
    """The project that is the inbox, if it is there, and where it differs; the values are examples.

    Of several projects with the inbox's key the one with the lowest number is the inbox.
    """
    found: dict[DriftKind, list[str]] = {}
    mine = sorted((p for p in projects if p.key == inbox.key), key=lambda p: p.project_id)
    if not mine:
        if inbox.is_needed:
            found[DriftKind.INBOXES_MISSING] = [inbox.key]
        return None, found
    first, *others = mine
    if others:
        found[DriftKind.INBOXES_DOUBLED] = [f"{inbox.key}: project {p.project_id}" for p in others]
    if inbox.settings is None:
        return first, found
    if first.title != inbox.title:
        found[DriftKind.INBOXES_RENAMED] = [f"{inbox.key}: {first.title!r}"]
    other = [name for name, value in inbox.settings.items() if first.settings.get(name) != value]
    if "label_config" in other:
        found[DriftKind.OTHER_LABEL_CONFIG] = [inbox.key]
    if more := [name for name in other if name != "label_config"]:
        found[DriftKind.OTHER_SETTINGS] = [f"{inbox.key}: {', '.join(sorted(more))}"]
    if inbox.owner is not None and first.owner != inbox.owner:
        found[DriftKind.OTHER_OWNER] = [f"{inbox.key}: {first.owner or 'nobody'}"]
    if not first.has_images:
        found[DriftKind.WITHOUT_IMAGES] = [inbox.key]
    return first, found
