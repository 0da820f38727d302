"""Lists that Label Studio gives to everybody, cut down to what a person may see."""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.http import HttpResponse, QueryDict

from .bodies import identity
from .rules import Role

Narrow = Callable[[Any, int], Any]

_NONE = 0  # no project has this id
_BUTTONS = frozenset({"can_delete_tasks", "can_manage_tasks"})


def only_these(query: QueryDict, ids: Iterable[int]) -> QueryDict:
    """A project listing's query that finds no other projects, whatever it asked for.

    Label Studio's own filter does the rest, so that counts and pages are those of the short list.
    """
    allowed = set(ids)
    if query.get("ids"):
        allowed &= {identity(text) or _NONE for text in query["ids"].split(",")}
    narrowed = query.copy()
    narrowed["ids"] = ",".join(str(pk) for pk in sorted(allowed)) or str(_NONE)
    return narrowed


def _only_oneself(rows: Any, asker: int) -> Any:  # noqa: ANN401  # a parsed answer
    if isinstance(rows, dict) and isinstance(rows.get("results"), list):
        return {**rows, "results": _only_oneself(rows["results"], asker)}
    return [row for row in rows if row.get("id") == asker]


def _nothing_to_manage(project: Any, _asker: int) -> Any:  # noqa: ANN401
    """Buttons that only lead to a refusal are not shown."""
    return {**project, **dict.fromkeys(project.keys() & _BUTTONS, False)}


_NARROWED: Mapping[str, Narrow] = MappingProxyType(
    {
        "user-list": _only_oneself,
        "data_manager:dm-project": _nothing_to_manage,
    }
)
_SEEN_BY_LEADS = frozenset({"user-list"})


def narrowed(route: str, role: Role, asker: int, response: HttpResponse) -> HttpResponse:
    """The answer to a GET, without what is not for this person.

    An answer that is not of the form that is known is not given at all.
    """
    narrow = _NARROWED.get(route)
    if narrow is None or response.status_code != HTTPStatus.OK:
        return response
    if role is Role.LEAD and route in _SEEN_BY_LEADS:
        return response
    try:
        response.content = json.dumps(narrow(json.loads(response.content), asker)).encode()
    except (ValueError, TypeError, AttributeError):
        return HttpResponse(status=HTTPStatus.BAD_GATEWAY.value)
    return response
