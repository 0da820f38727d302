"""Who may do what in Label Studio: one table, and a decision that is a pure function of it.

Everything that the table does not name is for the platform alone, be it a page, an operation of a
later Label Studio, or a method that was added to a known one. Routes are the names that Django
resolves an address to, so that no way of writing an address leads around the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from .bodies import ANNOTATION, DRAFT, HOTKEYS, NEXT_TASK, NOTHING, VIEW, Body


class Role(Enum):
    """Who asks."""

    NOBODY = "nobody"
    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    LEAD = "lead"
    PLATFORM = "platform"


class Right(Enum):
    """What it takes to be let through."""

    ANYBODY = "anybody"
    ONESELF = "oneself"  # signed in; the answer is about who asks, and no one else
    LISTING = "listing"  # signed in; only what one may see is listed
    SEE = "see"  # all that is named lies in an own inbox; a lead sees every inbox
    WORK = "work"  # all that is named lies in an own inbox
    OWN_ANSWER = "own answer"  # in an own inbox, and by who asks


class Place(Enum):
    """Where the things lie that a request names."""

    OWN_INBOX = "own inbox"
    OTHER_INBOX = "other inbox"
    ELSEWHERE = "elsewhere"  # no inbox, or not there at all
    NOT_NAMED = "not named"


@dataclass(frozen=True)
class Rule:
    """What one method of one route asks for.

    Attributes:
        right: who may.
        body: what the request may say.
        actions: the only values of the query parameter `id`, where that chooses what is done.
        picture: the query parameter `fileuri` must be the named task's own picture.
        named_by: of these names one must be given, because Label Studio takes any project, or all
            of them, when it is not: `project` in the query, `body.project` in the body.
        nothing_here: the answer is an empty list, and Label Studio is not asked: its pages ask for
            this, and would show an error.
    """

    right: Right
    body: Body = NOTHING
    actions: frozenset[str] = frozenset()
    picture: bool = False
    named_by: frozenset[str] = frozenset()
    nothing_here: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known about a request.

    Attributes:
        place: where everything lies that it names, by path, query or body; the worst counts.
        named: the names in query and body by which something was named.
        author_is_asker: whether all annotations and drafts that it names are by who asks.
        action: the query parameter `id`.
        picture_is_the_tasks: whether `fileuri` is the picture of the named task.
        problems: what is wrong with its query or body, in words.
    """

    place: Place = Place.NOT_NAMED
    named: frozenset[str] = frozenset()
    author_is_asker: bool = True
    action: str = ""
    picture_is_the_tasks: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Whether a request goes on, and if not, why."""

    allowed: bool
    reason: str = ""


ALLOWED = Decision(allowed=True)

_PLACED = frozenset({Right.SEE, Right.WORK, Right.OWN_ANSWER})

_SEE = Rule(Right.SEE)
_SHOWN = MappingProxyType({"GET": _SEE})
_BY_PROJECT = Rule(Right.SEE, named_by=frozenset({"project"}))
_NOTHING_HERE = Rule(Right.SEE, named_by=frozenset({"project"}), nothing_here=True)
_SHOWN_BY_PROJECT = MappingProxyType({"GET": _BY_PROJECT})
_OPEN = MappingProxyType({"GET": Rule(Right.ANYBODY)})
_OWN = MappingProxyType({"GET": Rule(Right.ONESELF)})
_PICTURE = MappingProxyType({"GET": Rule(Right.SEE, picture=True)})

RULES = MappingProxyType(
    {
        # --- signing in, and what the pages are made of
        "main": _OPEN,
        "user-login": {"GET": Rule(Right.ANYBODY), "POST": Rule(Right.ANYBODY, Body.FORM)},
        "farmy-join": {"GET": Rule(Right.ANYBODY), "POST": Rule(Right.ANYBODY, Body.FORM)},
        "logout": _OPEN,
        "health": _OPEN,
        "core.utils.static_serve.serve": _OPEN,
        "core.views.serve_file": _OPEN,
        "django.views.generic.base.RedirectView": _OPEN,
        "jwt_auth:token_refresh": {"POST": Rule(Right.ANYBODY, Body.TOKEN)},
        # --- oneself
        "farmy-version": _OWN,
        "current-user-whoami": _OWN,
        "current-user-token": _OWN,
        "current-user-hotkeys": {
            "GET": Rule(Right.ONESELF),
            "PATCH": Rule(Right.ONESELF, HOTKEYS),
        },
        # Two switches of the whole installation, without which the account's page stays empty.
        "jwt_auth:api-jwt-settings": _OWN,
        "user-account": _OWN,
        "user-account-anything": _OWN,
        "user-list": {"GET": Rule(Right.LISTING)},
        # --- the own inboxes, opened
        "projects:project-index": _OWN,
        "projects:api:project-list": {"GET": Rule(Right.LISTING)},
        "projects:api:project-counts-list": {"GET": Rule(Right.LISTING)},
        "projects:api:project-detail": _SHOWN,
        "projects:api:label-stream-history": _SHOWN,
        "data_manager:project-data": _SHOWN,
        "data_manager:dm-columns": _SHOWN_BY_PROJECT,
        "data_manager:dm-project": _SHOWN_BY_PROJECT,
        "data_manager:dm-actions": {
            "GET": _NOTHING_HERE,
            "POST": Rule(
                Right.WORK,
                NEXT_TASK,
                actions=frozenset({"next_task"}),
                named_by=frozenset({"project"}),
            ),
        },
        "data_manager:api:view-list": {
            "GET": _BY_PROJECT,
            # A lead's page makes a list of its own at the first visit; nothing there is changed.
            "POST": Rule(Right.SEE, VIEW, named_by=frozenset({"body.project"})),
        },
        "data_manager:api:view-detail": {
            "GET": _SEE,
            "PUT": Rule(Right.WORK, VIEW),
            "PATCH": Rule(Right.WORK, VIEW),
            "DELETE": Rule(Right.WORK, VIEW),
        },
        "ml:api:ml-list": {"GET": _NOTHING_HERE},
        "labels_manager:api-labels:label_link-list": _SHOWN_BY_PROJECT,
        # --- tasks and their pictures
        "tasks:api:task-list": {
            "GET": Rule(Right.SEE, named_by=frozenset({"project", "view"})),
        },
        "tasks:api:task-detail": _SHOWN,
        "projects:api:project-next": {"GET": Rule(Right.WORK)},
        "storages:task-storage-data-resolve": _PICTURE,
        "storages:task-storage-data-presign": _PICTURE,
        # --- answers
        "tasks:api:task-annotations": {"GET": _SEE, "POST": Rule(Right.OWN_ANSWER, ANNOTATION)},
        "tasks:api-annotations:annotation-detail": {
            "GET": _SEE,
            "PUT": Rule(Right.OWN_ANSWER, ANNOTATION),
            "PATCH": Rule(Right.OWN_ANSWER, ANNOTATION),
            "DELETE": Rule(Right.OWN_ANSWER, ANNOTATION),
        },
        "tasks:api:task-drafts": {"POST": Rule(Right.OWN_ANSWER, DRAFT)},
        "tasks:api:task-annotations-drafts": {"POST": Rule(Right.OWN_ANSWER, DRAFT)},
        "tasks:api-drafts:draft-detail": {
            "GET": Rule(Right.OWN_ANSWER),
            "PUT": Rule(Right.OWN_ANSWER, DRAFT),
            "PATCH": Rule(Right.OWN_ANSWER, DRAFT),
            "DELETE": Rule(Right.OWN_ANSWER, DRAFT),
        },
    }
)
"""Route and method to what they ask for; a lead and an adjudicator differ from it nowhere else."""


def rule_for(method: str, route: str) -> Rule | None:
    """The rule of a request, if the table has one; HEAD is a GET without its body."""
    return RULES.get(route, {}).get("GET" if method == "HEAD" else method)


def decide(role: Role, method: str, route: str, facts: Facts) -> Decision:
    """Whether somebody may do something, by what is known about it.

    Args:
        role: Who asks.
        method: The HTTP method, in capitals.
        route: The name of the route, with its namespaces.
        facts: What the request is about.
    """
    if role is Role.PLATFORM:
        return ALLOWED
    rule = rule_for(method, route)
    if rule is None:
        return Decision(allowed=False, reason="this is for the platform alone")
    objections = (*_objections(role, rule, facts), *facts.problems)
    return Decision(allowed=False, reason=objections[0]) if objections else ALLOWED


def _objections(role: Role, rule: Rule, facts: Facts) -> Iterator[str]:
    """What speaks against it, the weightiest first."""
    if rule.right is Right.ANYBODY:
        return
    if role is Role.NOBODY:
        yield "sign in first"
    if rule.actions and facts.action not in rule.actions:
        yield "this action is for the platform alone"
    if rule.named_by and not rule.named_by & facts.named:
        yield "say which project"
    if rule.right in _PLACED and facts.place not in _places(role, rule.right):
        yield "this is not in an inbox of yours"
    if rule.picture and not facts.picture_is_the_tasks:
        yield "this is not the picture of the task"
    if rule.right in _PLACED and not facts.author_is_asker and not _reads_all(role, rule.right):
        yield "this is somebody else's answer"


def _places(role: Role, right: Right) -> set[Place]:
    return {Place.OWN_INBOX, Place.OTHER_INBOX} if _reads_all(role, right) else {Place.OWN_INBOX}


def _reads_all(role: Role, right: Right) -> bool:
    return role is Role.LEAD and right is Right.SEE
