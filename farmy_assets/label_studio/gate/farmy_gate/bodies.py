"""What the requests that the gate lets through may say, field by field.

Label Studio's serializers take far more than its pages send: another author, another task, a flag
that takes an answer out of the counts. So each body has a list of fields, and each field what it
may hold; what is not listed is refused.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

Value = Any  # a parsed JSON value: what it is, is what is asked here
Check = Callable[[Value, int], str | None]
"""Value and the asker's id -> what is wrong with it; None when nothing is."""

_MAX_TEXT = 200
_OF_A_FILTER = ("filter", "column", "operator")


def _anything(_value: Value, _asker: int) -> str | None:
    return None


def _list(value: Value, _asker: int) -> str | None:
    return None if isinstance(value, list) else "must be a list"


def _flag(value: Value, _asker: int) -> str | None:
    return None if value is None or isinstance(value, bool) else "must be true or false"


def _not_set(value: Value, _asker: int) -> str | None:
    return None if value is None or value is False else "is set by the platform alone"


def _number(value: Value, _asker: int) -> str | None:
    fits = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return None if fits else "must be a number"


def _text(value: Value, _asker: int) -> str | None:
    fits = value is None or (isinstance(value, str) and len(value) <= _MAX_TEXT)
    return None if fits else "must be a short text"


def _object(value: Value, _asker: int) -> str | None:
    return None if isinstance(value, dict) else "must be an object"


def list_settings(value: Value, _asker: int) -> str | None:
    """Filters, order and choice of a list of tasks, wherever in the value they stand.

    No filter by a regular expression: Label Studio tries it in its own process, and one that goes
    back and forth keeps everybody waiting. A column's name can ask for one as well.
    """
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += each.values()
            if any("regex" in str(each.get(name, "")) for name in _OF_A_FILTER):
                return "a filter by a regular expression is for the platform alone"
        elif isinstance(each, list):
            left += each
    return None


def _list_object(value: Value, asker: int) -> str | None:
    return _object(value, asker) or list_settings(value, asker)


def _oneself(value: Value, asker: int) -> str | None:
    if value is None or (identity(value) == asker and not isinstance(value, bool)):
        return None
    return "must be yourself: the author of an answer is who is signed in"


def _reference(value: Value, _asker: int) -> str | None:
    return None if value in ("", None) or identity(value) is not None else "must be an id"


def identity(value: Value) -> int | None:
    """An id as people and pages write it: a whole number, or its digits; else None.

    Only ASCII digits: Label Studio would read other scripts' as well, and read them differently
    in different places.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18  # noqa: PLR2004  # what a database's id holds
    return int(value) if digits else None


@dataclass(frozen=True)
class Body:
    """What a request may say.

    Attributes:
        fields: name to check; None when the body is not JSON and not looked at.
    """

    fields: Mapping[str, Check] | None

    FORM: ClassVar["Body"]
    TOKEN: ClassVar["Body"]

    def problems(self, said: Value, *, asker: int) -> tuple[str, ...]:
        """What is wrong with a parsed body."""
        if self.fields is None:
            return ()
        if not isinstance(said, dict):
            return ("the body must be a JSON object",)
        found = []
        for name, value in said.items():
            check = self.fields.get(name)
            wrong = check(value, asker) if check else "is not for you to set"
            if wrong:
                found.append(f"{name[:_MAX_TEXT]}: {wrong}")
        return tuple(found)


Body.FORM = Body(None)
Body.TOKEN = Body(MappingProxyType({"refresh": _anything}))

# Pages name the project in the body of nearly every request; facts.py looks where it leads.
_NAMED: Mapping[str, Check] = {"project": _reference}

NOTHING = Body(MappingProxyType(dict(_NAMED)))

_ANSWER: Mapping[str, Check] = {
    **_NAMED,
    "task": _reference,
    "result": _list,
    "was_cancelled": _flag,
    "ground_truth": _not_set,
    "lead_time": _number,
    "started_at": _text,
    "unique_id": _text,  # made by the page, so that an answer sent twice is stored once
    "draft_id": _reference,
    "parent_prediction": _reference,
    "parent_annotation": _reference,
    "completed_by": _oneself,
    "updated_by": _oneself,
    "user": _oneself,
}
ANNOTATION = Body(MappingProxyType(dict(_ANSWER)))
DRAFT = Body(
    MappingProxyType(
        {
            name: check
            for name, check in _ANSWER.items()
            if name not in {"ground_truth", "unique_id", "completed_by", "updated_by", "user"}
        }
        | {"was_postponed": _flag, "annotation": _reference}
    )
)
VIEW = Body(MappingProxyType({**_NAMED, "id": _reference, "data": _list_object, "order": _number}))
NEXT_TASK = Body(
    MappingProxyType(
        {
            **_NAMED,
            "view": _reference,
            "tabID": _reference,
            "filters": list_settings,
            "ordering": _anything,
            "selectedItems": _anything,
        }
    )
)
HOTKEYS = Body(MappingProxyType({"custom_hotkeys": _object}))


def parse(raw: bytes, content_type: str) -> tuple[Value, str | None]:
    """A request's body as Label Studio will read it, and what is wrong with it, if anything is.

    Only JSON in UTF-8 is taken: a form, or another alphabet, could be read as something else by
    the view than by the gate.
    """
    if not raw:
        return {}, None
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "application/json":
        return {}, "the body must be JSON (Content-Type: application/json)"
    if parameters.strip().lower().replace('"', "") not in {"", "charset=utf-8"}:
        return {}, "the body must be in UTF-8"
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_once), None
    except (ValueError, RecursionError):
        return {}, "the body is not readable JSON, or says something twice"


def _once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """A JSON object whose names differ: of a repeated one, readers take the first or the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
