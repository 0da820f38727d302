"""Label Studio's JSON exports, of all ages and shapes, read task by task.

Known shapes: a list of tasks, one task, or one task a line (JSON Lines); `annotations`, or
`completions` as before 2020; and JSON_MIN, one row an annotation without regions' own ids. Nothing
in an export is believed to have a form.

Source: labelstud.io/guide/export, "Label Studio JSON format".
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.json_texts import json_texts, value_of

_LISTS = ("annotations", "completions")
_ROW_KEYS = ("annotation_id", "annotator", "lead_time", "created_at", "updated_at", "id")
_MILLISECONDS_FROM = 1e11  # a time that is a number: seconds since 1970, or milliseconds


class ExportedAnswer(Record):
    """One person's answer to a task; nothing in `results` has been checked."""

    person: str
    given_at: datetime | None
    skipped: bool
    results: tuple[Any, ...]


class ExportedTask(Record):
    """One task of an export.

    Attributes:
        task_id: Its id as text; its place in the file when it has none.
        data: What it shows.
        answers: One of each person: the one given last.
        notes: What was passed over, in sentences.
    """

    task_id: str
    data: dict[str, Any]
    answers: tuple[ExportedAnswer, ...]
    notes: tuple[str, ...] = ()


class TaskEntry(NamedTuple):
    """A task as it stands in an export: its place, from 1 on, and its text."""

    number: int
    text: str


def task_entries(stream: BinaryIO) -> Iterator[TaskEntry]:
    """The tasks of an export as they are read, not looked into; holds one of them at a time.

    Args:
        stream: The file.

    Raises:
        InvalidInputError: It is no JSON, or holds no task.
    """
    number = 0
    for number, text in enumerate(json_texts(stream), start=1):
        yield TaskEntry(number, text)
    if not number:
        msg = "holds no task"
        raise InvalidInputError(msg)


def exported_task(entry: TaskEntry) -> ExportedTask:
    """What an entry says.

    Raises:
        InvalidInputError: It is something else than a task.
    """
    found = value_of(entry.text)
    if not isinstance(found, dict):
        msg = f"entry {entry.number} is no task but {type(found).__name__}"
        raise InvalidInputError(msg)
    return _task(found, entry.number)


def _task(found: Mapping[str, Any], number: int) -> ExportedTask:
    data = found.get("data")
    task_id = str(found["id"]) if found.get("id") is not None else f"number {number}"
    if not isinstance(data, Mapping):
        return _row(found, task_id)
    notes: list[str] = []
    answers: list[ExportedAnswer] = []
    for name in _LISTS:
        given = found.get(name)
        for place, each in enumerate(given if isinstance(given, list) else (), start=1):
            if isinstance(each, Mapping):
                answers.append(_answer(each, place))
            elif each is not None:
                notes.append(f"annotation {place} is no object but {type(each).__name__}")
    predictions = found.get("predictions")
    if isinstance(predictions, list) and predictions:
        notes.append(f"predictions are no votes: {len(predictions)} passed over")
    latest, older = _latest(answers)
    if older:
        notes.append(f"older answers of the same person: {older} passed over")
    return ExportedTask(task_id=task_id, data=dict(data), answers=latest, notes=tuple(notes))


def _row(found: Mapping[str, Any], task_id: str) -> ExportedTask:
    """A row of JSON_MIN: data and answer side by side, a list of values for each control."""
    results: list[Any] = []
    data: dict[str, Any] = {}
    for name, value in found.items():
        is_answer = isinstance(value, list) and any(isinstance(each, Mapping) for each in value)
        if is_answer:
            results += [_result(name, each, n) for n, each in enumerate(value)]
        elif name not in _ROW_KEYS:
            data[name] = value
    if not results and "annotation_id" not in found and "annotator" not in found:
        msg = f"task {task_id} has neither data nor an annotation"
        raise InvalidInputError(msg)
    answer = ExportedAnswer(
        person=_person(found.get("annotator"), 1),
        given_at=_moment(found.get("updated_at") or found.get("created_at")),
        skipped=False,
        results=tuple(results),
    )
    return ExportedTask(task_id=task_id, data=data, answers=(answer,))


def _result(control: str, value: object, number: int) -> dict[str, Any]:
    """A value of JSON_MIN in the form of a result: its type is the name of its labels."""
    held = dict(value) if isinstance(value, Mapping) else {}
    kind = next((name for name in held if str(name).endswith("labels")), "")
    names = ("original_width", "original_height", "image_rotation")
    return {
        "id": f"{control} {number}",
        "from_name": control,
        "type": kind,
        "value": held,
        **{name: held[name] for name in names if name in held},
    }


def _answer(each: Mapping[str, Any], place: int) -> ExportedAnswer:
    results = each.get("result")
    return ExportedAnswer(
        person=_person(each.get("completed_by"), place),
        given_at=_moment(each.get("updated_at") or each.get("created_at")),
        skipped=bool(each.get("was_cancelled") or each.get("skipped")),
        results=tuple(results) if isinstance(results, list) else (),
    )


def _person(author: object, place: int) -> str:
    """Who answered: an address, or an id; without either the answer's place among the others."""
    if isinstance(author, Mapping):
        author = author.get("email") or author.get("id")
    return str(author) if isinstance(author, str | int) and author != "" else f"annotator {place}"


def _moment(written: object) -> datetime | None:
    try:
        if isinstance(written, str):
            moment = datetime.fromisoformat(written)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(written, int | float) and not isinstance(written, bool):
            seconds = written / 1000 if abs(written) >= _MILLISECONDS_FROM else written
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _latest(answers: list[ExportedAnswer]) -> tuple[tuple[ExportedAnswer, ...], int]:
    """Of each person the answer given last, sorted by person; and how many others there are."""
    start = datetime.min.replace(tzinfo=UTC)
    in_order = sorted(answers, key=lambda answer: answer.given_at or start)
    latest = {answer.person: answer for answer in in_order}
    return tuple(latest[person] for person in sorted(latest)), len(answers) - len(latest)
